package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
)

// DirName is the directory that holds everything penstock keeps beside a pipeline.
const DirName = ".penstock"

// Local is the store of one working copy: a database and files in its directory .penstock.
type Local struct {
	Store
	*Artifacts
	dir string
}

// Open opens the store of a working copy, which is the directory that has, or will have, .penstock in it. It creates
// what is missing, for this user only and out of sight of git. Several processes may have it open.
//
// Its errors are [ErrFormat] for a database of a newer penstock, [ErrCorrupt] for a damaged one or another file in its
// place, and fs.ErrPermission or what else the system says where it cannot be written.
func Open(ctx context.Context, dir string) (*Local, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	root := filepath.Join(abs, DirName)
	if err := makeRoot(root); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	g, err := openSQLite(ctx, filepath.Join(root, "journal.db"))
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	return &Local{Store: newCore(g), Artifacts: newArtifacts(filepath.Join(root, "artifacts")), dir: root}, nil
}

// makeRoot makes the directory and hides it from git.
func makeRoot(root string) error {
	err := os.Mkdir(root, 0o700)
	switch {
	case errors.Is(err, fs.ErrExist):
		st, err := os.Stat(root)
		if err != nil {
			return err
		}
		if !st.IsDir() {
			return fmt.Errorf("%s is not a directory: move it away", root)
		}
	case err != nil:
		return err
	default:
		if err := syncDir(filepath.Dir(root)); err != nil {
			return err
		}
	}
	ignore := filepath.Join(root, ".gitignore")
	if _, err := os.Stat(ignore); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.WriteFile(ignore, []byte("*\n"), 0o600)
}

// syncDir makes the entries of a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Dir returns the directory .penstock itself.
func (l *Local) Dir() string { return l.dir }

// LogPath returns where the output of a node goes, .penstock/logs/RUN/NODE.log, and makes its directory. The slash of a
// node's id separates directories.
func (l *Local) LogPath(run event.RunID, node plan.NodeID) (string, error) {
	rel := filepath.FromSlash(string(node)) + ".log"
	if run == "" || node == "" || !filepath.IsLocal(string(run)) || strings.ContainsAny(string(run), `/\`) || !filepath.IsLocal(rel) {
		return "", fmt.Errorf("log of node %q in run %q: this names no file: %w", node, run, ErrInvalid)
	}
	path := filepath.Join(l.dir, "logs", string(run), rel)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("log of node %s: %w", node, err)
	}
	return path, nil
}

package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/store"
)

// stateDir is where a pipeline's journal lives, beside the pipeline.
const stateDir = store.DirName

// stateFlag chooses the journal.
type stateFlag struct{ dir string }

func (f *stateFlag) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.dir, "state", "", "the directory whose "+stateDir+" holds the journal (default: the pipeline's)")
}

// open opens the journal of a pipeline in dir, making it if needed.
func (f *stateFlag) open(ctx context.Context, dir string) (*store.Local, error) {
	if f.dir != "" {
		dir = f.dir
	}
	return store.Open(ctx, dir)
}

// find opens the journal that is here or in a directory above, and says which directory it belongs to.
func (f *stateFlag) find(ctx context.Context) (*store.Local, string, error) {
	if f.dir != "" {
		abs, err := filepath.Abs(f.dir)
		if err != nil {
			return nil, "", err
		}
		st, err := store.Open(ctx, abs)
		return st, abs, err
	}
	dir, err := os.Getwd()
	if err != nil {
		return nil, "", err
	}
	for d := dir; ; d = filepath.Dir(d) {
		_, err := os.Stat(filepath.Join(d, stateDir))
		if err == nil {
			st, err := f.open(ctx, d)
			return st, d, err
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, "", err
		}
		if d == filepath.Dir(d) {
			return nil, "", fmt.Errorf("no journal (%s) here or above: nothing has run from %s yet", stateDir, dir)
		}
	}
}

// runOf returns the run that is meant: the named one (a unique beginning is enough), or the newest that passes.
func runOf(ctx context.Context, st store.Store, given []string, pass func(store.RunInfo) bool, what string) (store.RunInfo, error) {
	runs, err := st.Runs(ctx, store.Filter{})
	if err != nil {
		return store.RunInfo{}, err
	}
	var found []store.RunInfo
	for _, r := range runs {
		switch {
		case len(given) > 0 && string(r.ID) == given[0]:
			return r, nil
		case len(given) > 0 && strings.HasPrefix(string(r.ID), given[0]):
			found = append(found, r)
		case len(given) == 0 && pass(r):
			return r, nil
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return store.RunInfo{}, usagef("%q begins the names of %d runs", given[0], len(found))
	case len(given) > 0:
		return store.RunInfo{}, usagef("there is no run %q: `penstock history` lists all", given[0])
	}
	return store.RunInfo{}, fmt.Errorf("there is no %s", what)
}

// findRun opens the journal as find does and returns the run that is meant, as runOf does. The caller closes the journal.
func (f *stateFlag) findRun(ctx context.Context, given []string, pass func(store.RunInfo) bool, what string) (*store.Local, string, store.RunInfo, error) {
	st, dir, err := f.find(ctx)
	if err != nil {
		return nil, "", store.RunInfo{}, err
	}
	info, err := runOf(ctx, st, given, pass, what)
	if err != nil {
		return nil, "", info, errors.Join(err, st.Close())
	}
	return st, dir, info, nil
}

func anyRun(store.RunInfo) bool { return true }

func openRun(r store.RunInfo) bool { return r.State != store.Ended }

// actor is the user of the operating system.
func actor() event.Actor {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	return event.Actor{Name: name, How: "os-user"}
}

// commit is the source revision of a directory, "" outside git; it ends in "-dirty" when tracked files differ.
func commit(ctx context.Context, dir string) string {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	git := func(args ...string) (string, error) {
		out, err := exec.CommandContext(ctx, "git", append([]string{"-C", dir}, args...)...).Output()
		return strings.TrimSpace(string(out)), err
	}
	rev, err := git("rev-parse", "HEAD")
	if err != nil {
		return ""
	}
	if status, err := git("status", "--porcelain", "--untracked-files=no"); err == nil && status != "" {
		rev += "-dirty"
	}
	return rev
}

// descends reports whether the newer commit has the older one among its ancestors.
func descends(ctx context.Context, dir, older, newer string) bool {
	// what is not committed has no descendants, and is none
	if older == "" || newer == "" || older == newer || strings.HasSuffix(older, "-dirty") || strings.HasSuffix(newer, "-dirty") {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return exec.CommandContext(ctx, "git", "-C", dir, "merge-base", "--is-ancestor", older, newer).Run() == nil
}

// tree is the digest of the files that a plan was compiled from.
func tree(p plan.Provenance) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(p.Inputs)) {
		fmt.Fprintf(h, "%s\x00%s\n", name, p.Inputs[name])
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// moduleRoot is the directory that a plan's inputs are relative to: the one with cue.mod at or above dir, else dir.
func moduleRoot(dir string) string {
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Stat(filepath.Join(d, "cue.mod")); err == nil {
			return d
		}
		if d == filepath.Dir(d) {
			return dir
		}
	}
}

// fileSum is a file's digest as a plan's provenance has it.
func fileSum(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// signals brings one value for each interrupt until stop is called.
func (a *App) signals() (<-chan struct{}, func()) {
	in := make(chan os.Signal, 2)
	out := make(chan struct{}, 2)
	done := make(chan struct{})
	signal.Notify(in, os.Interrupt, syscall.SIGTERM)
	go func() {
		for {
			select {
			case <-in:
				select {
				case out <- struct{}{}:
				default: // two are all that mean anything
				}
			case <-done:
				return
			}
		}
	}()
	return out, func() { signal.Stop(in); close(done) }
}

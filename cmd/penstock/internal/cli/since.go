package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/penstock-dev/penstock/compiler"
	"github.com/penstock-dev/penstock/internal/diag"
	"github.com/penstock-dev/penstock/internal/git"
)

// changedSince asks git what differs from a revision.
func changedSince(ctx context.Context, rev string) (map[string]bool, error) {
	changed, err := git.Changed(ctx, ".", rev)
	var unknown git.UnknownRevision
	switch {
	case errors.As(err, &unknown):
		return nil, usagef("--since: %w", unknown)
	case err != nil:
		return nil, fmt.Errorf("--since: %w", err)
	}
	return changed, nil
}

// onlyChanged leaves out pipelines of which no input is among the changed paths, and returns how many those are.
func onlyChanged(res compiler.Result, changed map[string]bool) (compiler.Result, int, error) {
	var out compiler.Result
	for _, p := range res.Pipelines {
		if p.Inputs.ChangedBy(changed) {
			out.Pipelines = append(out.Pipelines, p)
		}
	}
	for _, d := range res.Packages {
		keep, err := unreadChanged(d, changed)
		if err != nil {
			return compiler.Result{}, 0, err
		}
		if keep {
			out.Packages = append(out.Packages, d)
		}
	}
	return out, len(res.Pipelines) - len(out.Pipelines), nil
}

// unreadChanged reports whether anything changed in the module of a package that can't be read: what it would have
// depended on is not known.
func unreadChanged(d diag.Diagnostic, changed map[string]bool) (bool, error) {
	if d.Range.File == "" || d.Range.File == "-" {
		return true, nil
	}
	file, err := filepath.Abs(filepath.FromSlash(d.Range.File))
	if err != nil {
		return false, fmt.Errorf("--since: %w", err)
	}
	root, err := filepath.EvalSymlinks(moduleRoot(filepath.Dir(file)))
	if err != nil {
		return true, nil // it is gone
	}
	for path := range changed {
		if path == root || strings.HasPrefix(path, root+string(os.PathSeparator)) || strings.HasPrefix(root, path+string(os.PathSeparator)) {
			return true, nil
		}
	}
	return false, nil
}

// Package git asks the git on PATH what changed. Nothing but `--since` needs it.
package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// UnknownRevision is the error for a name that git does not know as a commit.
type UnknownRevision string

func (e UnknownRevision) Error() string {
	return fmt.Sprintf("git knows no revision %q here (a shallow clone has only the newest)", string(e))
}

// timeout bounds each call of git.
const timeout = time.Minute

// Changed returns what differs between a revision and the working tree around dir: committed since, staged, unstaged and
// untracked. Keys are absolute paths, without symbolic links above the repository's top; the value says that the file is
// gone. A submodule, or a repository inside the tree, is one path. Files that git ignores are not seen.
func Changed(ctx context.Context, dir, rev string) (map[string]bool, error) {
	if rev == "" || strings.HasPrefix(rev, "-") {
		return nil, UnknownRevision(rev)
	}
	top, err := run(ctx, dir, "rev-parse", "--show-toplevel")
	if err != nil {
		return nil, err
	}
	top = strings.TrimRight(top, "\r\n")
	base, err := resolve(ctx, dir, rev)
	if err != nil {
		return nil, err
	}
	differ, err := run(ctx, dir, "diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--no-relative", base, "--")
	if err != nil {
		return nil, err
	}
	untracked, err := run(ctx, dir, "ls-files", "-z", "--others", "--exclude-standard", "--full-name", "--", ":/")
	if err != nil {
		return nil, err
	}
	changed := map[string]bool{}
	for name := range strings.SplitSeq(differ+untracked, "\x00") {
		if name == "" {
			continue
		}
		full := filepath.Join(filepath.FromSlash(top), filepath.FromSlash(name))
		_, err := os.Lstat(full)
		changed[full] = errors.Is(err, os.ErrNotExist)
	}
	return changed, nil
}

// resolve returns the commit that a revision names. Before the first commit HEAD is the empty tree.
func resolve(ctx context.Context, dir, rev string) (string, error) {
	commit, err := run(ctx, dir, "rev-parse", "--verify", "--quiet", rev+"^{commit}")
	var exit *exec.ExitError
	switch {
	case err == nil:
		return strings.TrimSpace(commit), nil
	case !errors.As(err, &exit):
		return "", err
	case rev != "HEAD":
		return "", UnknownRevision(rev)
	}
	if _, err := run(ctx, dir, "symbolic-ref", "--quiet", "HEAD"); err != nil {
		return "", UnknownRevision(rev)
	}
	tree, err := run(ctx, dir, "hash-object", "-t", "tree", "--stdin")
	return strings.TrimSpace(tree), err
}

// run runs git and returns its output. It takes no lock that somebody's own git would have to wait for.
func run(ctx context.Context, dir string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), "GIT_OPTIONAL_LOCKS=0", "LC_ALL=C")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return "", errors.New("git is not on PATH")
	case err == nil:
		return string(out), nil
	case ctx.Err() != nil:
		return "", fmt.Errorf("git %s: %w", args[0], ctx.Err())
	}
	if said := strings.TrimSpace(stderr.String()); said != "" {
		return "", fmt.Errorf("git %s: %s: %w", args[0], said, err)
	}
	return "", fmt.Errorf("git %s: %w", args[0], err)
}

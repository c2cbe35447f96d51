package git_test

import (
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/penstock-dev/penstock/internal/corpus"
	"github.com/penstock-dev/penstock/internal/git"
)

// repo makes a repository with files, of which those at first are committed.
func repo(t *testing.T, dir string, first map[string]string) func(args ...string) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git")
	}
	for k, v := range map[string]string{
		"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.DevNull, "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "a@example.com",
		"GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "a@example.com",
	} {
		t.Setenv(k, v)
	}
	run := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	put(t, dir, first)
	run("init", "-q", "-b", "main")
	run("add", ".")
	run("commit", "-q", "-m", "first")
	return run
}

func put(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		if err := corpus.Put(filepath.Join(dir, name), []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestChanged(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	run := repo(t, dir, map[string]string{"same": "x", "gone": "x", "old name": "long enough to be a rename\n", "ü\n.cue": "x", "sub/in": "x", ".gitignore": "*.log\n"})
	run("mv", "old name", "new name")
	run("config", "diff.relative", "true")
	put(t, dir, map[string]string{"ü\n.cue": "y", "sub/untracked": "", "x.log": ""})
	if err := os.Remove(filepath.Join(dir, "gone")); err != nil {
		t.Fatal(err)
	}
	inner := filepath.Join(dir, "inner")
	repo(t, inner, map[string]string{"k8s/a.yaml": "x"})
	want := map[string]bool{"gone": true, "old name": true, "new name": false, "ü\n.cue": false, "sub/untracked": false, "inner": false}
	for _, from := range []string{dir, filepath.Join(dir, "sub")} {
		got, err := git.Changed(t.Context(), from, "main")
		if err != nil {
			t.Fatal(err)
		}
		rel := map[string]bool{}
		for path, gone := range got {
			name, err := filepath.Rel(dir, path)
			if err != nil {
				t.Fatal(err)
			}
			rel[name] = gone
		}
		if !maps.Equal(rel, want) {
			t.Errorf("from %s: %v", from, rel)
		}
	}
}

func TestUnknownRevision(t *testing.T) {
	dir := t.TempDir()
	repo(t, dir, map[string]string{"a": "x"})
	for _, rev := range []string{"", "nowhere", "--all", "-h", "main..main", "HEAD:a", "HEAD^", "main --output=x"} {
		_, err := git.Changed(t.Context(), dir, rev)
		var unknown git.UnknownRevision
		if !errors.As(err, &unknown) || string(unknown) != rev {
			t.Errorf("%q: %v", rev, err)
		}
	}
	if _, err := git.Changed(t.Context(), t.TempDir(), "HEAD"); err == nil {
		t.Error("a directory outside any repository has changes")
	}
}

// TestBeforeTheFirstCommit: compared with HEAD everything is new.
func TestBeforeTheFirstCommit(t *testing.T) {
	dir := t.TempDir()
	run := repo(t, dir, map[string]string{"a": "x"})
	run("checkout", "-q", "--orphan", "fresh")
	got, err := git.Changed(t.Context(), dir, "HEAD")
	if err != nil || len(got) != 1 {
		t.Errorf("%v %v", got, err)
	}
}

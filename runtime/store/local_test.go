package store

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
)

func TestOpenMakes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a b?c#d%41")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		closeNew(t, dir)
		st, err := os.Stat(filepath.Join(dir, DirName))
		if err != nil || st.Mode().Perm() != 0o700 {
			t.Fatalf("%v, %v: want a directory for this user only", st, err)
		}
		if b := must[[]byte](t)(os.ReadFile(filepath.Join(dir, DirName, ".gitignore"))); string(b) != "*\n" {
			t.Errorf(".gitignore holds %q", b)
		}
		if _, err := os.Stat(filepath.Join(dir, DirName, "journal.db")); err != nil {
			t.Error(err)
		}
		if n := len(must[[]os.DirEntry](t)(os.ReadDir(filepath.Dir(dir)))); n != 1 {
			t.Errorf("%d entries beside the working copy, want none", n-1)
		}
	}
}

// TestReopen closes and opens a store: everything is there, the leases are free and no goroutine is left.
func TestReopen(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	before := runtime.NumGoroutine()
	for i := range 3 {
		s, err := Open(ctx, dir)
		if err != nil {
			t.Fatal(err)
		}
		w, err := s.Writer(ctx, "r1", self(t))
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			must[[]event.Event](t)(w.Append(ctx, []event.Event{started(putPlan(t, ctx, s, "hello"), 0)}))
		}
		must[[]event.Event](t)(w.Append(ctx, []event.Event{note("a")}))
		if n := len(must[[]event.Event](t)(s.Events(ctx, "r1", 1))); n != i+2 {
			t.Errorf("%d events, want %d", n, i+2)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(s.Dir(), "journal.db-wal")); err == nil {
			t.Error("the log was not folded into the database")
		}
	}
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	buf := make([]byte, 1<<16)
	t.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
}

func TestArtifacts(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	s, err := Open(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	src := filepath.Join(dir, "app")
	write(t, src, "hello")
	const want = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
	stored := filepath.Join(dir, DirName, "artifacts", "sha256", want[7:])
	for _, mode := range []os.FileMode{0o400, 0o500} {
		if err := os.Chmod(src, mode|0o200); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			digest, size, err := s.PutFile(ctx, src)
			if err != nil || digest != want || size != 5 {
				t.Fatalf("stored as %s, %d, %v", digest, size, err)
			}
		}
		if path := must[string](t)(s.File(ctx, want)); path != stored {
			t.Errorf("path is %s, want %s", path, stored)
		}
		if st, err := os.Stat(stored); err != nil || st.Mode() != mode {
			t.Errorf("%v, %v: want mode %v", st, err, mode)
		}
	}
	if n := len(must[[]os.DirEntry](t)(os.ReadDir(filepath.Dir(stored)))); n != 1 {
		t.Errorf("%d files, want 1", n)
	}
	damage(t, stored)
	_, err = s.File(ctx, want)
	wantErr(t, err, ErrCorrupt)
	if _, _, err := s.PutFile(ctx, src); err != nil {
		t.Fatal(err)
	}
	if _, err := s.File(ctx, want); err != nil {
		t.Errorf("storing it again did not mend it: %v", err)
	}
	_, err = s.File(ctx, "sha256:"+strings.Repeat("0", 64))
	wantErr(t, err, ErrNotFound)
	for _, bad := range []string{"", "sha256:", "sha256:../../journal.db", "sha256:" + strings.ToUpper(want[7:]), want[7:]} {
		_, err := s.File(ctx, bad)
		wantErr(t, err, ErrInvalid)
	}
	_, _, err = s.PutFile(ctx, dir)
	wantErr(t, err, ErrInvalid)
}

// damage changes a file but not its size, and sets its time back.
func damage(t *testing.T, path string) {
	t.Helper()
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	write(t, path, "hellO")
	if err := os.Chtimes(path, st.ModTime(), st.ModTime()); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, st.Mode()); err != nil {
		t.Fatal(err)
	}
}

func TestLogPath(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	path := must[string](t)(s.LogPath("r1", "release/build"))
	if want := filepath.Join(dir, DirName, "logs", "r1", "release", "build.log"); path != want {
		t.Errorf("path is %s, want %s", path, want)
	}
	write(t, path, "output")
	for run, node := range map[event.RunID]plan.NodeID{"": "a", "r1": "", "..": "a", "r2": "../../a", "a/b": "a", "r3": "/a"} {
		_, err := s.LogPath(run, node)
		wantErr(t, err, ErrInvalid)
	}
}

func TestProcessGone(t *testing.T) {
	me := self(t)
	for name, tc := range map[string]struct {
		change func(*Owner)
		gone   bool
	}{
		"itself":            {func(*Owner) {}, false},
		"other start":       {func(o *Owner) { o.Start++ }, true},
		"before the boot":   {func(o *Owner) { o.Boot = "earlier" }, true},
		"no such pid":       {func(o *Owner) { o.PID = 1 << 30 }, true},
		"other host":        {func(o *Owner) { o.Host += "x"; o.PID = 1 << 30 }, false},
		"another namespace": {func(o *Owner) { o.Namespace = "pid:[1]"; o.PID = 1 << 30 }, false},
	} {
		o := me
		tc.change(&o)
		if got := ProcessGone(o); got != tc.gone {
			t.Errorf("%s: gone is %v, want %v", name, got, tc.gone)
		}
	}
}

func TestParseHeadRefuses(t *testing.T) {
	for _, s := range []string{"", "1", "1@", "1@sha256:00", "x@sha256:" + strings.Repeat("0", 64), "-1@sha256:" + strings.Repeat("0", 64), "1@md5:" + strings.Repeat("0", 64)} {
		if h, err := ParseHead(s); err == nil {
			t.Errorf("%q was read as %v", s, h)
		}
	}
}

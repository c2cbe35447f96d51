package store

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/penstock-dev/penstock/runtime/event"
)

func asHeld(err error) (*HeldError, bool) {
	var held *HeldError
	ok := errors.As(err, &held)
	return held, ok
}

// limitFiles bounds how large the files of this process may become, which is how a full disk looks.
func limitFiles(t *testing.T, limit string) {
	t.Helper()
	if limit == "" {
		return
	}
	var n uint64
	if _, err := fmt.Sscan(limit, &n); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: n}); err != nil {
		t.Fatal(err)
	}
}

// TestFullDisk lets real writes fail in a child: the append says so, the next one is refused, and what was acknowledged
// before is whole.
func TestFullDisk(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	cmd, lines := child(t, dir, childLimit+"=400000")
	var last, failed, again string
	for lines.Scan() {
		l := lines.Text()
		switch {
		case strings.HasPrefix(l, "seq "):
			last = l
		case strings.HasPrefix(l, "failed "):
			failed = l
		case strings.HasPrefix(l, "again "):
			again = l
		}
	}
	_ = cmd.Wait() // closing the store fails too
	if last == "" || failed == "" || !strings.Contains(again, ErrPoisoned.Error()) {
		t.Fatalf("last %q, failed %q, then %q: want an error and then that the store is poisoned", last, failed, again)
	}
	s, err := Open(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	h := must[Head](t)(s.Head(ctx, "r1"))
	var seq uint64
	if _, err := fmt.Sscanf(last, "seq %d", &seq); err != nil || h.Seq < seq {
		t.Errorf("head is at %d after %q was acknowledged (%v)", h.Seq, last, err)
	}
	if rep := must[VerifyReport](t)(s.Verify(ctx, "r1", nil)); !rep.OK() {
		t.Errorf("verify: %+v", rep.Problems)
	}
}

// TestPoisoned fills the database in this process: everything that shared the transaction fails, and all that follows.
func TestPoisoned(t *testing.T) {
	ctx := t.Context()
	s, err := Open(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w := begin(t, ctx, s, "r1")
	g := s.Store.(*core).b.(*group)
	if err := g.write(ctx, func(t tx) error { return t.(*sqlTx).exec("PRAGMA max_page_count=1") }); err != nil {
		t.Fatal(err)
	}
	big := note(strings.Repeat("x", 1<<20))
	_, err = w.Append(ctx, []event.Event{big})
	if err == nil || errors.Is(err, ErrPoisoned) {
		t.Fatalf("error is %v, want that of the full database", err)
	}
	_, err = w.Append(ctx, []event.Event{note("a")})
	wantErr(t, err, ErrPoisoned)
	wantErr(t, s.PutDecision(ctx, "d", nil), ErrPoisoned)
	if h := must[Head](t)(s.Head(ctx, "r1")); h.Seq != 1 {
		t.Errorf("head is at %d, want 1: reading goes on", h.Seq)
	}
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

// TestTamperedFile changes the rows of a real database with another program's means.
func TestTamperedFile(t *testing.T) {
	for name, tc := range map[string]struct {
		change string
		kind   ProblemKind
	}{
		"bytes":     {"UPDATE events SET bytes = CAST(replace(CAST(bytes AS TEXT), 'note 2', 'nota 2') AS BLOB) WHERE seq = 3", ProblemEdited},
		"long hash": {"UPDATE events SET hash = CAST(hash || x'00' AS BLOB) WHERE seq = 3", ProblemEdited},
		"row":       {"DELETE FROM events WHERE seq = 3", ProblemMissing},
		"end":       {"DELETE FROM events WHERE seq = 6", ProblemTruncated},
		"index":     {"UPDATE runs SET info = CAST(json_set(CAST(info AS TEXT), '$.outcome', 'succeeded') AS BLOB)", ProblemIndex},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			s, err := Open(ctx, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			events := []event.Event{started(putPlan(t, ctx, s, "hello"), 0)}
			for i := 1; i < 6; i++ {
				events = append(events, note(fmt.Sprint("note ", i)))
			}
			must[[]event.Event](t)(s.Append(ctx, "r1", events))
			execSQL(t, filepath.Join(s.Dir(), "journal.db"), tc.change)
			rep := must[VerifyReport](t)(s.Verify(ctx, "r1", nil))
			if rep.OK() || rep.Problems[0].Kind != tc.kind {
				t.Errorf("problems are %+v, want %s", rep.Problems, tc.kind)
			}
			if tc.kind == ProblemIndex {
				return
			}
			_, err = s.Events(ctx, "r1", 1)
			wantErr(t, err, ErrTampered)
		})
	}
}

func execSQL(t *testing.T, path, query string) {
	t.Helper()
	db, err := sql.Open("sqlite", dsn(path))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), query); err != nil {
		t.Fatal(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		prepare func(t *testing.T, dir string)
		want    error
		says    string
	}{
		"not a directory": {func(t *testing.T, dir string) { write(t, filepath.Join(dir, DirName), "x") }, nil, "is not a directory"},
		"no such parent":  {func(t *testing.T, dir string) { _ = os.Remove(dir) }, os.ErrNotExist, ""},
		"no database":     {func(t *testing.T, dir string) { write(t, database(t, dir), strings.Repeat("not SQLite ", 1000)) }, ErrCorrupt, "journal.db"},
		"a directory":     {func(t *testing.T, dir string) { _ = os.Mkdir(database(t, dir), 0o700) }, ErrCorrupt, "not a file"},
		"another's":       {func(t *testing.T, dir string) { execSQL(t, database(t, dir), "CREATE TABLE a (b)") }, ErrCorrupt, "not a database of penstock"},
		"newer": {func(t *testing.T, dir string) {
			closeNew(t, dir)
			execSQL(t, database(t, dir), "PRAGMA user_version=2")
		}, ErrFormat, "format 2"},
		"damaged": {func(t *testing.T, dir string) {
			closeNew(t, dir)
			b := must[[]byte](t)(os.ReadFile(database(t, dir)))
			copy(b[100:], strings.Repeat("\xff", 3000)) // the schema's page
			write(t, database(t, dir), string(b))
		}, ErrCorrupt, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "copy")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			tc.prepare(t, dir)
			s, err := Open(t.Context(), dir)
			if err == nil {
				_ = s.Close()
				t.Fatal("it was opened")
			}
			if tc.want != nil {
				wantErr(t, err, tc.want)
			}
			if !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error is %q, want it to say %q", err, tc.says)
			}
		})
	}
}

// TestOpenReadOnly needs a user whom the permissions bind.
func TestOpenReadOnly(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may write everywhere")
	}
	dir := t.TempDir()
	closeNew(t, dir)
	if err := os.Chmod(database(t, dir), 0o400); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), dir)
	wantErr(t, err, os.ErrPermission)
}

func database(t *testing.T, dir string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, DirName), 0o700); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, DirName, "journal.db")
}

func closeNew(t *testing.T, dir string) {
	t.Helper()
	s, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

package content

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// file writes a file and returns its path and digest.
func file(t *testing.T, text string) (path, digest string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	digest, err := Sum(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, digest
}

func TestPutVerifiesAndRepairs(t *testing.T) {
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	path, digest := file(t, "program")
	if err := s.Verify(digest); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("before: %v", err)
	}
	got, err := s.Put(t.Context(), path, digest)
	if err != nil {
		t.Fatal(err)
	}
	if st, _ := os.Stat(got); st.Mode().Perm() != 0o500 {
		t.Errorf("mode %v", st.Mode())
	}
	os.Remove(path)
	if _, err := s.Put(t.Context(), path, digest); err != nil {
		t.Errorf("content that is there needs no source: %v", err)
	}
	if err := os.WriteFile(got, []byte("tampered"), 0o500); err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(digest); !errors.Is(err, ErrDigest) {
		t.Errorf("tampered: %v", err)
	}
	again, _ := file(t, "program")
	if _, err := s.Put(t.Context(), again, digest); err != nil || s.Verify(digest) != nil {
		t.Errorf("repair: %v, %v", err, s.Verify(digest))
	}
}

func TestPutRefuses(t *testing.T) {
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	path, _ := file(t, "other")
	_, digest := file(t, "program")
	if _, err := s.Put(t.Context(), path, digest); !errors.Is(err, ErrDigest) {
		t.Errorf("other bytes: %v", err)
	}
	if _, err := s.Put(t.Context(), t.TempDir(), digest); err == nil {
		t.Error("a directory was stored")
	}
	if entries, _ := os.ReadDir(s.dir); len(entries) != 0 {
		t.Errorf("left behind: %v", entries)
	}
	for _, bad := range []string{"", "sha256:", "sha256:../../etc/passwd", "md5:00", digest + "0"} {
		if _, err := s.Put(t.Context(), path, bad); err == nil {
			t.Errorf("digest %q was accepted", bad)
		}
	}
}

func TestSweepKeepsWhatIsNamed(t *testing.T) {
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	pa, a := file(t, "a")
	pb, b := file(t, "b")
	s.Put(t.Context(), pa, a)
	s.Put(t.Context(), pb, b)
	if err := s.Sweep(map[string]bool{a: true}); err != nil {
		t.Fatal(err)
	}
	if s.Verify(a) != nil || !errors.Is(s.Verify(b), fs.ErrNotExist) {
		t.Errorf("after sweep: %v, %v", s.Verify(a), s.Verify(b))
	}
}

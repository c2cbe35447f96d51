package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Artifacts are files by the digest of their content, in sha256/HEX below one directory. They are read-only; one that
// was executable stays so.
type Artifacts struct {
	dir string
	mu  sync.Mutex
	// known are the files that had their digest when they had this stamp.
	known map[string]stamp
}

func newArtifacts(dir string) *Artifacts {
	return &Artifacts{dir: dir, known: map[string]stamp{}}
}

// PutFile copies a regular file into the store and returns its digest ("sha256:…") and size in bytes. When it returns,
// the copy is on disk.
func (a *Artifacts) PutFile(ctx context.Context, path string) (digest string, size int64, err error) {
	digest, size, err = a.put(ctx, path)
	if err != nil {
		return "", 0, fmt.Errorf("store artifact %s: %w", path, err)
	}
	return digest, size, nil
}

func (a *Artifacts) put(ctx context.Context, path string) (string, int64, error) {
	src, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer src.Close()
	st, err := src.Stat()
	if err != nil {
		return "", 0, err
	}
	if !st.Mode().IsRegular() {
		return "", 0, fmt.Errorf("it is not a regular file: %w", ErrInvalid)
	}
	dir := filepath.Join(a.dir, "sha256")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", 0, err
	}
	tmp, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return "", 0, err
	}
	defer os.Remove(tmp.Name()) // fails once it is renamed
	digest, size, err := a.fill(ctx, tmp, src, mode(st))
	if err = errors.Join(err, tmp.Close()); err != nil {
		return "", 0, err
	}
	return digest, size, a.place(ctx, tmp.Name(), digest, mode(st))
}

// mode is what a stored file may be: readable, and executable if it was.
func mode(st fs.FileInfo) fs.FileMode {
	if st.Mode()&0o111 != 0 {
		return 0o500
	}
	return 0o400
}

func (a *Artifacts) fill(ctx context.Context, tmp *os.File, src io.Reader, m fs.FileMode) (string, int64, error) {
	h := sha256.New()
	size, err := io.Copy(io.MultiWriter(tmp, h), &untilDone{ctx, src})
	if err != nil {
		return "", 0, err
	}
	if err := errors.Join(tmp.Chmod(m), tmp.Sync()); err != nil {
		return "", 0, err
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil)), size, nil
}

// place gives the copy its name. A sound file that is there already stays, so that whoever runs it isn't disturbed.
func (a *Artifacts) place(ctx context.Context, tmp, digest string, m fs.FileMode) error {
	name, err := a.name(digest)
	if err != nil {
		return err
	}
	if _, err := a.File(ctx, digest); err == nil {
		if st, err := os.Stat(name); err != nil || st.Mode()&m == m {
			return err
		}
	}
	if err := os.Rename(tmp, name); err != nil {
		return err
	}
	return syncDir(filepath.Dir(name))
}

// name returns the path of a digest's file, whether it exists or not.
func (a *Artifacts) name(digest string) (string, error) {
	digits, ok := strings.CutPrefix(digest, "sha256:")
	if b, err := hex.DecodeString(digits); !ok || err != nil || len(b) != sha256.Size || digits != strings.ToLower(digits) {
		return "", fmt.Errorf("digest %q: want sha256: and 64 hex digits: %w", digest, ErrInvalid)
	}
	return filepath.Join(a.dir, "sha256", digits), nil
}

// File returns the path of the artifact with this digest, or [ErrNotFound]. The content is hashed again and is
// [ErrCorrupt] when it has another digest; a file that hasn't changed since it was hashed, by its inode, size and times,
// isn't read twice.
func (a *Artifacts) File(ctx context.Context, digest string) (string, error) {
	name, err := a.name(digest)
	if err != nil {
		return "", fmt.Errorf("read artifact: %w", err)
	}
	if err := a.check(ctx, name, digest); err != nil {
		return "", fmt.Errorf("read artifact %s: %w", digest, err)
	}
	return name, nil
}

func (a *Artifacts) check(ctx context.Context, name, digest string) error {
	st, err := os.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNotFound
	}
	if err != nil {
		return err
	}
	if !st.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file: %w", name, ErrCorrupt)
	}
	now := stampOf(st)
	a.mu.Lock()
	known := a.known[digest] == now
	a.mu.Unlock()
	if known {
		return nil
	}
	got, err := digestOf(ctx, name)
	if err != nil {
		return err
	}
	if got != digest {
		return fmt.Errorf("%s has the digest %s: %w", name, got, ErrCorrupt)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.known[digest] = now
	return nil
}

func digestOf(ctx context.Context, name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, &untilDone{ctx, f}); err != nil {
		return "", err
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil)), nil
}

// untilDone reads until the context ends.
type untilDone struct {
	ctx context.Context
	r   io.Reader
}

func (u *untilDone) Read(b []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(b)
}

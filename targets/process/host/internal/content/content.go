// Package content keeps the programs that the host runs, by digest, so that what is started is what was released, even
// when the file it came from has been replaced or removed since.
package content

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
)

// ErrDigest means that a file's bytes are not those that its digest names.
var ErrDigest = errors.New("content does not match its digest")

// Store is a directory of files named by their SHA-256.
type Store struct{ dir string }

// Open returns the store below dir, which it makes if needed.
func Open(dir string) (*Store, error) {
	s := &Store{dir: filepath.Join(dir, "sha256")}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, fmt.Errorf("open content store: %w", err)
	}
	return s, nil
}

// ParseDigest returns the hexadecimal part of "sha256:…", checked.
func ParseDigest(digest string) (string, error) {
	hexa, ok := strings.CutPrefix(digest, "sha256:")
	raw, err := hex.DecodeString(hexa)
	if !ok || err != nil || len(raw) != sha256.Size || hexa != strings.ToLower(hexa) {
		return "", fmt.Errorf("digest %q is not of the form sha256:<64 hexadecimal digits>", digest)
	}
	return hexa, nil
}

// Path is where the content with a digest is, or would be.
func (s *Store) Path(digest string) (string, error) {
	hexa, err := ParseDigest(digest)
	if err != nil {
		return "", err
	}
	return filepath.Join(s.dir, hexa), nil
}

// Put copies the file at path into the store and returns its place there. The copy is read while it is made: a file with
// other bytes than digest says is refused with [ErrDigest]. What is there already is verified instead.
func (s *Store) Put(ctx context.Context, path, digest string) (string, error) {
	dst, err := s.Path(digest)
	if err != nil {
		return "", err
	}
	if s.Verify(digest) == nil {
		return dst, nil
	}
	src, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read artifact: %w", err)
	}
	defer src.Close()
	if st, err := src.Stat(); err != nil || !st.Mode().IsRegular() {
		return "", fmt.Errorf("read artifact %s: not a regular file", path)
	}
	tmp, err := os.CreateTemp(s.dir, ".put-*")
	if err != nil {
		return "", fmt.Errorf("store artifact: %w", err)
	}
	defer os.Remove(tmp.Name()) // fails after the rename, as it should
	sum, err := copyHashed(ctx, tmp, src)
	if err = errors.Join(err, tmp.Chmod(0o500), tmp.Sync(), tmp.Close()); err != nil {
		return "", fmt.Errorf("store artifact: %w", err)
	}
	if "sha256:"+sum != digest {
		return "", fmt.Errorf("%w: %s has sha256:%s, want %s", ErrDigest, path, sum, digest)
	}
	if err := os.Rename(tmp.Name(), dst); err != nil {
		return "", fmt.Errorf("store artifact: %w", err)
	}
	return dst, syncDir(s.dir)
}

// copyHashed copies src to dst and returns the hexadecimal SHA-256 of what it copied.
func copyHashed(ctx context.Context, dst io.Writer, src io.Reader) (string, error) {
	h := sha256.New()
	buf := make([]byte, 1<<20)
	for {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		n, err := src.Read(buf)
		h.Write(buf[:n])
		if _, werr := dst.Write(buf[:n]); werr != nil {
			return "", werr
		}
		if err == io.EOF {
			return hex.EncodeToString(h.Sum(nil)), nil
		}
		if err != nil {
			return "", err
		}
	}
}

// Verify reads the content with a digest and returns [ErrDigest] when it is not what it should be, and an error that
// matches fs.ErrNotExist when it is not there.
func (s *Store) Verify(digest string) error {
	path, err := s.Path(digest)
	if err != nil {
		return err
	}
	got, err := Sum(path)
	if err != nil {
		return err
	}
	if got != digest {
		return fmt.Errorf("%w: %s holds %s", ErrDigest, path, got)
	}
	return nil
}

// Sum returns the digest of a file.
func Sum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read content: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("read content: %w", err)
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil)), nil
}

// Sweep removes what keep does not name.
func (s *Store) Sweep(keep map[string]bool) error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return fmt.Errorf("sweep content store: %w", err)
	}
	var errs []error
	for _, e := range entries {
		if keep["sha256:"+e.Name()] || strings.HasPrefix(e.Name(), ".put-") {
			continue
		}
		if err := os.Remove(filepath.Join(s.dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// syncDir makes a rename in dir survive a power failure.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

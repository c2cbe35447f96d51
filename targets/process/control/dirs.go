package control

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// ErrUnsafe means that a directory could be read or replaced by another user.
var ErrUnsafe = errors.New("directory is not safe")

// Dirs are the places of one host on this machine.
type Dirs struct {
	// State holds what survives: state file, content store, logs.
	State string
	// Runtime holds the sockets.
	Runtime string
}

// DefaultDirs returns the places of the host with a name, as the XDG base directories say: "default" is
// $XDG_STATE_HOME/penstock/host, any other name $XDG_STATE_HOME/penstock/host-NAME.
func DefaultDirs(name string, getenv func(string) string) (Dirs, error) {
	state := getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(state) { // the standard says to ignore relative ones
		home := getenv("HOME")
		if !filepath.IsAbs(home) {
			return Dirs{}, errors.New("neither XDG_STATE_HOME nor HOME names a directory")
		}
		state = filepath.Join(home, ".local", "state")
	}
	host := "host"
	if name != "" && name != "default" {
		if !envSafe(name) {
			return Dirs{}, fmt.Errorf("host name %q: letters, digits, - and _ only", name)
		}
		host += "-" + name
	}
	d := Dirs{State: filepath.Join(state, "penstock", host)}
	if rt := getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(rt) {
		d.Runtime = filepath.Join(rt, "penstock")
	} else {
		d.Runtime = filepath.Join("/tmp", fmt.Sprintf("penstock-%d", os.Getuid()))
	}
	return d, nil
}

// envSafe reports whether a name can be part of a path.
func envSafe(name string) bool {
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' {
			return false
		}
	}
	return name != "" && len(name) <= 64
}

// Socket is where the host of these places listens. Hosts with different state share a runtime directory.
func (d Dirs) Socket() string { return filepath.Join(d.Runtime, d.id()+".sock") }

// Handover is where a successor asks the host for its descriptors.
func (d Dirs) Handover() string { return filepath.Join(d.Runtime, d.id()+".handover") }

// id is short, because the path of a unix socket is limited to 107 bytes.
func (d Dirs) id() string {
	sum := sha256.Sum256([]byte(filepath.Clean(d.State)))
	return hex.EncodeToString(sum[:6])
}

// Prepare makes the directories if needed and verifies that only this user can reach what is in them.
func (d Dirs) Prepare() error {
	const longest = 107
	if n := len(d.Handover() + ".new"); n > longest {
		return fmt.Errorf("runtime directory %s: socket path of %d bytes, at most %d are possible", d.Runtime, n, longest)
	}
	for _, dir := range []string{d.State, d.Runtime} {
		if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
			return fmt.Errorf("prepare %s: %w", dir, err)
		}
		if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("prepare %s: %w", dir, err)
		}
		if err := Verify(dir, os.Getuid()); err != nil {
			return err
		}
	}
	return nil
}

// Verify returns [ErrUnsafe] unless dir is a directory itself (no link), belongs to uid, and is closed to everybody else.
func Verify(dir string, uid int) error {
	st, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("verify %s: %w", dir, err)
	}
	sys, ok := st.Sys().(*syscall.Stat_t)
	switch {
	case !st.IsDir():
		return fmt.Errorf("%w: %s is a %s", ErrUnsafe, dir, st.Mode().Type())
	case !ok || int(sys.Uid) != uid:
		return fmt.Errorf("%w: %s does not belong to user %d", ErrUnsafe, dir, uid)
	case st.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("%w: %s has mode %04o, want 0700", ErrUnsafe, dir, st.Mode().Perm())
	}
	return nil
}

// Lock is the file whose flock makes a host the only one of its state directory.
func (d Dirs) Lock() string { return filepath.Join(d.State, "host.lock") }

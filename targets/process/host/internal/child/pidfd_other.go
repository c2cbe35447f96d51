//go:build !linux

package child

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// open cannot follow a process without a pidfd: its number alone may come to mean another process.
func open(pid int) (*Process, error) {
	return nil, fmt.Errorf("watch process %d: %w on this system", pid, errors.ErrUnsupported)
}

// signal has no process to reach, because open makes none.
func (p *Process) signal(unix.Signal) {}

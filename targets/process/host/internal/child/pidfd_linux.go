package child

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// open opens a pidfd.
func open(pid int) (*Process, error) {
	fd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK)
	if errors.Is(err, unix.ESRCH) {
		return nil, ErrGone
	}
	if err != nil {
		return nil, fmt.Errorf("watch process %d: %w", pid, err)
	}
	return &Process{pidfd: os.NewFile(uintptr(fd), "pidfd"), done: make(chan struct{})}, nil
}

// signal sends a signal through the pidfd, which can only reach this very process.
func (p *Process) signal(sig unix.Signal) {
	raw, err := p.pidfd.SyscallConn()
	if err != nil {
		return // closed after its end
	}
	_ = raw.Control(func(fd uintptr) { _ = unix.PidfdSendSignal(int(fd), sig, nil, 0) })
}

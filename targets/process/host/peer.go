package host

import (
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// peerListener accepts only connections of one user, as the kernel names him. The directory of the socket keeps others
// out already; this holds even if somebody opens it up.
type peerListener struct {
	*net.UnixListener
	uid  uint32
	deny func(error)
}

// Accept waits for the next connection of the right user.
func (l *peerListener) Accept() (net.Conn, error) {
	for {
		c, err := l.UnixListener.AcceptUnix()
		if err != nil {
			return nil, err
		}
		cred, err := peerOf(c)
		if err == nil {
			err = allow(cred, l.uid)
		}
		if err == nil {
			return c, nil
		}
		c.Close()
		l.deny(err)
	}
}

// peerOf asks the kernel who is at the other end.
func peerOf(c *net.UnixConn) (*unix.Ucred, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	var cred *unix.Ucred
	var got error
	if err := raw.Control(func(fd uintptr) { cred, got = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }); err != nil {
		return nil, err
	}
	return cred, got
}

// allow refuses every user but one.
func allow(cred *unix.Ucred, uid uint32) error {
	if cred.Uid != uid {
		return fmt.Errorf("refused: user %d (process %d) is not user %d", cred.Uid, cred.Pid, uid)
	}
	return nil
}

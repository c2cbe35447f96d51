package host

import (
	"fmt"
	"net"
)

// peer is who is at the other end of a unix socket.
type peer struct {
	uid uint32
	pid int32
}

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

// allow refuses every user but one.
func allow(cred peer, uid uint32) error {
	if cred.uid != uid {
		return fmt.Errorf("refused: user %d (process %d) is not user %d", cred.uid, cred.pid, uid)
	}
	return nil
}

package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/penstock-dev/penstock/targets/process/host/proxy"
)

// handoverFormat is the version of these messages. Two releases that do not share it cannot replace each other in place.
const handoverFormat = 1

// maxPacket bounds one message; the largest is a secret, of at most 128 KiB by the kernel's rule for variables.
const maxPacket = 200 << 10

// handoverPatience bounds each answer of the other side.
const handoverPatience = 15 * time.Second

// message is one packet.
type message struct {
	Kind       string         `json:"kind"`
	Format     int            `json:"format,omitempty"`
	Service    string         `json:"service,omitempty"`
	Generation uint64         `json:"generation,omitempty"`
	Addr       string         `json:"addr,omitempty"`
	Name       string         `json:"name,omitempty"`
	Value      []byte         `json:"value,omitempty"`
	Known      bool           `json:"known,omitempty"`
	Since      time.Time      `json:"since,omitzero"`
	Foreign    *proxy.Foreign `json:"foreign,omitempty"`
	Own        *proxy.Own     `json:"own,omitempty"`
	Error      string         `json:"error,omitempty"`
}

// packetConn sends and receives messages. Sending is safe for concurrent use.
type packetConn struct {
	*net.UnixConn
	mu sync.Mutex
}

// send sends a message with at most one descriptor (-1 for none).
func (c *packetConn) send(m message, fd int) error {
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if len(b) > maxPacket {
		return fmt.Errorf("message %s of %d bytes", m.Kind, len(b))
	}
	var oob []byte
	if fd >= 0 {
		oob = unix.UnixRights(fd)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.SetWriteDeadline(time.Now().Add(handoverPatience)); err != nil {
		return err
	}
	_, _, err = c.WriteMsgUnix(b, oob, nil)
	return err
}

// receive waits for a message and its descriptor, which is nil when none came.
func (c *packetConn) receive(patience time.Duration) (message, *os.File, error) {
	var deadline time.Time
	if patience > 0 {
		deadline = time.Now().Add(patience)
	}
	if err := c.SetReadDeadline(deadline); err != nil {
		return message{}, nil, err
	}
	buf, oob := make([]byte, maxPacket), make([]byte, unix.CmsgSpace(4))
	n, on, _, _, err := c.ReadMsgUnix(buf, oob)
	if err != nil {
		return message{}, nil, err
	}
	if n == 0 {
		return message{}, nil, net.ErrClosed
	}
	f, err := descriptor(oob[:on])
	if err != nil {
		return message{}, nil, err
	}
	var m message
	if err := json.Unmarshal(buf[:n], &m); err != nil {
		if f != nil {
			f.Close()
		}
		return message{}, nil, fmt.Errorf("message: %w", err)
	}
	if m.Error != "" {
		return m, f, errors.New(m.Error)
	}
	return m, f, nil
}

// descriptor returns the descriptor of a control message, if there is one.
func descriptor(oob []byte) (*os.File, error) {
	if len(oob) == 0 {
		return nil, nil
	}
	msgs, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil, err
	}
	for _, m := range msgs {
		fds, err := unix.ParseUnixRights(&m)
		if err != nil {
			return nil, err
		}
		for _, fd := range fds {
			return os.NewFile(uintptr(fd), "handed over"), nil
		}
	}
	return nil, nil
}

// expect waits for a message of one kind.
func (c *packetConn) expect(kind string) error {
	m, f, err := c.receive(handoverPatience)
	if f != nil {
		f.Close()
	}
	if err != nil {
		return fmt.Errorf("waiting for %q: %w", kind, err)
	}
	if m.Kind != kind {
		return fmt.Errorf("waiting for %q: got %q", kind, m.Kind)
	}
	return nil
}

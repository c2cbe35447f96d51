package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/penstock-dev/penstock/targets/process/control"
	"github.com/penstock-dev/penstock/targets/process/host/proxy"
)

// inheritance is what a host begins with: at least the lock and the control socket, and from a predecessor all the rest.
type inheritance struct {
	lock    *os.File
	control *net.UnixListener
	conn    *packetConn // nil without a predecessor
	doors   map[string]map[string]*net.TCPListener
	runners map[key]*legacy
	own     map[string]proxy.Own
}

// inherit asks the running host for everything. Without one it returns nil.
func inherit(ctx context.Context, dirs control.Dirs) (*inheritance, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "unixpacket", dirs.Handover())
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ECONNREFUSED) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	inh := &inheritance{
		conn:  &packetConn{UnixConn: c.(*net.UnixConn)},
		doors: map[string]map[string]*net.TCPListener{}, runners: map[key]*legacy{}, own: map[string]proxy.Own{},
	}
	if err := inh.conn.send(message{Kind: "hello", Format: handoverFormat}, -1); err != nil {
		return nil, err
	}
	for {
		m, f, err := inh.conn.receive(handoverPatience)
		if err == nil && m.Kind == "end" {
			break
		}
		if err == nil {
			err = inh.take(m, f)
		}
		if err != nil {
			c.Close()
			return nil, err
		}
	}
	if inh.lock == nil || inh.control == nil {
		c.Close()
		return nil, errors.New("the host gave neither lock nor control socket")
	}
	return inh, nil
}

// take stores one message.
func (inh *inheritance) take(m message, f *os.File) error {
	switch m.Kind {
	case "lock":
		if f == nil {
			return errors.New("the lock came without a descriptor")
		}
		inh.lock = f
		return nil
	case "control":
		ln, err := listenerOf[*net.UnixListener](f)
		if err != nil {
			return err
		}
		ln.SetUnlinkOnClose(false)
		inh.control = ln
		return nil
	case "door":
		ln, err := listenerOf[*net.TCPListener](f)
		if err != nil {
			return err
		}
		if inh.doors[m.Service] == nil {
			inh.doors[m.Service] = map[string]*net.TCPListener{}
		}
		inh.doors[m.Service][m.Addr] = ln
		return nil
	}
	k := key{m.Service, m.Generation}
	switch m.Kind {
	case "runner":
		inh.runners[k] = &legacy{since: m.Since}
		if m.Known {
			inh.runners[k].secrets = control.Secrets{}
		}
	case "secret":
		if r := inh.runners[k]; r != nil && r.secrets != nil {
			r.secrets[m.Name] = string(m.Value)
		}
	case "tally":
		if r := inh.runners[k]; r != nil && m.Foreign != nil {
			r.foreign = *m.Foreign
		}
		if m.Own != nil {
			inh.own[m.Service] = *m.Own
		}
	}
	return nil
}

// listenerOf makes a listener of a descriptor.
func listenerOf[L net.Listener](f *os.File) (L, error) {
	var none L
	if f == nil {
		return none, errors.New("a socket came without a descriptor")
	}
	defer f.Close()
	ln, err := net.FileListener(f)
	if err != nil {
		return none, err
	}
	l, ok := ln.(L)
	if !ok {
		ln.Close()
		return none, fmt.Errorf("a socket is a %T", ln)
	}
	return l, nil
}

// settle gives the services of a host what the predecessor had; apply then makes use of it. The caller holds h.mu.
func (inh *inheritance) settle(h *Host) {
	for k, l := range inh.runners {
		s := h.services[k.service]
		if s == nil {
			continue
		}
		v := s.rec.generation(k.generation)
		if v == nil {
			continue
		}
		r := newRunner(h, s, v, l.secrets)
		r.since = l.since
		r.up.SetForeign(l.foreign)
		s.inherited[k.generation] = r
	}
	for name, doors := range inh.doors {
		for addr, ln := range doors {
			if s := h.services[name]; s != nil && slices.Contains(s.rec.doors(), addr) {
				s.doors[addr] = ln
			} else {
				ln.Close()
			}
		}
	}
	for name, own := range inh.own {
		if s := h.services[name]; s != nil {
			s.front = proxy.NewFront(proxy.Options{})
			s.front.SetForeign(own)
		}
	}
}

// follow takes what the predecessor still sends: connections, and the numbers of what it is finishing.
func (h *Host) follow(inh *inheritance) {
	defer close(h.predecessor)
	// A host that ends does not wait for its predecessor.
	stop := context.AfterFunc(h.life, func() { inh.conn.Close() })
	defer stop()
	for {
		m, f, err := inh.conn.receive(0)
		if err != nil || m.Kind == "bye" {
			h.alone(inh)
			inh.conn.Close()
			return
		}
		if err := h.hear(m, f); err != nil {
			h.log.Warn("predecessor", "error", err)
		}
	}
}

// hear acts on one message of the predecessor.
func (h *Host) hear(m message, f *os.File) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.services[m.Service]
	switch m.Kind {
	case "conn":
		if f == nil {
			return errors.New("a connection came without a descriptor")
		}
		defer f.Close()
		c, err := net.FileConn(f)
		if err != nil {
			return err
		}
		tc, ok := c.(*net.TCPConn)
		if !ok || s == nil || s.front == nil {
			c.Close()
			return fmt.Errorf("a connection of %s came, which is not served here", m.Service)
		}
		s.front.AddConn(tc)
	case "tally":
		if s == nil {
			return nil
		}
		if r := s.runners[m.Generation]; r != nil && m.Foreign != nil {
			r.up.SetForeign(*m.Foreign)
		}
		if m.Own != nil && s.front != nil {
			s.front.SetForeign(*m.Own)
		}
	}
	return nil
}

// alone forgets what a predecessor had under way; its counts stay.
func (h *Host) alone(inh *inheritance) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for k := range inh.runners {
		s := h.services[k.service]
		if s == nil || s.runners[k.generation] == nil {
			continue
		}
		s.runners[k.generation].up.Settle()
	}
}

// sendFile sends a message with the descriptor of a socket or file.
func sendFile(conn *packetConn, m message, from interface {
	SyscallConn() (syscall.RawConn, error)
}) error {
	raw, err := from.SyscallConn()
	if err != nil {
		return err
	}
	var sent error
	if err := raw.Control(func(fd uintptr) { sent = conn.send(m, int(fd)) }); err != nil {
		return err
	}
	return sent
}

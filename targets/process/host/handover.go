package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/penstock-dev/penstock/targets/process/control"
	"github.com/penstock-dev/penstock/targets/process/host/proxy"
)

// The hand-over is a talk over a packet socket, in which descriptors travel beside messages:
//
//	successor                     host
//	  hello  ─────────────────────▶  nothing changes any more; runners end, programs go on
//	  ◀──── lock, control, door…, runner…, secret…, tally…, end
//	  prepared ───────────────────▶
//	  ◀──────────────────────────── go
//	  serving ────────────────────▶  stops accepting
//	  ◀──── conn…, tally…, bye       until everything is answered
//
// Until "serving" the host can take everything back: if the successor is not heard of in time, it goes on as before.

// succession is a successor that serves already.
type succession struct{ conn *packetConn }

// passOn waits for successors. It ends when one has taken over or the socket is closed.
func (h *Host) passOn(ln *peerListener, inh *inheritance, ends chan<- ending) {
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		conn := &packetConn{UnixConn: c.(*net.UnixConn)}
		if err := h.offer(conn, inh); err != nil {
			h.log.Warn("hand-over failed; this host goes on", "error", err)
			_ = conn.send(message{Kind: "error", Error: err.Error()}, -1) // it has most likely gone
			conn.Close()
			continue
		}
		ends <- ending{successor: &succession{conn: conn}}
		return
	}
}

// offer gives everything to a successor, or nothing.
func (h *Host) offer(conn *packetConn, inh *inheritance) error {
	m, f, err := conn.receive(handoverPatience)
	if f != nil {
		f.Close()
	}
	if err != nil {
		return err
	}
	if m.Kind != "hello" || m.Format != handoverFormat {
		return fmt.Errorf("successor speaks format %d, this host %d: stop and start it instead", m.Format, handoverFormat)
	}
	if !h.claim() {
		return errReplaced()
	}
	h.standStill()
	if err := h.tell(conn, inh); err != nil {
		h.thaw()
		return err
	}
	return nil
}

// tell sends everything and waits until the successor serves.
func (h *Host) tell(conn *packetConn, inh *inheritance) error {
	if err := sendFile(conn, message{Kind: "lock"}, inh.lock); err != nil {
		return err
	}
	if err := sendFile(conn, message{Kind: "control"}, inh.control); err != nil {
		return err
	}
	h.mu.Lock()
	services := h.sorted()
	h.mu.Unlock()
	for _, s := range services { // frozen: nothing changes them
		if err := tellService(conn, s); err != nil {
			return err
		}
	}
	if err := conn.send(message{Kind: "end"}, -1); err != nil {
		return err
	}
	if err := conn.expect("prepared"); err != nil {
		return err
	}
	if err := conn.send(message{Kind: "go"}, -1); err != nil {
		return err
	}
	return conn.expect("serving")
}

// tellService sends the doors, secrets and numbers of one service.
func tellService(conn *packetConn, s *service) error {
	key := s.rec.Service.String()
	if s.front != nil {
		for addr, ln := range s.front.Listeners() {
			if err := sendFile(conn, message{Kind: "door", Service: key, Addr: addr}, ln); err != nil {
				return err
			}
		}
	}
	for gen, r := range s.runners {
		if err := conn.send(message{Kind: "runner", Service: key, Generation: gen, Known: r.secrets != nil, Since: r.since}, -1); err != nil {
			return err
		}
		for name, value := range r.secrets {
			if err := conn.send(message{Kind: "secret", Service: key, Generation: gen, Name: name, Value: []byte(value)}, -1); err != nil {
				return err
			}
		}
	}
	return sendTallies(conn, s, nil)
}

// sendTallies sends the numbers of one service that have changed since they were last sent.
func sendTallies(conn *packetConn, s *service, last map[uint64]string) error {
	key := s.rec.Service.String()
	for gen, r := range s.runners {
		f := r.up.Export()
		if s.front != nil && !s.front.IsQuiet() {
			f.InFlight++ // a request may begin at any moment: not drained yet
		}
		b, err := json.Marshal(f)
		if err != nil {
			return err
		}
		if last != nil && last[gen] == string(b) {
			continue
		}
		if last != nil {
			last[gen] = string(b)
		}
		if err := conn.send(message{Kind: "tally", Service: key, Generation: gen, Foreign: &f}, -1); err != nil {
			return err
		}
	}
	if s.front == nil {
		return nil
	}
	own := s.front.Own()
	return conn.send(message{Kind: "tally", Service: key, Own: &own}, -1)
}

// depart ends a host that was replaced: connections go to the successor, what is under way is answered, and the successor
// is kept informed of it.
func (h *Host) depart(to *succession, grace time.Duration) error {
	defer to.conn.Close()
	ctx, cancel := context.WithTimeout(h.life, grace)
	defer cancel()
	h.mu.Lock()
	services := h.sorted()
	h.mu.Unlock()
	var fronts sync.WaitGroup
	errs := make([]error, len(services))
	for i, s := range services {
		if s.front == nil {
			continue
		}
		key := s.rec.Service.String()
		fronts.Go(func() {
			errs[i] = s.front.HandOver(ctx, func(fd uintptr) error {
				return to.conn.send(message{Kind: "conn", Service: key}, int(fd))
			})
		})
	}
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		fronts.Wait()
		if h.predecessor != nil { // its connections come through here
			select {
			case <-h.predecessor:
			case <-ctx.Done():
			}
		}
	}()
	h.inform(to.conn, services, answered)
	return errors.Join(append(errs, to.conn.send(message{Kind: "bye"}, -1))...)
}

// inform sends numbers until everything is answered, and once more after that.
func (h *Host) inform(conn *packetConn, services []*service, answered <-chan struct{}) {
	last := make([]map[uint64]string, len(services))
	for i := range last {
		last[i] = map[uint64]string{}
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for done := false; !done; {
		select {
		case <-answered:
			done = true
		case <-tick.C:
		}
		for i, s := range services {
			if err := sendTallies(conn, s, last[i]); err != nil {
				h.log.Warn("successor no longer listens", "error", err)
				for _, s := range services {
					if s.front != nil {
						s.front.Abandon()
					}
				}
				<-answered
				return
			}
		}
	}
}

// takeOver tells the host that this one is ready, and waits for its word.
func (inh *inheritance) takeOver() error {
	if err := inh.conn.send(message{Kind: "prepared"}, -1); err != nil {
		return err
	}
	return inh.conn.expect("go")
}

// key names a runner of a service.
type key struct {
	service    string
	generation uint64
}

// legacy is what a runner of the predecessor knew.
type legacy struct {
	secrets control.Secrets // nil when it did not know them
	since   time.Time
	foreign proxy.Foreign
}

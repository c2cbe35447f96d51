package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/penstock-dev/penstock/targets/process/control"
	"github.com/penstock-dev/penstock/targets/process/host/internal/child"
)

// ErrRunning means that a host for this state directory runs already.
var ErrRunning = errors.New("a host for this state directory runs already")

// Options shape a host.
type Options struct {
	Dirs control.Dirs
	// Version is what the host says it is.
	Version string
	// Log receives what the host has to say; nil discards it.
	Log io.Writer
	// Takeover replaces a running host. Without one, it is an ordinary start.
	Takeover bool
	// Grace bounds how long this host, once replaced, goes on answering requests that are under way; zero means 10 minutes.
	Grace time.Duration
}

// Run is the host. It returns when the host was told to stop, was replaced and has answered everything, or when ctx ends;
// in the last case programs go on without it, and the next host finds them. A second host is refused with [ErrRunning].
func Run(ctx context.Context, opts Options) error {
	if runtime.GOOS != "linux" {
		return fmt.Errorf("penstock host follows processes by pidfd and /proc: %w on %s", errors.ErrUnsupported, runtime.GOOS)
	}
	if err := opts.Dirs.Prepare(); err != nil {
		return err
	}
	if opts.Log == nil {
		opts.Log = io.Discard
	}
	if opts.Grace == 0 {
		opts.Grace = 10 * time.Minute
	}
	log := slog.New(slog.NewTextHandler(opts.Log, nil)).With("pid", os.Getpid())
	var inh *inheritance
	var err error
	if opts.Takeover {
		if inh, err = inherit(ctx, opts.Dirs); err != nil {
			return fmt.Errorf("take over: %w", err)
		}
	}
	if inh == nil {
		if inh, err = beginAlone(ctx, opts.Dirs); err != nil {
			return err
		}
	}
	defer inh.lock.Close()
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	h, err := newHost(life, opts, log)
	if err != nil {
		inh.control.Close()
		return err
	}
	return h.serve(ctx, end, opts, inh)
}

// beginAlone locks the state directory and opens the control socket.
func beginAlone(ctx context.Context, dirs control.Dirs) (*inheritance, error) {
	lock, err := lockDir(ctx, dirs)
	if err != nil {
		return nil, err
	}
	ln, err := listenUnix("unix", dirs.Socket())
	if err != nil {
		lock.Close()
		return nil, err
	}
	return &inheritance{lock: lock, control: ln}, nil
}

// lockPatience is how long a host that no longer answers is waited for: it is stopping its programs.
const lockPatience = time.Minute

// lockDir takes the lock that makes a host the only one. A host that is just ending is waited for.
func lockDir(ctx context.Context, dirs control.Dirs) (*os.File, error) {
	f, err := os.OpenFile(dirs.Lock(), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", dirs.State, err)
	}
	for since := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return f, nil
		}
		busy := errors.Is(err, unix.EWOULDBLOCK)
		if busy && ctx.Err() == nil && time.Since(since) < lockPatience && !answers(ctx, dirs) {
			continue
		}
		f.Close()
		if busy {
			return nil, fmt.Errorf("%w: %s", ErrRunning, dirs.State)
		}
		return nil, fmt.Errorf("lock %s: %w", dirs.State, err)
	}
}

// answers reports whether a host accepts connections.
func answers(ctx context.Context, dirs control.Dirs) bool {
	c, err := new(net.Dialer).DialContext(ctx, "unix", dirs.Socket())
	if err != nil {
		return false
	}
	c.Close()
	return true
}

// listenUnix opens a socket where a dead host may have left one. The caller holds the lock.
func listenUnix(network, path string) (*net.UnixListener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("listen: %w", err)
	}
	ln, err := net.ListenUnix(network, &net.UnixAddr{Name: path, Net: network})
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	ln.SetUnlinkOnClose(false) // after a hand-over the path belongs to the successor
	if err := os.Chmod(path, 0o600); err != nil {
		ln.Close()
		return nil, fmt.Errorf("listen: %w", err)
	}
	return ln, nil
}

// ending is why a host ends.
type ending struct {
	keep      bool // programs go on
	successor *succession
}

// serve runs the host until it ends. end is called when nothing may go on.
func (h *Host) serve(ctx context.Context, end func(), opts Options, inh *inheritance) error {
	// Until this host serves, the name belongs to the one before it.
	passing, err := listenUnix("unixpacket", h.dirs.Handover()+".new")
	if err == nil {
		err = h.settle(inh)
	}
	if err == nil {
		err = os.Rename(h.dirs.Handover()+".new", h.dirs.Handover())
	}
	if err != nil {
		inh.control.Close()
		return err
	}
	uid := uint32(os.Getuid())
	deny := func(err error) { h.log.Warn("control", "error", err) }
	ends := make(chan ending, 4)
	srv := newServer(h.whileServing(h.routes(func(keep bool) error {
		if !h.claim() {
			return errReplaced()
		}
		ends <- ending{keep: keep}
		return nil
	})))
	var doors sync.WaitGroup
	doors.Go(func() { _ = srv.Serve(&peerListener{UnixListener: inh.control, uid: uid, deny: deny}) })
	doors.Go(func() { h.passOn(&peerListener{UnixListener: passing, uid: uid, deny: deny}, inh, ends) })
	h.tasks.Go(func() { h.tend(h.life) })
	if inh.conn != nil {
		h.tasks.Go(func() { h.follow(inh) })
	}
	h.log.Info("host serves", "state", h.dirs.State, "takeover", inh.conn != nil)

	why := h.awaitEnd(ctx, ends)
	passing.Close()
	quick, cancel := context.WithTimeout(h.life, 5*time.Second)
	defer cancel()
	if err := srv.Shutdown(quick); err != nil {
		srv.Close()
	}
	doors.Wait()
	if why.successor != nil {
		inh.lock.Close() // it is the successor's now
		err = h.depart(why.successor, opts.Grace)
	} else {
		err = h.shutDown(why.keep)
	}
	end()
	h.tasks.Wait()
	h.log.Info("host ends", "error", err)
	return err
}

// settle takes what an earlier host has left and makes what should run, run. From a predecessor it takes the word first:
// before that, two hosts would look after the same programs.
func (h *Host) settle(inh *inheritance) error {
	if inh.conn != nil {
		if err := inh.takeOver(); err != nil {
			return err
		}
		h.predecessor = make(chan struct{})
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	inh.settle(h)
	h.expireLocked(time.Now())
	for _, s := range h.sorted() {
		if err := h.apply(s); err != nil { // a door that somebody else has: it is tried again
			h.log.Warn("start", "error", err)
		}
	}
	if inh.conn != nil {
		return inh.conn.send(message{Kind: "serving"}, -1)
	}
	return nil
}

// awaitEnd waits for a reason to end. When ctx ends while a successor is taking over, the outcome of that decides.
func (h *Host) awaitEnd(ctx context.Context, ends <-chan ending) ending {
	select {
	case why := <-ends:
		return why
	case <-ctx.Done():
	}
	for !h.claim() {
		select {
		case why := <-ends:
			return why
		case <-time.After(20 * time.Millisecond):
		}
	}
	return ending{keep: true}
}

// claim makes this host's end, or its replacement, the business of the caller alone. From then on nothing changes any more.
func (h *Host) claim() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.frozen {
		return false
	}
	h.frozen = true
	for _, s := range h.services {
		s.notify()
	}
	return true
}

// standStill ends the runners of a host that was claimed; their programs go on.
func (h *Host) standStill() {
	h.mu.Lock()
	h.unwatch()
	h.mu.Unlock()
	h.runners.Wait()
}

// thaw undoes claim and standStill, when a successor did not come up.
func (h *Host) thaw() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.frozen = false
	h.watch, h.unwatch = context.WithCancel(h.life)
	ctx := h.watch
	for _, s := range h.sorted() {
		for _, r := range s.runners {
			h.runners.Go(func() { r.run(ctx) })
		}
	}
}

// shutDown ends the host without a successor.
func (h *Host) shutDown(keep bool) error {
	h.standStill()
	h.mu.Lock()
	services := h.sorted()
	h.mu.Unlock()
	var wg sync.WaitGroup
	for _, s := range services { // nothing changes any more, so no lock is needed
		if s.front != nil {
			wg.Go(func() { h.closeFront(s.front) })
		}
	}
	wg.Wait()
	var err error
	if !keep {
		err = h.stopPrograms(services)
	}
	for _, path := range []string{h.dirs.Socket(), h.dirs.Handover()} {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

// stopPrograms ends all programs and records that this was meant.
func (h *Host) stopPrograms(services []*service) error {
	var wg sync.WaitGroup
	for _, s := range services {
		for i := range s.rec.Versions {
			v := &s.rec.Versions[i]
			if v.Proc == nil {
				continue
			}
			wg.Go(func() {
				if p, err := child.Adopt(v.Proc.ID); err == nil {
					_ = p.Stop(h.life, v.Spec.Stop) // life does not end before this host does
				}
				v.Proc = nil
			})
		}
	}
	wg.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.save(nil)
}

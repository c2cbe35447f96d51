package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/penstock-dev/penstock/targets/process/control"
	"github.com/penstock-dev/penstock/targets/process/host/internal/content"
	"github.com/penstock-dev/penstock/targets/process/host/proxy"
)

// Host is a running host.
type Host struct {
	dirs    control.Dirs
	version string
	since   time.Time
	log     *slog.Logger
	store   *content.Store
	// life ends when the host does.
	life  context.Context
	tasks sync.WaitGroup

	mu sync.Mutex
	// watch is the life of the runners, which ends when a successor takes over; their programs go on.
	watch    context.Context
	unwatch  context.CancelFunc
	runners  sync.WaitGroup
	services map[string]*service
	locks    map[string]control.Lock
	// frozen says that a successor takes over: no request changes anything any more.
	frozen bool
	// incoming are digests being stored by requests that have not been recorded yet.
	incoming map[string]int
	// predecessor is open while an earlier host still answers requests; nil without one.
	predecessor chan struct{}
}

// service is one service and what runs of it. All of it is guarded by Host.mu.
type service struct {
	rec     record
	front   *proxy.Front
	runners map[uint64]*runner
	// inherited are runners made from what a predecessor has told, until apply takes them.
	inherited map[uint64]*runner
	// doors are listening sockets of a predecessor, until apply opens them.
	doors map[string]*net.TCPListener
	// secrets wait here for the runner of a generation to be made.
	secrets map[uint64]control.Secrets
	// changed is closed and replaced whenever something happens that a request may wait for.
	changed chan struct{}
}

// notify wakes the requests that wait for a service.
func (s *service) notify() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// newHost makes a host from what an earlier one has left on disk. Nothing runs yet.
func newHost(life context.Context, opts Options, log *slog.Logger) (*Host, error) {
	st, err := readState(opts.Dirs.State)
	if err != nil {
		return nil, err
	}
	store, err := content.Open(opts.Dirs.State + "/store")
	if err != nil {
		return nil, err
	}
	watch, unwatch := context.WithCancel(life)
	h := &Host{
		watch: watch, unwatch: unwatch, dirs: opts.Dirs, version: opts.Version, since: time.Now(), log: log, store: store, life: life,
		services: map[string]*service{}, locks: st.Locks, incoming: map[string]int{},
	}
	for key, rec := range st.Services {
		h.services[key] = newService(rec)
	}
	return h, nil
}

func newService(rec record) *service {
	return &service{
		rec: rec, runners: map[uint64]*runner{}, inherited: map[uint64]*runner{},
		doors: map[string]*net.TCPListener{}, secrets: map[uint64]control.Secrets{}, changed: make(chan struct{}),
	}
}

// sorted returns the services in the order of their names. The caller holds h.mu.
func (h *Host) sorted() []*service {
	out := make([]*service, 0, len(h.services))
	for _, key := range slices.Sorted(maps.Keys(h.services)) {
		out = append(out, h.services[key])
	}
	return out
}

// save writes everything to disk, with one record replaced. The caller holds h.mu.
func (h *Host) save(next *record) error {
	st := stateFile{Format: stateFormat, Services: map[string]record{}, Locks: h.locks}
	for key, s := range h.services {
		st.Services[key] = s.rec
	}
	if next != nil {
		st.Services[next.Service.String()] = *next
	}
	return writeState(h.dirs.State, st)
}

// put makes a record durable and then true. The caller holds h.mu.
func (h *Host) put(s *service, next record) error {
	if h.frozen {
		return errReplaced()
	}
	if err := h.save(&next); err != nil {
		return err
	}
	s.rec = next
	err := h.apply(s)
	s.notify()
	return err
}

// apply makes what runs like the record says. The caller holds h.mu.
func (h *Host) apply(s *service) error {
	for i := range s.rec.Versions {
		v := &s.rec.Versions[i]
		r := s.runners[v.Generation]
		if r == nil {
			if r = s.inherited[v.Generation]; r == nil {
				r = newRunner(h, s, v, s.secrets[v.Generation])
			}
			delete(s.inherited, v.Generation)
			delete(s.secrets, v.Generation)
			s.runners[v.Generation] = r
			ctx := h.watch
			h.runners.Go(func() { r.run(ctx) })
		}
		if v.Role == control.Leaving {
			r.leave()
		}
	}
	if s.front == nil && len(s.rec.Versions) > 0 {
		s.front = proxy.NewFront(proxy.Options{})
	}
	err := h.applyRoute(s) // before the doors: the first request must find its way
	return errors.Join(err, h.applyDoors(s))
}

// applyDoors opens and closes the addresses of a service. A service without versions loses its front, which may still
// have answers to finish.
func (h *Host) applyDoors(s *service) error {
	if len(s.rec.Versions) == 0 {
		if front := s.front; front != nil {
			s.front = nil
			h.tasks.Go(func() { h.closeFront(front) })
		}
		return nil
	}
	open, want := s.front.Listeners(), s.rec.doors()
	for addr := range open {
		if !slices.Contains(want, addr) {
			s.front.Unlisten(addr)
		}
	}
	var errs []error
	for _, addr := range want {
		errs = append(errs, h.openDoor(s, addr))
	}
	return errors.Join(errs...)
}

// closeFront ends a front that nobody routes to any more.
func (h *Host) closeFront(f *proxy.Front) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(h.life), frontGrace)
	defer cancel()
	if err := f.Close(ctx); err != nil {
		h.log.Warn("connections cut off", "error", err)
	}
}

// frontGrace bounds how long the connections of a service that has ended may take.
const frontGrace = 30 * time.Second

// openDoor opens one more address of a service, before anything is recorded that needs it. The caller holds h.mu.
func (h *Host) openDoor(s *service, addr string) error {
	if s.front == nil {
		s.front = proxy.NewFront(proxy.Options{})
	}
	if s.front.Listeners()[addr] != nil {
		return nil
	}
	if ln := s.doors[addr]; ln != nil {
		delete(s.doors, addr)
		return s.front.Adopt(addr, ln)
	}
	if err := s.front.Listen(h.life, addr); err != nil {
		return control.Errorf(control.AddressTaken, "%s: %v", s.rec.Service, err)
	}
	return nil
}

// applyRoute sets the route if it is another one than before: setting it again would begin a new deck.
func (h *Host) applyRoute(s *service) error {
	if s.front == nil {
		return nil
	}
	next := proxy.Route{Weight: s.rec.Weight, Matches: s.rec.Matches}
	if v := s.rec.role(control.Stable); v != nil {
		next.Stable = s.runners[v.Generation].up
	}
	if v := s.rec.role(control.Canary); v != nil && (next.Weight > 0 || len(next.Matches) > 0) {
		next.Canary = s.runners[v.Generation].up
	}
	now := s.front.Route()
	if now.Stable == next.Stable && now.Canary == next.Canary && now.Weight == next.Weight && slices.Equal(now.Matches, next.Matches) {
		return nil
	}
	return s.front.SetRoute(next)
}

// update changes the record of one version, on behalf of its runner. A version that is gone is left alone.
func (h *Host) update(s *service, gen uint64, change func(*versionRecord)) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	next := s.rec.clone()
	v := next.generation(gen)
	if v == nil {
		return fmt.Errorf("generation %d of %s is gone", gen, s.rec.Service)
	}
	change(v)
	return h.put(s, next)
}

// forget removes a version that has left.
func (h *Host) forget(s *service, gen uint64) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	next := s.rec.clone()
	next.drop(gen)
	if err := h.put(s, next); err != nil {
		return err
	}
	delete(s.runners, gen)
	h.sweep()
	return nil
}

// sweep removes programs that no version runs and none is likely to go back to. The caller holds h.mu.
func (h *Host) sweep() {
	keep := map[string]bool{}
	for _, s := range h.services {
		for _, v := range s.rec.Versions {
			keep[v.Spec.Digest] = true
		}
		for _, d := range s.rec.Retired {
			keep[d] = true
		}
	}
	for d := range h.incoming {
		keep[d] = true
	}
	if err := h.store.Sweep(keep); err != nil {
		h.log.Warn("sweep", "error", err)
	}
}

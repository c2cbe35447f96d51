package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/penstock-dev/penstock/targets/process/control"
	"github.com/penstock-dev/penstock/targets/process/host/internal/child"
	"github.com/penstock-dev/penstock/targets/process/host/proxy"
)

// runner looks after one version: starts its program, watches it, starts it again, drains and stops it.
type runner struct {
	h     *Host
	s     *service
	name  string // of the service
	gen   uint64
	spec  control.Spec
	up    *proxy.Upstream
	since time.Time // when counting began

	leaving   chan struct{} // closed when the version is to go
	leaveOnce sync.Once
	poke      chan struct{} // wakes a runner that has given up

	mu      sync.Mutex
	secrets control.Secrets // nil when they are not known
	state   control.State
	reason  string
	log     []string // last lines, with the reason
	proc    *child.Process
	starts  []time.Time // of the last minute
}

// newRunner makes the runner of a version; run makes it work.
func newRunner(h *Host, s *service, v *versionRecord, secrets control.Secrets) *runner {
	r := &runner{
		h: h, s: s, name: s.rec.Service.String(), gen: v.Generation, spec: v.Spec, since: time.Now(),
		up:      proxy.NewUpstream(v.Spec.Version),
		leaving: make(chan struct{}), poke: make(chan struct{}, 1), secrets: secrets, state: control.Starting,
	}
	if len(v.Spec.Secrets) == 0 {
		r.secrets = control.Secrets{}
	}
	if p := v.Proc; p != nil && p.Ready {
		// A version that an earlier host has left serves from the first request on; to look after it comes later.
		if id, err := child.Identify(p.ID.PID); err == nil && id == p.ID {
			r.up.SetAddr(addrOf(p.Port))
			r.state = control.Running
		}
	}
	return r
}

// leave tells the runner to drain and stop its version.
func (r *runner) leave() { r.leaveOnce.Do(func() { close(r.leaving) }) }

// again wakes a runner that has given up, with fresh secrets if there are any.
func (r *runner) again(secrets control.Secrets) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if secrets != nil {
		r.secrets = secrets
	}
	if r.state == control.Failed || r.state == control.NeedsSecrets {
		r.state, r.reason, r.log = control.Starting, "", nil
		select {
		case r.poke <- struct{}{}:
		default:
		}
	}
}

// status returns what the version is doing and why.
func (r *runner) status() (st control.State, reason string, log []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state, r.reason, r.log
}

// set changes what the version is doing and wakes whoever waits for it.
func (r *runner) set(st control.State, reason string) {
	var log []string
	if st == control.Failed {
		log, _ = child.Tail(r.logPath(), 20) // the reason stands without them
	}
	r.mu.Lock()
	same := r.state == st
	r.state, r.reason, r.log = st, reason, log
	r.mu.Unlock()
	if same {
		return
	}
	r.h.log.Info("version", "service", r.name, "version", r.spec.Version, "state", string(st), "reason", reason)
	r.h.mu.Lock()
	r.s.notify()
	r.h.mu.Unlock()
}

// logPath is the file that the program's output goes to.
func (r *runner) logPath() string {
	return filepath.Join(r.h.dirs.State, "logs", fileName(r.name), fmt.Sprintf("%d.log", r.gen))
}

// fileName makes a name safe as one element of a path.
func fileName(name string) string {
	return strings.Map(func(c rune) rune {
		if c == '/' || c == ':' {
			return '_'
		}
		return c
	}, name)
}

// run looks after the version until it has left or ctx ends. With ctx, the program goes on.
func (r *runner) run(ctx context.Context) {
	for first := true; ; first = false {
		p, port, ready, err := r.process(ctx, first)
		switch {
		case errors.Is(err, errLeave):
			r.gone(ctx)
			return
		case ctx.Err() != nil:
			return
		case err != nil:
			if r.giveUp(ctx, err) {
				return
			}
			continue
		}
		if ready {
			r.up.SetAddr(addrOf(port))
			r.set(control.Running, "")
		} else {
			r.awaitReady(ctx, p, port)
		}
		select {
		case <-ctx.Done():
			return
		case <-r.leaving:
			r.drainAndStop(ctx, p)
			return
		case <-p.Done():
			if err := r.ended(p, port); err != nil && r.giveUp(ctx, err) {
				return
			}
		}
	}
}

// errLeave says that the version is to go before it was started.
var errLeave = errors.New("the version leaves")

// errPermanent marks a failure that starting again does not cure.
var errPermanent = errors.New("not started again")

// errNeverReady is why a version is not started again by itself.
var errNeverReady = errors.New("ended before it was ready")

// process returns the program's process: the one that an earlier host has left, or a new one.
func (r *runner) process(ctx context.Context, first bool) (p *child.Process, port int, ready bool, err error) {
	r.h.mu.Lock()
	v := r.s.rec.generation(r.gen)
	if v == nil {
		r.h.mu.Unlock()
		return nil, 0, false, errLeave
	}
	known, tried := v.Proc, v.Starts > 0 && !v.WasReady
	r.h.mu.Unlock()
	if known != nil {
		p, err := child.Adopt(known.ID)
		if err == nil {
			r.setProc(p)
			return p, known.Port, known.Ready, nil
		}
		if !errors.Is(err, child.ErrGone) {
			return nil, 0, false, err
		}
		r.noteEnd("ended while no host was watching")
	}
	select {
	case <-r.leaving:
		return nil, 0, false, errLeave
	default:
	}
	if first && tried {
		return nil, 0, false, errNeverReady
	}
	if err := r.mayStart(ctx); err != nil {
		return nil, 0, false, err
	}
	p, port, err = r.start()
	return p, port, false, err
}

// setProc remembers the process for stopping and for drift.
func (r *runner) setProc(p *child.Process) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.proc = p
}

// mayStart waits until the restart rule allows another start.
func (r *runner) mayStart(ctx context.Context) error {
	r.mu.Lock()
	now := time.Now()
	for len(r.starts) > 0 && now.Sub(r.starts[0]) > time.Minute {
		r.starts = r.starts[1:]
	}
	n := len(r.starts)
	known := r.secrets != nil
	r.mu.Unlock()
	if !known {
		return control.Errorf(control.MissSecrets,
			"the host was restarted and holds no secrets; they come with the next stage or restore of this version")
	}
	if n == 0 {
		return nil
	}
	if n > r.spec.Restart.Attempts {
		return fmt.Errorf("%w: started %d times within a minute", errPermanent, n)
	}
	const longest = 30 * time.Second
	pause := min(r.spec.Restart.Backoff<<min(n-1, 10), longest)
	return r.sleep(ctx, pause)
}

// sleep waits, unless the version is to go.
func (r *runner) sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-r.leaving:
		return errLeave
	case <-ctx.Done():
		return ctx.Err()
	}
}

// start starts the program from the content store and makes its process durable.
func (r *runner) start() (*child.Process, int, error) {
	if err := r.h.store.Verify(r.spec.Digest); err != nil {
		return nil, 0, err
	}
	path, err := r.h.store.Path(r.spec.Digest)
	if err != nil {
		return nil, 0, err
	}
	port, err := child.FreePort()
	if err != nil {
		return nil, 0, err
	}
	dir := r.spec.Dir
	if dir == "" {
		dir = filepath.Join(r.h.dirs.State, "work", fileName(r.name))
	}
	r.mu.Lock()
	r.starts = append(r.starts, time.Now())
	env := r.environ(port)
	r.mu.Unlock()
	p, err := child.Start(child.Spec{Path: path, Name: r.spec.Name, Args: r.spec.Args, Env: env, Dir: dir, Log: r.logPath()})
	if err != nil {
		return nil, 0, err
	}
	r.setProc(p)
	r.set(control.Starting, "")
	err = r.h.update(r.s, r.gen, func(v *versionRecord) {
		v.Proc = &procRecord{ID: p.Identity(), Port: port}
		v.Starts++
		v.StartedAt = time.Now()
	})
	if err != nil { // a process that no later host would find must not run
		return nil, 0, errors.Join(err, p.Stop(r.h.life, 0))
	}
	return p, port, nil
}

// addrOf is where a program with a port listens.
func addrOf(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

package host

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/penstock-dev/penstock/targets/process/control"
	"github.com/penstock-dev/penstock/targets/process/host/internal/child"
)

// inherited are the variables that a program gets from the host. Everything else of the shell that happened to start the
// host stays out: it would differ from machine to machine, and may be secret.
func inherited() []string { return []string{"HOME", "LANG", "PATH", "TZ"} }

// environ returns the program's environment, sorted. The caller holds r.mu.
func (r *runner) environ(port int) []string {
	env := map[string]string{}
	for _, k := range inherited() {
		if v, ok := os.LookupEnv(k); ok {
			env[k] = v
		}
	}
	maps.Copy(env, r.spec.Env)
	for _, k := range r.spec.Secrets {
		env[k] = r.secrets[k]
	}
	env["PENSTOCK_LISTEN"] = addrOf(port)
	env["PENSTOCK_VERSION"] = r.spec.Version
	env["PORT"] = fmt.Sprint(port)
	out := make([]string, 0, len(env))
	for _, k := range slices.Sorted(maps.Keys(env)) {
		out = append(out, k+"="+env[k])
	}
	return out
}

// awaitReady asks the program until it is ready, dies, or is to go. One that takes too long is marked as failed and asked
// on, because it may still come.
func (r *runner) awaitReady(ctx context.Context, p *child.Process, port int) {
	tick := time.NewTicker(r.spec.Ready.Every)
	defer tick.Stop()
	late := time.NewTimer(r.spec.Ready.Timeout)
	defer late.Stop()
	for {
		why := r.probe(ctx, p, port)
		if why == nil {
			break
		}
		select {
		case <-ctx.Done():
			return
		case <-r.leaving:
			return
		case <-p.Done():
			return
		case <-late.C:
			r.set(control.Failed, fmt.Sprintf("not ready within %s: %v", r.spec.Ready.Timeout, why))
		case <-r.poke: // somebody waits for it again
			late.Reset(r.spec.Ready.Timeout)
		case <-tick.C:
		}
	}
	err := r.h.update(r.s, r.gen, func(v *versionRecord) {
		v.WasReady = true
		v.Proc.Ready = true
	})
	if err != nil {
		r.h.log.Error("record readiness", "error", err) // it serves all the same; the next host asks again
	}
	r.up.SetAddr(addrOf(port))
	r.set(control.Running, "")
}

// probe asks once. An answer counts only if the port belongs to the program: another one may have been faster.
func (r *runner) probe(ctx context.Context, p *child.Process, port int) error {
	ctx, cancel := context.WithTimeout(ctx, max(r.spec.Ready.Every, time.Second))
	defer cancel()
	if err := r.ask(ctx, addrOf(port)); err != nil {
		return err
	}
	mine, err := p.Owns(port)
	if err != nil {
		return err
	}
	if !mine {
		return fmt.Errorf("port %d is answered by another program", port)
	}
	return nil
}

// ask makes the request or connection that tells readiness.
func (r *runner) ask(ctx context.Context, addr string) error {
	if r.spec.Ready.HTTP == "" {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err != nil {
			return err
		}
		return c.Close()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+r.spec.Ready.HTTP, nil)
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", "penstock-ready")
	tr := &http.Transport{DisableKeepAlives: true}
	res, err := tr.RoundTrip(req)
	if err != nil {
		return err
	}
	res.Body.Close()
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("GET %s answered %s", r.spec.Ready.HTTP, res.Status)
	}
	return nil
}

// ended is called when the program has ended although the version is to stay. Its error says that starting it again
// makes no sense by itself: it was never ready.
func (r *runner) ended(p *child.Process, port int) error {
	r.up.SetAddr("")
	r.setProc(nil)
	reason := p.Exit()
	ready := r.noteEnd(reason)
	r.set(control.Down, reason)
	if ready || r.tookPort(port) {
		return nil
	}
	return fmt.Errorf("%w: %s", errNeverReady, reason)
}

// tookPort reports whether the program ended because another one had taken its port meanwhile. It is then started again
// with another port, as often as the restart rule allows.
func (r *runner) tookPort(port int) bool {
	lines, err := child.Tail(r.logPath(), 5)
	if err != nil {
		return false
	}
	text := strings.ToLower(strings.Join(lines, "\n"))
	inUse := strings.Contains(text, "address already in use") || strings.Contains(text, "eaddrinuse")
	return inUse && strings.Contains(text, fmt.Sprint(port))
}

// noteEnd makes it durable that the program has ended, and reports whether it had ever been ready.
func (r *runner) noteEnd(reason string) (wasReady bool) {
	err := r.h.update(r.s, r.gen, func(v *versionRecord) {
		v.Proc = nil
		v.Ended = &endRecord{At: time.Now(), Reason: reason}
		wasReady = v.WasReady
	})
	if err != nil {
		r.h.log.Error("record end of a program", "error", err)
	}
	return wasReady
}

// giveUp says why there is no process and waits for a reason to try again: a poke, or time when the rule was broken.
// It reports true when the runner has nothing left to do.
func (r *runner) giveUp(ctx context.Context, cause error) (end bool) {
	st := control.Failed
	if errors.Is(cause, &control.Error{Code: control.MissSecrets}) {
		st = control.NeedsSecrets
	}
	r.set(st, cause.Error())
	var window <-chan time.Time
	if errors.Is(cause, errPermanent) && r.spec.Restart.Attempts > 0 {
		t := time.NewTimer(time.Minute) // a minute without a start opens the rule's window again
		defer t.Stop()
		window = t.C
	}
	select {
	case <-ctx.Done():
		return true
	case <-r.leaving:
	case <-r.poke:
		r.mu.Lock()
		r.starts = nil
		r.mu.Unlock()
	case <-window:
	}
	return false
}

// drainAndStop waits until nothing is under way, stops the program and removes the version.
func (r *runner) drainAndStop(ctx context.Context, p *child.Process) {
	r.set(control.Draining, "")
	late := time.NewTimer(r.spec.Drain)
	defer late.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for waiting := true; waiting && r.up.InFlight() > 0; {
		select {
		case <-tick.C:
		case <-late.C:
			r.h.log.Warn("drain: requests cut off", "version", r.spec.Version, "inFlight", r.up.InFlight())
			waiting = false
		case <-p.Done():
			waiting = false
		case <-ctx.Done():
			return // the program stays; the next host goes on draining
		}
	}
	r.up.SetAddr("")
	if err := p.Stop(ctx, r.spec.Stop); err != nil {
		return
	}
	r.gone(ctx)
}

// gone removes the version from its service. What cannot be recorded is tried again until it can.
func (r *runner) gone(ctx context.Context) {
	r.up.Close()
	for {
		err := r.h.forget(r.s, r.gen)
		if err == nil {
			return
		}
		r.h.log.Error("record the end of a version", "service", r.name, "version", r.spec.Version, "error", err)
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return
		}
	}
}

package host

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/penstock-dev/penstock/targets/process/control"
	"github.com/penstock-dev/penstock/targets/process/host/internal/child"
)

// status describes a service as it is now. The caller holds h.mu.
func (h *Host) status(s *service) control.Status {
	st := control.Status{
		Service: s.rec.Service, Lease: s.rec.Lease, Fence: s.rec.Fence, Order: s.rec.Order,
		Listen: []string{}, Versions: []control.VersionStatus{},
	}
	if s.front != nil {
		for _, ln := range s.front.Listeners() {
			st.Listen = append(st.Listen, ln.Addr().String())
		}
		slices.Sort(st.Listen)
		route := s.front.Route() // what is routed, not what was asked for
		st.Weight, st.Matches = route.Weight, route.Matches
	}
	for _, v := range s.rec.Versions {
		vs := control.VersionStatus{
			Version: v.Spec.Version, Role: v.Role, Digest: v.Spec.Digest, Generation: v.Generation,
			Starts: v.Starts, StartedAt: v.StartedAt, Source: v.Spec.Source, State: control.Starting,
		}
		if r := s.runners[v.Generation]; r != nil {
			vs.State, vs.Reason, _ = r.status()
			vs.Addr, vs.InFlight = r.up.Addr(), r.up.InFlight()
		}
		if v.Proc != nil {
			vs.PID = v.Proc.ID.PID
		}
		st.Versions = append(st.Versions, vs)
	}
	return st
}

// Observe describes one service. A service that was never released has no versions.
func (h *Host) Observe(id control.Service) control.Status {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s := h.services[id.String()]; s != nil {
		return h.status(s)
	}
	return control.Status{Service: id, Listen: []string{}, Versions: []control.VersionStatus{}}
}

// Counts returns the numbers of one service. From the first time that it is asked for a threshold, requests over it are
// counted; 0 asks for none.
func (h *Host) Counts(id control.Service, slowerThan time.Duration) (control.Counts, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.services[id.String()]
	if s == nil {
		return control.Counts{}, control.Errorf(control.NotFound, "no service %s", id)
	}
	c := control.Counts{At: time.Now().UTC(), Versions: map[string]control.VersionCounts{}}
	if s.front != nil {
		c.Own, c.Weight = s.front.Own(), s.front.Route().Weight
	}
	for _, v := range s.rec.Versions {
		r := s.runners[v.Generation]
		if r == nil {
			continue
		}
		if slowerThan > 0 {
			r.up.CountOver(slowerThan)
		}
		switch v.Role {
		case control.Stable:
			c.Stable = v.Spec.Version
		case control.Canary:
			c.Canary = v.Spec.Version
		case control.Prior:
			c.Prior = v.Spec.Version
		case control.Leaving:
			if _, newer := c.Versions[v.Spec.Version]; newer || s.rec.named(v.Spec.Version) != nil {
				continue // another generation of the same version is the one that counts
			}
		}
		c.Versions[v.Spec.Version] = control.VersionCounts{Since: r.since.UTC(), Counts: r.up.Counts()}
	}
	return c, nil
}

// Describe says who this host is and what it runs.
func (h *Host) Describe(pid int) control.Host {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := control.Host{
		PID: pid, Version: h.version, Since: h.since.UTC(), State: h.dirs.State,
		Services: []control.Status{}, Locks: []control.Lock{},
	}
	if h.predecessor != nil {
		select {
		case <-h.predecessor:
		default:
			out.Draining = true
		}
	}
	for _, s := range h.sorted() {
		out.Services = append(out.Services, h.status(s))
	}
	for _, place := range slices.Sorted(maps.Keys(h.locks)) {
		out.Locks = append(out.Locks, h.locks[place])
	}
	return out
}

// Logs returns the last lines that a version wrote; without a version those of the canary, else of stable.
func (h *Host) Logs(id control.Service, version string, lines int) ([]string, error) {
	h.mu.Lock()
	s := h.services[id.String()]
	var path string
	if s != nil {
		v := s.rec.named(version)
		if version == "" {
			v = s.rec.role(control.Stable)
			if c := s.rec.role(control.Canary); c != nil {
				v = c
			}
		}
		if v != nil && s.runners[v.Generation] != nil {
			path = s.runners[v.Generation].logPath()
		}
	}
	h.mu.Unlock()
	if path == "" {
		return nil, control.Errorf(control.NoVersion, "%s has no version %q", id, version)
	}
	return child.Tail(path, lines)
}

// logLimit is the size at which a program's log begins anew; one old file is kept.
const logLimit = 16 << 20

// rotate keeps the logs of the programs, and the host's own, bounded.
func (h *Host) rotate() {
	h.mu.Lock()
	paths := []string{filepath.Join(h.dirs.State, "host.log")}
	for _, s := range h.sorted() {
		for _, r := range s.runners {
			paths = append(paths, r.logPath())
		}
	}
	h.mu.Unlock()
	for _, p := range paths {
		if err := child.Rotate(p, logLimit); err != nil {
			h.log.Warn("rotate", "error", err)
		}
	}
}

// watched is what drift needs to know of one version, copied so that looking at processes holds no lock.
type watched struct {
	rec     versionRecord
	want    []string // environment without secrets
	state   control.State
	reason  string
	service control.Service
}

// Drift compares what runs with what was released, for one service or, without a name, for all.
func (h *Host) Drift(id control.Service) []control.Difference {
	h.mu.Lock()
	out := []control.Difference{}
	var versions []watched
	for _, s := range h.sorted() {
		if id != (control.Service{}) && s.rec.Service != id {
			continue
		}
		out = append(out, doorDrift(s)...)
		for _, v := range s.rec.Versions {
			r := s.runners[v.Generation]
			if v.Role == control.Leaving || r == nil {
				continue
			}
			w := watched{rec: v, service: s.rec.Service}
			w.state, w.reason, _ = r.status()
			if v.Proc != nil {
				r.mu.Lock()
				w.want = withoutSecrets(r.environ(v.Proc.Port), v.Spec.Secrets)
				r.mu.Unlock()
			}
			versions = append(versions, w)
		}
	}
	h.mu.Unlock()
	for _, w := range versions {
		out = append(out, h.processDrift(w)...)
	}
	return out
}

// doorDrift compares the doors and the route of a service with its record.
func doorDrift(s *service) []control.Difference {
	var out []control.Difference
	add := func(field, want, got string) {
		out = append(out, control.Difference{Service: s.rec.Service, Field: field, Want: want, Got: got})
	}
	open, weight := []string{}, 0.0
	if s.front != nil {
		open = slices.Sorted(maps.Keys(s.front.Listeners()))
		weight = s.front.Route().Weight
	}
	if want := s.rec.doors(); !slices.Equal(want, open) {
		add("listen", fmt.Sprint(want), fmt.Sprint(open))
	}
	if weight != s.rec.Weight {
		add("weight", fmt.Sprint(s.rec.Weight), fmt.Sprint(weight))
	}
	if l := s.rec.Lease; l != nil && l.Expired {
		out = append(out, control.Difference{
			Service: s.rec.Service, Field: "lease", Want: "renewed by run " + l.Run, Got: "expired, traffic taken back", Since: l.Until,
		})
	}
	return out
}

// processDrift compares a version's process with its spec. A process that somebody ended is reported even when it was
// started again since: the release did not ask for that.
func (h *Host) processDrift(w watched) []control.Difference {
	var out []control.Difference
	add := func(field, want, got string, since time.Time) {
		if want != got {
			out = append(out, control.Difference{
				Service: w.service, Version: w.rec.Spec.Version, Field: field, Want: want, Got: got, Since: since,
			})
		}
	}
	if e := w.rec.Ended; e != nil {
		add("process", "running since it was released", fmt.Sprintf("%s; started %d times", e.Reason, w.rec.Starts), e.At)
	}
	if w.state != control.Running {
		add("state", string(control.Running), fmt.Sprintf("%s: %s", w.state, w.reason), time.Time{})
	}
	if w.rec.Proc == nil {
		return out
	}
	live, err := child.Inspect(w.rec.Proc.ID, h.sum)
	if errors.Is(err, child.ErrGone) {
		add("process", "running", "gone", time.Time{})
		return out
	}
	if err != nil {
		add("process", "can be inspected", err.Error(), time.Time{})
		return out
	}
	spec := w.rec.Spec
	add("digest", spec.Digest, live.Digest, time.Time{})
	add("args", fmt.Sprintf("%q", append([]string{spec.Name}, spec.Args...)), fmt.Sprintf("%q", live.Args), time.Time{})
	got := withoutSecrets(live.Env, spec.Secrets)
	slices.Sort(got)
	for _, d := range envDrift(w.want, got) {
		add(d.Field, d.Want, d.Got, time.Time{})
	}
	return out
}

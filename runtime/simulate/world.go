package simulate

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
)

// The versions of the model: what ran before the run, and what the run brings.
const (
	OldVersion = "old"
	NewVersion = "new"
)

// Deployment is one workload in one environment, as it is.
type Deployment struct {
	Ref plan.Ref `json:"workload"`
	// Stable serves what the canary doesn't; "" when there is none.
	Stable string `json:"stable"`
	Canary string `json:"canary,omitempty"`
	Ready  bool   `json:"ready,omitempty"`
	// Weight is the canary's share in percent.
	Weight float64 `json:"weight"`
	// Route is what goes to the canary beside its weight: matches and mirrored requests.
	Route string `json:"route,omitempty"`
	// Prior is the former stable version while it can still serve.
	Prior string `json:"prior,omitempty"`
	// Half names a change that was made in part.
	Half string `json:"half,omitempty"`

	began   string // stable at the start
	shifted time.Time
	hold    time.Duration // how long the present weight has to be watched
	order   uint64
}

// lock is an environment's lock.
type lock struct {
	holder string
	fence  uint64
	until  time.Time // when another run gives it back
}

// World is what is outside: everything that survives the process.
type World struct {
	now     time.Time
	deploys map[plan.Ref]*Deployment
	locks   map[string]*lock
	// migrated are the migrations by node: "" not applied, "half", "applied".
	migrated map[plan.NodeID]string
	copied   map[plan.NodeID]bool
	// ran counts executions by idempotency key, refused the attempts after a failure that may not be repeated.
	ran     map[string]int
	fatal   map[string]bool
	told    []plan.NodeID
	pending []late
	ops     int
	judges  map[plan.MonitorID]*judge
	// removes are the workloads that the plan removes by itself after restoring what was before.
	removes map[plan.Ref]bool
	// broken are the rules that were seen violated.
	broken []string
}

// late is an effect that has not arrived yet.
type late struct {
	after int // operations
	call  call
}

// judge is the evidence of a monitor.
type judge struct {
	opened   time.Time
	open     bool
	ended    bool
	harm     bool
	harmSeq  uint64 // the journal's length when harm was proven
	closedBy plan.NodeID
}

func newWorld(p *plan.Plan, start time.Time, faults []Fault) *World {
	w := &World{
		now: start, deploys: map[plan.Ref]*Deployment{}, locks: map[string]*lock{}, migrated: map[plan.NodeID]string{},
		copied: map[plan.NodeID]bool{}, ran: map[string]int{}, fatal: map[string]bool{}, judges: map[plan.MonitorID]*judge{},
		removes: map[plan.Ref]bool{},
	}
	for ref := range p.Workloads {
		w.deploy(ref).began = OldVersion
	}
	for i := range p.Nodes {
		for _, ref := range refsOf(&p.Nodes[i].Do) {
			w.deploy(ref).began = OldVersion
		}
		if u := p.Nodes[i].Undo; u != nil && u.Unstage != nil {
			w.removes[u.Unstage.Workload] = true
		}
		if p.Nodes[i].Lock != "" {
			w.locks[p.Nodes[i].Lock] = &lock{}
		}
	}
	for _, f := range faults {
		if f.Kind == Absent {
			w.deploy(plan.Ref(f.On)).began = ""
		}
	}
	for _, d := range w.deploys {
		d.Stable = d.began
	}
	for i := range p.Monitors {
		w.judges[p.Monitors[i].ID] = &judge{}
	}
	return w
}

func (w *World) deploy(ref plan.Ref) *Deployment {
	d := w.deploys[ref]
	if d == nil {
		d = &Deployment{Ref: ref}
		w.deploys[ref] = d
	}
	return d
}

// Deployments returns what runs, ordered by workload.
func (w *World) Deployments() []Deployment {
	out := make([]Deployment, 0, len(w.deploys))
	for _, ref := range slices.Sorted(maps.Keys(w.deploys)) {
		out = append(out, *w.deploys[ref])
	}
	return out
}

// Holder returns which run holds an environment's lock, "" for none.
func (w *World) Holder(env string) string {
	if l := w.locks[env]; l != nil {
		return l.holder
	}
	return ""
}

func (w *World) violate(format string, args ...any) {
	msg := fmt.Sprintf(format, args...)
	if !slices.Contains(w.broken, msg) {
		w.broken = append(w.broken, msg)
	}
}

// take takes a lock for a run; it says who holds it when that is another one.
func (w *World) take(env, run string) (fence uint64, holder string) {
	l := w.locks[env]
	if l == nil {
		l = &lock{}
		w.locks[env] = l
	}
	if l.holder != run && l.holder != "" && !w.now.Before(l.until) {
		l.holder = ""
	}
	if l.holder != "" && l.holder != run {
		return 0, l.holder
	}
	if l.holder == "" {
		l.holder = run
		l.fence++
	}
	return l.fence, ""
}

// give gives a lock back; false when it isn't held under that number any more.
func (w *World) give(env string, fence uint64) bool {
	l := w.locks[env]
	if l == nil || l.holder == "" || l.fence != fence {
		return false
	}
	l.holder = ""
	return true
}

// refsOf returns the workloads that an instruction works on.
func refsOf(d *plan.Do) []plan.Ref {
	var out []plan.Ref
	add := func(r plan.Ref) {
		if r != "" {
			out = append(out, r)
		}
	}
	switch {
	case d.Snapshot != nil:
		add(d.Snapshot.Workload)
	case d.Preview != nil:
		add(d.Preview.Workload)
	case d.Stage != nil:
		add(d.Stage.Workload)
	case d.Unstage != nil:
		add(d.Unstage.Workload)
	case d.Shift != nil:
		add(d.Shift.Workload)
	case d.Commit != nil:
		add(d.Commit.Workload)
	case d.Restore != nil:
		add(d.Restore.Workload)
	case d.Retire != nil:
		add(d.Retire.Workload)
	case d.Apply != nil:
		add(d.Apply.Workload)
	}
	return out
}

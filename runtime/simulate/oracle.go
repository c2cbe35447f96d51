package simulate

import (
	"fmt"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
)

// checkEnd holds that the run came to an end at all.
func (s *sim) checkEnd(r *Result, err error) {
	if err != nil {
		r.Violations = append(r.Violations, err.Error())
		return
	}
	if r.Outcome == "" {
		r.Violations = append(r.Violations, "the run ended without an outcome")
	}
}

// checkUnsettled holds that only a fault that doesn't pass, a stolen lock or a second Ctrl-C leaves things unsettled, and
// that the lock is kept then.
func (s *sim) checkUnsettled(r *Result) {
	excused, stolen := false, false
	for _, f := range s.opt.Faults {
		stolen = stolen || f.Kind == LockStolen
		n := s.nodes[plan.NodeID(f.On)]
		excused = excused || n != nil && n.Irreversible != "" && (f.persistent() || f.Kind == Partial || f.Kind == PartialFatal)
		excused = excused || f.persistent() && f.Undo || f.Kind == HardStop || f.Kind == LockStolen
	}
	if !excused {
		r.Violations = append(r.Violations, "ended unsettled after faults that pass")
	}
	if len(r.Causes) == 0 {
		r.Violations = append(r.Violations, "ended unsettled without a cause")
	}
	for _, d := range s.w.Deployments() {
		env := environmentOf(d.Ref)
		if s.open(&d) != "" && !stolen && s.w.locks[env] != nil && s.w.Holder(env) != string(runID) {
			r.Violations = append(r.Violations, fmt.Sprintf("%s is unsettled and the lock of %s was given back", d.Ref, env))
		}
	}
}

// open says in what way a deployment isn't settled, "" when it is.
func (s *sim) open(d *Deployment) string {
	switch {
	case d.Half != "":
		return d.Half
	case d.Canary != "":
		return fmt.Sprintf("the new version is still there, with %g %% of the traffic", d.Weight)
	case d.Route != "":
		return "traffic still goes to the new version: " + d.Route
	case d.Weight != 0:
		return fmt.Sprintf("%g %% of the traffic goes nowhere", d.Weight)
	case d.Stable != d.began && d.Stable != NewVersion:
		return fmt.Sprintf("it runs %q", d.Stable)
	}
	return ""
}

// checkSettled reads the world: every deployment runs the old version, the new one, or nothing where nothing ran; what
// the run reported agrees with it; no lock is left behind.
func (s *sim) checkSettled(r *Result) {
	add := func(format string, args ...any) { r.Violations = append(r.Violations, fmt.Sprintf(format, args...)) }
	for _, d := range s.w.Deployments() {
		if why := s.open(&d); why != "" {
			add("%s isn't settled: %s (reported %s)", d.Ref, why, r.Outcome)
		}
	}
	for _, id := range sortedNodes(s.w.migrated) {
		if s.w.migrated[id] == "half" {
			add("%s is half applied", id)
		}
	}
	for _, env := range sortedKeys(s.w.locks) {
		if s.w.Holder(env) == string(runID) {
			add("the lock of %s is still held", env)
		}
	}
	if r.Outcome == event.Succeeded {
		s.checkSucceeded(add)
	}
	if r.Outcome != event.Succeeded && r.Outcome != event.Aborted && len(r.Causes) == 0 {
		add("ended %s without a cause", r.Outcome)
	}
	for _, c := range r.Causes {
		s.checkFailed(c, r.Outcome == event.Aborted, add)
	}
}

// checkSucceeded holds that everything was done that the plan says.
func (s *sim) checkSucceeded(add func(string, ...any)) {
	for i := range s.p.Nodes {
		n := &s.p.Nodes[i]
		if !s.branch(n.When) {
			continue
		}
		switch {
		case n.Do.Commit != nil || n.Do.Apply != nil:
			if d := s.w.deploy(refsOf(&n.Do)[0]); d.Stable != NewVersion {
				add("succeeded, but %s runs %q", d.Ref, d.Stable)
			}
		case n.Do.Retire != nil:
			if d := s.w.deploy(n.Do.Retire.Workload); d.Prior != "" {
				add("succeeded, but the old version of %s was not retired", d.Ref)
			}
		case n.Do.Migrate != nil && s.w.migrated[n.ID] != "applied":
			add("succeeded, but %s was not applied", n.ID)
		case n.Do.Exec != nil && s.runs(n.ID) == 0:
			add("succeeded, but %s did not run", n.ID)
		}
	}
}

// runs counts the executions of a command over all generations.
func (s *sim) runs(id plan.NodeID) int {
	n := 0
	for g := 1; g < 20; g++ {
		n += s.w.ran[fmt.Sprintf("%s/%s/do/%d", runID, id, g)]
	}
	return n
}

// branch evaluates a first-deploy branch against the world as it was at the start.
func (s *sim) branch(w *plan.When) bool {
	if w == nil {
		return true
	}
	n := s.nodes[w.Snapshot]
	if n == nil || n.Do.Snapshot == nil {
		return false
	}
	return (s.w.deploy(n.Do.Snapshot.Workload).began == "") == w.Absent
}

// checkFailed holds that a failed stage, and those that it rolls back, are what they were. An abort is no failure: it takes
// nothing else back.
func (s *sim) checkFailed(c event.Cause, aborted bool, add func(string, ...any)) {
	if n := s.nodes[c.Node]; n != nil && n.Do.Retire != nil {
		return
	}
	for i := range s.p.Stages {
		st := &s.p.Stages[i]
		if st.Name != c.Stage {
			continue
		}
		s.checkBack(st.Name, c, add)
		for _, name := range st.Rollback {
			if !aborted {
				s.checkBack(name, c, add)
			}
		}
	}
}

// checkBack holds that nothing that stage did is left, except what is declared irreversible.
func (s *sim) checkBack(stage string, c event.Cause, add func(string, ...any)) {
	for i := range s.p.Nodes {
		n := &s.p.Nodes[i]
		if n.Stage != stage || n.Undo == nil {
			continue
		}
		for _, ref := range refsOf(&n.Do) {
			if d := s.w.deploy(ref); d.Stable != d.began {
				add("%s failed (%s), but %s still runs %q", c.Stage, c.Message, ref, d.Stable)
			}
		}
		if n.Do.Migrate != nil && s.w.migrated[n.ID] != "" {
			add("%s failed (%s), but %s is still %s", c.Stage, c.Message, n.ID, s.w.migrated[n.ID])
		}
	}
}

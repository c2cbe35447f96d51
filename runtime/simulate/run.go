package simulate

import (
	"errors"
	"fmt"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
)

// Options describe one simulated run.
type Options struct {
	// Plan is the plan's id; it goes into run.started.
	Plan plan.ID
	// Faults is the scenario.
	Faults []Fault
	// Machine bounds the machine.
	Machine machine.Options
	// New makes the machine's state; nil is machine.New. Tests seed mistakes through it.
	New func(p *plan.Plan, o machine.Options) (*machine.State, error)
	// Quiet leaves the timeline out.
	Quiet bool
	// MaxEvents ends a run that doesn't end by itself, as a violation (default 20,000).
	MaxEvents int
}

func (o Options) newState(p *plan.Plan) (*machine.State, error) {
	if o.New != nil {
		return o.New(p, o.Machine)
	}
	return machine.New(p, o.Machine)
}

// epoch is when every simulated run starts.
var epoch = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

// Moment is one fact of the timeline and what the world looked like then.
type Moment struct {
	// At is the virtual time since the start.
	At    time.Duration
	Event event.Event
	// World is what ran, where it differs from the moment before; nil where it doesn't.
	World []Deployment
}

// Result is what a simulated run came to.
type Result struct {
	Timeline []Moment
	Journal  []event.Event
	// Outcome and Causes are what the run reported in the end.
	Outcome event.Outcome
	Causes  []event.Cause
	// First is the first outcome, where the run ended unsettled, the fault was lifted and it was resumed.
	First event.Outcome
	// World is what ran in the end, with everything arrived that was still on its way.
	World []Deployment
	// Log are the operations in order.
	Log []Operation
	// Violations are the rules that were broken, as read from the world; empty is well.
	Violations []string
	// Took is the virtual time of the run.
	Took time.Duration
}

func newSim(p *plan.Plan, o Options) *sim {
	if o.MaxEvents == 0 {
		o.MaxEvents = 20_000
	}
	s := &sim{
		p: p, nodes: map[plan.NodeID]*plan.Node{}, mons: map[plan.MonitorID]*plan.Monitor{}, opt: o, faults: o.Faults,
		w: newWorld(p, epoch, o.Faults), calls: map[string]int{}, asked: map[plan.NodeID]int{},
	}
	for i := range p.Nodes {
		s.nodes[p.Nodes[i].ID] = &p.Nodes[i]
	}
	for i := range p.Monitors {
		s.mons[p.Monitors[i].ID] = &p.Monitors[i]
	}
	return s
}

// Run plays one scenario to its end. A run that ends unsettled is resumed once after its persistent faults were lifted;
// First then tells how it had ended. An error means that the plan can't be run at all.
func Run(p *plan.Plan, o Options) (*Result, error) {
	if _, err := o.newState(p); err != nil {
		return nil, err
	}
	s := newSim(p, o)
	r := &Result{}
	err := s.run()
	r.Outcome, r.Causes = s.reported()
	r.First = r.Outcome
	s.checkEnd(r, err)
	if err == nil && r.Outcome == event.Unsettled {
		s.checkUnsettled(r)
		s.lifted = true
		s.w.now = s.w.now.Add(time.Hour)
		if err = s.again(); err == nil {
			r.Outcome, r.Causes = s.reported()
		}
		s.checkEnd(r, err)
		if err == nil && r.Outcome == event.Unsettled {
			r.Violations = append(r.Violations, "still unsettled after the fault was lifted and the run resumed")
		}
	}
	s.flush()
	if err == nil && r.Outcome != event.Unsettled {
		s.checkSettled(r)
	}
	r.Violations = append(r.Violations, s.w.broken...)
	r.Timeline, r.Journal, r.Log, r.World, r.Took = s.marks, s.journal, s.log, s.w.Deployments(), s.w.now.Sub(epoch)
	return r, nil
}

// again resumes an ended run, and goes on over every further death of the process.
func (s *sim) again() error {
	s.proc = proc{}
	err := s.resume()
	for {
		if err == nil {
			err = s.loop()
		}
		if !errors.Is(err, errKilled) {
			return err
		}
		s.die()
		err = s.resume()
	}
}

// reported reads the outcome from the journal.
func (s *sim) reported() (event.Outcome, []event.Cause) {
	for i := len(s.journal) - 1; i >= 0; i-- {
		if s.journal[i].Type == event.RunEnded {
			e, err := event.Payload[event.Ended](s.journal[i])
			if err != nil {
				return "", nil
			}
			return e.Outcome, e.Causes
		}
	}
	return "", nil
}

// mark adds a moment to the timeline.
func (s *sim) mark(e event.Event) {
	if s.opt.Quiet {
		return
	}
	m := Moment{At: s.w.now.Sub(epoch), Event: e}
	now := s.w.Deployments()
	if len(s.marks) == 0 || fmt.Sprint(shape(now)) != s.shape {
		m.World = now
		s.shape = fmt.Sprint(shape(now))
	}
	s.marks = append(s.marks, m)
}

// shape is what of the deployments a person sees.
func shape(ds []Deployment) []string {
	var out []string
	for _, d := range ds {
		out = append(out, d.String())
	}
	return out
}

// String says in a few words what runs: "hello@local: old 90 %, new 10 %".
func (d Deployment) String() string {
	name := func(v string) string {
		if v == "" {
			return "nothing"
		}
		return v
	}
	out := fmt.Sprintf("%s: %s %g %%", d.Ref, name(d.Stable), 100-d.Weight)
	if d.Canary != "" {
		out += fmt.Sprintf(", %s %g %%", d.Canary, d.Weight)
	}
	if d.Route != "" {
		out += ", " + d.Route
	}
	if d.Half != "" {
		out += " (" + d.Half + ")"
	}
	return out
}

package lower

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/compiler/source"
	"github.com/penstock-dev/penstock/schema"
)

// canary walks its steps where a stable version exists.
func canary(d *deploy) error {
	c := d.src.Canary
	if err := d.stageUp(plan.StageOp{Capacity: firstCapacity(c.Steps)}); err != nil {
		return err
	}
	g := d.gradual(c.Analysis)
	for i, s := range c.Steps {
		path := source.Index(d.path+".steps", i)
		if s.Approve != nil {
			g.ask(path, *s.Approve)
			continue
		}
		op, step, err := stepShift(s)
		if err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
		if err := g.rise(rise{step: step, path: path, shift: op, hold: span(s.Hold), during: s.During, quiet: s.Weight == nil}); err != nil {
			return err
		}
	}
	return g.finish()
}

// firstCapacity is the capacity that the new version is brought up with: that of the first step that says one.
func firstCapacity(steps []schema.Step) float64 {
	for _, s := range steps {
		if s.Approve == nil {
			if s.Capacity != nil {
				return *s.Capacity
			}
			return 0
		}
	}
	return 0
}

// stepShift is the traffic of one step, and the step's name.
func stepShift(s schema.Step) (plan.Shift, string, error) {
	op := plan.Shift{}
	if s.Capacity != nil {
		op.Capacity = *s.Capacity
	}
	switch {
	case s.Weight != nil:
		op.Weight = *s.Weight
		return op, "shift-" + percent(op.Weight), nil
	case s.Match != nil:
		op.Match = matches(*s.Match)
		return op, "match", nil
	case s.Mirror != nil:
		op.Mirror = s.Mirror.WeightOrDefault()
		return op, "mirror-" + percent(op.Mirror), nil
	}
	return op, "", fmt.Errorf("it does nothing")
}

// matches lists header conditions by name, then those of cookies.
func matches(m schema.Match) []plan.Match {
	var out []plan.Match
	for _, name := range sorted(m.Headers) {
		v := m.Headers[name]
		out = append(out, plan.Match{Header: name, Exact: v.Exact, Prefix: v.Prefix, Regex: v.Regex})
	}
	for _, name := range sorted(m.Cookies) {
		v := m.Cookies[name]
		out = append(out, plan.Match{Cookie: name, Exact: v.Exact, Prefix: v.Prefix, Regex: v.Regex})
	}
	return out
}

func percent(w float64) string { return strconv.FormatFloat(w, 'f', -1, 64) }

// gradual builds the two branches of a strategy that moves traffic step by step.
type gradual struct {
	*deploy
	analysis *schema.Analysis
	// opens is the first node that moves traffic where a stable version exists.
	opens *plan.Node
	holds []plan.Duration
	held  []*plan.Hold
	// asked are the approvals between steps, which a first deploy needs too.
	asked []plan.NodeID
	// durings run beside the steps; on a first deploy they run beside its one hold.
	durings []rise
	staged  []plan.NodeID
}

func (d *deploy) gradual(a *schema.Analysis) *gradual {
	return &gradual{deploy: d, analysis: a, staged: slices.Clone(d.tail)}
}

// rise is one step that moves traffic.
type rise struct {
	step, path string
	shift      plan.Shift
	hold       plan.Duration
	during     *schema.During
	quiet      bool // it gives the new version no share of everybody's traffic
}

// ask adds an approval between steps. It belongs to both branches: on a first deploy the steps before it are skipped.
func (g *gradual) ask(path string, a schema.Approve) {
	n := g.next("approve", path, approval(a))
	g.asked = append(g.asked, n.ID)
}

// rise adds a step where a stable version exists. While work goes on beside it, the hold is a node of its own.
func (g *gradual) rise(r rise) error {
	needs := g.tail
	if !r.quiet {
		var err error
		if needs, err = g.reask(percent(r.shift.Weight), g.present(), needs); err != nil {
			return err
		}
	}
	shift := g.shift(r.step, r.path, needs, r.shift)
	shift.When = g.present()
	if g.opens == nil {
		g.opens = shift
	}
	g.tail = []plan.NodeID{shift.ID}
	g.holds = append(g.holds, r.hold)
	step := string(shift.ID)[len(g.s.name)+1:]
	if r.during == nil || r.during.Exec == nil {
		shift.Hold = g.hold(r.hold)
		return nil
	}
	g.durings = append(g.durings, rise{step: step, path: r.path, during: r.during})
	g.side(func(needs []plan.NodeID) []plan.NodeID {
		added := []plan.NodeID{g.beside(step, r, needs, g.present()).ID}
		if h := g.hold(r.hold); h != nil {
			n := g.node(step+"-hold", r.path, needs, plan.Do{Hold: &plan.HoldOp{Workload: g.ref}})
			n.Hold, n.When = h, g.present()
			added = append(added, n.ID)
		}
		return added
	})
	return nil
}

// beside adds work that goes on while a step lasts. It stops with the step.
func (g *gradual) beside(step string, r rise, needs []plan.NodeID, when *plan.When) *plan.Node {
	e := *r.during.Exec
	n := g.node(step+"-during", r.path+".during", needs, plan.Do{Exec: g.l.program(e, g.src.In, r.during.InterruptedOrDefault())})
	n.Undo, n.When, n.Interruptible = revert(e, g.src.In), when, true
	return n
}

// hold is watched time; the monitor is filled in when it is known. No time is no hold.
func (g *gradual) hold(d plan.Duration) *plan.Hold {
	if d <= 0 {
		return nil
	}
	h := &plan.Hold{For: d}
	g.held = append(g.held, h)
	return h
}

// finish joins the branches, commits, and lets the judge watch.
func (g *gradual) finish() error {
	steps, err := g.reask("commit", g.present(), g.tail)
	if err != nil {
		return err
	}
	first, ends, err := g.first()
	if err != nil {
		return err
	}
	g.tail = slices.Concat(steps, ends)
	commit := g.deploy.finish(plan.Commit{})
	if !judges(g.analysis) {
		return nil
	}
	if g.opens != nil {
		w := watched{ref: g.ref, against: "stable", opens: g.opens.ID, closes: commit.ID, when: g.present()}
		id := g.monitor("judge", g.path, g.analysis, w, g.holds...)
		for _, h := range g.held {
			h.Monitor = id
		}
	}
	w := watched{ref: g.ref, against: "objective", opens: first.node.ID, closes: commit.ID, when: g.absent(), first: true}
	id := g.monitor("judge-first", g.path, g.analysis, w, first.total)
	if first.hold != nil {
		first.hold.Monitor = id
	}
	return nil
}

// firstDeploy is the branch on which there is nothing yet.
type firstDeploy struct {
	node  *plan.Node
	hold  *plan.Hold
	total plan.Duration
}

// first adds the branch of a first deploy: all traffic at once, watched for as long as all steps together. It returns
// what the commit waits for.
func (g *gradual) first() (firstDeploy, []plan.NodeID, error) {
	needs, err := g.reask("first", g.absent(), slices.Concat(g.staged, g.asked))
	if err != nil {
		return firstDeploy{}, nil, err
	}
	f := firstDeploy{node: g.shift("first", g.path, needs, plan.Shift{Weight: 100})}
	f.node.When = g.absent()
	for _, h := range g.holds {
		f.total += h
	}
	if f.total > 0 {
		f.hold = &plan.Hold{For: f.total}
	}
	if len(g.durings) == 0 {
		f.node.Hold = f.hold
		return f, []plan.NodeID{f.node.ID}, nil
	}
	// One after the other, as the steps would have run them, beside the one hold.
	tail := []plan.NodeID{f.node.ID}
	for _, r := range g.durings {
		tail = []plan.NodeID{g.beside("first-"+r.step, r, tail, g.absent()).ID}
	}
	if f.hold != nil {
		n := g.node("first-hold", g.path, []plan.NodeID{f.node.ID}, plan.Do{Hold: &plan.HoldOp{Workload: g.ref}})
		n.Hold, n.When = f.hold, g.absent()
		tail = append(tail, n.ID)
	}
	return f, tail, nil
}

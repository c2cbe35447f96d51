package lower

import (
	"fmt"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/compiler/source"
	"github.com/penstock-dev/penstock/schema"
)

// calendarExpires bounds the wait for a window: the longest freeze that vet looks ahead is a year, the longest that a
// run is left waiting is a month.
const calendarExpires = schema.Duration("30d")

// enter adds the conditions under which the stage may begin: what its environment demands (when it changes it) and its
// own gates. All are asked beside each other.
func (b *builder) enter(changes bool) error {
	var err error
	b.side(func(needs []plan.NodeID) []plan.NodeID {
		var added []plan.NodeID
		if changes {
			added = b.demands(needs)
		}
		for _, name := range sorted(b.s.src.Gates) {
			var do plan.Do
			if do, err = b.gate(name); err != nil {
				return nil
			}
			added = append(added, b.gateNode("gate-"+string(name), name, needs, do).ID)
		}
		return added
	})
	return err
}

func (b *builder) gateNode(step string, name schema.GateName, needs []plan.NodeID, do plan.Do) *plan.Node {
	g := b.s.src.Gates[name]
	n := b.node(step, source.Join(b.s.path+".gates", string(name)), needs, do)
	n.Timeout = span(g.ExpiresOrDefault())
	return n
}

// demands are the gates that the environment itself puts up before a change.
func (b *builder) demands(needs []plan.NodeID) []plan.NodeID {
	env := schema.EnvName(b.s.out.Environment)
	e := b.l.p.Environments[env]
	path := source.Join("environments", string(env))
	var added []plan.NodeID
	if len(e.Calendar) > 0 {
		do := plan.Do{Gate: &plan.Gate{Name: "calendar", Calendar: &plan.CalendarGate{Environment: string(env)}, Every: span(schema.DefaultGateEvery)}}
		n := b.node("calendar", path+".calendar", needs, do)
		n.Timeout = span(calendarExpires)
		added = append(added, n.ID)
	}
	if e.Requires == nil || b.s.src.Deploy == nil {
		return added
	}
	for _, after := range sorted(e.Requires.After) {
		soak := e.Requires.After[after].Soak
		if soak.Value() == 0 || b.soaks(after, soak) {
			continue
		}
		do := plan.Do{Gate: &plan.Gate{
			Name: "soak-" + string(after), Soak: &plan.SoakGate{Environment: string(after), For: span(soak)}, Every: span(schema.DefaultGateEvery),
		}}
		n := b.node("soak-"+string(after), source.Join(path+".requires.after", string(after)), needs, do)
		n.Timeout = span(schema.DefaultExpires) + span(soak)
		added = append(added, n.ID)
	}
	return added
}

// soaks reports whether a gate of the stage's own already waits that long.
func (b *builder) soaks(env schema.EnvName, least schema.Duration) bool {
	for _, g := range b.s.src.Gates {
		if g.Soak != nil && g.Soak.In == env && g.Soak.AtLeast.Value() >= least.Value() {
			return true
		}
	}
	return false
}

// reask adds the stage's budget gates once more, before traffic rises. It returns what the rise has to wait for.
func (b *builder) reask(rise string, when *plan.When, needs []plan.NodeID) ([]plan.NodeID, error) {
	var added []plan.NodeID
	for _, name := range sorted(b.s.src.Gates) {
		if b.s.src.Gates[name].ErrorBudget == nil {
			continue
		}
		do, err := b.gate(name)
		if err != nil {
			return nil, err
		}
		n := b.gateNode("gate-"+string(name)+"-"+rise, name, needs, do)
		n.When = when
		added = append(added, n.ID)
	}
	if len(added) == 0 {
		return needs, nil
	}
	return added, nil
}

// gate is one condition of the stage.
func (b *builder) gate(name schema.GateName) (plan.Do, error) {
	g := b.s.src.Gates[name]
	out := &plan.Gate{Name: string(name), Every: span(g.EveryOrDefault())}
	env := func(in schema.EnvName) string {
		if in != "" {
			return string(in)
		}
		return b.s.out.Environment
	}
	switch {
	case g.ErrorBudget != nil:
		out.ErrorBudget = &plan.ErrorBudgetGate{SLO: string(g.ErrorBudget.SLO), Environment: env(g.ErrorBudget.In)}
		if g.ErrorBudget.AtLeast != nil {
			out.ErrorBudget.AtLeast = *g.ErrorBudget.AtLeast
		}
		if g.ErrorBudget.BurnRateBelow != nil {
			out.ErrorBudget.BurnRateBelow = *g.ErrorBudget.BurnRateBelow
		}
	case g.Window != nil:
		w := window(string(name), *g.Window, false)
		out.Window = &w
	case g.Soak != nil:
		out.Soak = &plan.SoakGate{Environment: string(g.Soak.In), For: span(g.Soak.AtLeast)}
	case g.Query != nil:
		out.Query = &plan.QueryGate{Environment: env(g.Query.In), Query: g.Query.Query, Above: g.Query.Above, Below: g.Query.Below}
	case g.Alert != nil:
		out.Alert = &plan.AlertGate{Environment: env(g.Alert.In), Name: g.Alert.Name, Labels: g.Alert.Labels}
	case g.Exec != nil:
		out.Exec = command(*g.Exec, schema.EnvName(b.s.out.Environment), schema.InterruptedRerun) // it only asks
	default:
		return plan.Do{}, fmt.Errorf("gate %q asks nothing", name)
	}
	return plan.Do{Gate: out}, nil
}

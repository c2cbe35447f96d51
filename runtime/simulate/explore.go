package simulate

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
)

// Scope says how much Explore plays.
type Scope struct {
	Options
	// FirstOnly leaves out the second fault in the compensation.
	FirstOnly bool
	// Every plays only every n-th second fault, in a fixed choice; 0 and 1 play all. Plans of hundreds of nodes need it.
	Every int
	// Most ends the exploration early once that many violations were found; 0 finds all.
	Most int
}

// Violation is a scenario that ended in a world it must not end in.
type Violation struct {
	Scenario []string
	What     []string
}

func (v Violation) String() string {
	return strings.Join(v.Scenario, " + ") + ": " + strings.Join(v.What, "; ")
}

// Report is what Explore found.
type Report struct {
	// Cases counts the scenarios played, ByKind how often each kind of fault took part.
	Cases  int
	ByKind map[Kind]int
	// Outcomes counts how the runs ended (at first, where a lifted fault let them go on).
	Outcomes   map[event.Outcome]int
	Violations []Violation
}

// String is the line that tests print.
func (r *Report) String() string {
	var parts []string
	for _, o := range slices.Sorted(maps.Keys(r.Outcomes)) {
		parts = append(parts, fmt.Sprintf("%d %s", r.Outcomes[o], o))
	}
	return fmt.Sprintf("%d cases (%s), %d violations", r.Cases, strings.Join(parts, ", "), len(r.Violations))
}

// Explore plays a plan without a fault, with every single fault at every place, and with every second fault in every
// compensation that follows: each kind at each execution of each operation, each decision of people, gates and judges,
// the death of the process and a refusing store at each append, an abort at each append, a stolen lock; both where a
// version runs already and where none does. It is deterministic.
func Explore(ctx context.Context, p *plan.Plan, sc Scope) (*Report, error) {
	sc.Quiet = true
	r := &Report{ByKind: map[Kind]int{}, Outcomes: map[event.Outcome]int{}}
	for _, base := range bases(p) {
		plain, err := play(p, sc, base)
		if err != nil {
			return nil, err
		}
		r.add(base, plain)
		if err := r.explore(ctx, p, sc, base, firsts(p, plain), true); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(r.Violations, func(a, b Violation) int { return cmp.Compare(a.String(), b.String()) })
	return r, nil
}

func play(p *plan.Plan, sc Scope, faults []Fault) (*Result, error) {
	o := sc.Options
	o.Faults = faults
	return Run(p, o)
}

// explore plays base with each of the further faults, on all processors, and collects in order.
func (r *Report) explore(ctx context.Context, p *plan.Plan, sc Scope, base []Fault, more []Fault, first bool) error {
	results := make([]*Result, len(more))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, f := range more {
		g.Go(func() error {
			if err := gctx.Err(); err != nil {
				return err
			}
			x, err := play(p, sc, append(slices.Clone(base), f))
			results[i] = x
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i, f := range more {
		r.add(append(slices.Clone(base), f), results[i])
	}
	for i, f := range more {
		if !first || sc.FirstOnly || sc.Most > 0 && len(r.Violations) >= sc.Most {
			break
		}
		next := thin(seconds(results[i], f), sc.Every)
		if err := r.explore(ctx, p, sc, append(slices.Clone(base), f), next, false); err != nil {
			return err
		}
	}
	return nil
}

func (r *Report) add(faults []Fault, x *Result) {
	r.Cases++
	r.Outcomes[x.First]++
	var texts []string
	for _, f := range faults {
		r.ByKind[f.Kind]++
		texts = append(texts, f.String())
	}
	if len(x.Violations) > 0 {
		r.Violations = append(r.Violations, Violation{Scenario: texts, What: x.Violations})
	}
}

// bases are the two worlds to start from: a version runs everywhere, or nowhere.
func bases(p *plan.Plan) [][]Fault {
	refs := map[plan.Ref]bool{}
	for i := range p.Nodes {
		if p.Nodes[i].Do.Snapshot != nil {
			refs[p.Nodes[i].Do.Snapshot.Workload] = true
		}
	}
	out := [][]Fault{nil}
	var absent []Fault
	for _, ref := range slices.Sorted(maps.Keys(refs)) {
		absent = append(absent, Fault{Kind: Absent, On: string(ref)})
	}
	if len(absent) > 0 {
		out = append(out, absent)
	}
	return out
}

// lateBy are the numbers of further operations after which a late effect arrives: at once, after the next ones, at the end.
var lateBy = [...]int{0, 1, 2, 4, 1000}

// opFaults are all faults of one operation.
func opFaults(o Operation) []Fault {
	var out []Fault
	for _, k := range OpKinds() {
		f := Fault{Kind: k, On: string(o.Node), Undo: o.Undo, Attempt: o.Attempt}
		if k != Late {
			out = append(out, f)
			continue
		}
		for _, n := range lateBy {
			f.Arg = n
			out = append(out, f)
		}
	}
	return out
}

// firsts are all single faults of a run that would go well.
func firsts(p *plan.Plan, plain *Result) []Fault {
	var out []Fault
	for _, o := range plain.Log {
		out = append(out, opFaults(o)...)
	}
	for i := range p.Monitors {
		id := string(p.Monitors[i].ID)
		for tick := range 4 {
			out = append(out, Fault{Kind: Harm, On: id, Arg: tick * tick})
		}
		out = append(out, Fault{Kind: Inconclusive, On: id}, Fault{Kind: Safe, On: id})
	}
	for i := range p.Nodes {
		id := string(p.Nodes[i].ID)
		switch {
		case p.Nodes[i].Do.Approve != nil:
			out = append(out, Fault{Kind: Reject, On: id}, Fault{Kind: Expire, On: id})
		case p.Nodes[i].Do.Gate != nil:
			out = append(out, Fault{Kind: Closed, On: id, Arg: 2}, Fault{Kind: Never, On: id})
		}
	}
	for n := 1; n <= len(plain.Journal); n++ {
		for _, k := range []Kind{KillBefore, KillAfter, KillLate, KillLost, StoreRefuses, Abort, HardStop, LockStolen} {
			out = append(out, Fault{Kind: k, Arg: n})
		}
	}
	return out
}

// seconds are the faults that can hit the compensation which the first one led to: every fault of every undo, and the
// death of the process at every append from the first undo on.
func seconds(x *Result, first Fault) []Fault {
	var out []Fault
	for _, o := range x.Log {
		if o.Undo && !(first.Undo && first.On == string(o.Node)) {
			out = append(out, opFaults(o)...)
		}
	}
	from := slices.IndexFunc(x.Journal, func(e event.Event) bool { return e.Undo })
	if from < 0 {
		return nil
	}
	for n := from + 1; n <= len(x.Journal); n++ {
		for _, k := range []Kind{KillBefore, KillAfter, KillLate, KillLost, StoreRefuses} {
			out = append(out, Fault{Kind: k, Arg: n})
		}
	}
	return out
}

// thin keeps every n-th.
func thin(list []Fault, n int) []Fault {
	if n <= 1 {
		return list
	}
	var out []Fault
	for i := 0; i < len(list); i += n {
		out = append(out, list[i])
	}
	return out
}

func sortedNodes[V any](m map[plan.NodeID]V) []plan.NodeID { return slices.Sorted(maps.Keys(m)) }

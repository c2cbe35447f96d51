package machine

import (
	"fmt"
	"slices"

	"github.com/penstock-dev/penstock/compiler/plan"
)

// none is the index of nothing.
const none = int32(-1)

// graph is a plan with its names resolved to indices; it never changes after New.
type graph struct {
	plan  *plan.Plan
	index map[plan.NodeID]int32
	nodes []gnode
	// deps[depOff[i]:depOff[i+1]] are the nodes that need node i.
	deps   []int32
	depOff []int32

	stageIndex map[string]int32
	stages     []gstage
	envIndex   map[string]int32
	envs       []genv
	monIndex   map[plan.MonitorID]int32
	monitors   []gmonitor
	// opens and closes list the monitors of a node.
	opens, closes map[int32][]int32
	// covers[k] is a sorted list of approve nodes; gnode.cover points into it.
	covers [][]int32
	// binders are, for each approve node, the nodes upstream of it that can establish bindings, in plan order.
	binders map[int32][]int32
	// prod says of an approve node that an environment below it refuses people known only by their OS user.
	refusesOSUser map[int32]bool
}

type gnode struct {
	n      *plan.Node
	op     plan.Op
	stage  int32
	env    int32 // whose lock is needed, none if none
	snap   int32 // snapshot whose prior the instruction is given
	when   int32 // snapshot of the branch, none without a condition
	cover  int32
	needs  int32
	commit bool // makes its stage's effect permanent
	acts   bool // changes something outside
	oneWay bool // declared irreversible: when it stops half-way, the only way is forward
}

type gstage struct {
	s     *plan.Stage
	nodes []int32
	envs  []int32
	// undoes are the stages that it names in Rollback.
	undoes   []int32
	monitors []int32
	// main counts the nodes that aren't retire.
	main int32
	// commits counts the nodes that make the effect permanent.
	commits int32
}

type genv struct {
	name  string
	place plan.Place
}

type gmonitor struct {
	m             *plan.Monitor
	stage         int32
	opens, closes int32
	when          int32
}

func newGraph(p *plan.Plan) (*graph, error) {
	g := &graph{
		plan: p, index: make(map[plan.NodeID]int32, len(p.Nodes)), nodes: make([]gnode, len(p.Nodes)),
		stageIndex: map[string]int32{}, envIndex: map[string]int32{}, monIndex: map[plan.MonitorID]int32{},
		opens: map[int32][]int32{}, closes: map[int32][]int32{}, binders: map[int32][]int32{}, refusesOSUser: map[int32]bool{},
	}
	for i := range p.Nodes {
		if _, twice := g.index[p.Nodes[i].ID]; twice {
			return nil, fmt.Errorf("node %q occurs twice", p.Nodes[i].ID)
		}
		g.index[p.Nodes[i].ID] = int32(i)
	}
	steps := []func() error{g.addStages, g.addNodes, g.addEdges, g.addMonitors, g.addSnapshots}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, err
		}
	}
	order, err := g.order()
	if err != nil {
		return nil, err
	}
	g.addCovers(order)
	return g, nil
}

func (g *graph) addStages() error {
	g.stages = make([]gstage, len(g.plan.Stages))
	for i := range g.plan.Stages {
		s := &g.plan.Stages[i]
		if _, twice := g.stageIndex[s.Name]; twice {
			return fmt.Errorf("stage %q occurs twice", s.Name)
		}
		g.stageIndex[s.Name] = int32(i)
		g.stages[i].s = s
	}
	for i := range g.stages {
		for _, name := range g.stages[i].s.Rollback {
			u, ok := g.stageIndex[name]
			if !ok {
				return fmt.Errorf("stage %q rolls back unknown stage %q", g.stages[i].s.Name, name)
			}
			if u != int32(i) && !slices.Contains(g.stages[i].undoes, u) {
				g.stages[i].undoes = append(g.stages[i].undoes, u)
			}
		}
	}
	return nil
}

func (g *graph) addNodes() error {
	for i := range g.plan.Nodes {
		n := &g.plan.Nodes[i]
		st, ok := g.stageIndex[n.Stage]
		if !ok {
			return fmt.Errorf("node %q is of unknown stage %q", n.ID, n.Stage)
		}
		op := n.Do.Op()
		if op == "" {
			return fmt.Errorf("node %q has no instruction", n.ID)
		}
		x := gnode{n: n, op: op, stage: st, env: none, snap: none, when: none, commit: commits(op), acts: acts(op)}
		x.oneWay = n.Irreversible != "" && n.Undo == nil && x.acts && op != plan.OpExec
		if n.Lock != "" {
			x.env = g.env(n.Lock)
		}
		g.nodes[i] = x
		s := &g.stages[st]
		s.nodes = append(s.nodes, int32(i))
		if op != plan.OpRetire {
			s.main++
		}
		if x.commit {
			s.commits++
		}
		if x.env != none && !slices.Contains(s.envs, x.env) {
			s.envs = append(s.envs, x.env)
		}
	}
	for i := range g.nodes { // what is recorded before writing has to be read under the same lock
		x := &g.nodes[i]
		if envs := g.stages[x.stage].envs; x.op == plan.OpSnapshot && x.env == none && len(envs) > 0 {
			x.env = envs[0]
		}
	}
	return nil
}

func (g *graph) env(name string) int32 {
	if e, ok := g.envIndex[name]; ok {
		return e
	}
	e := int32(len(g.envs))
	g.envIndex[name] = e
	g.envs = append(g.envs, genv{name: name, place: g.plan.Envs[name].Place})
	return e
}

// addEdges resolves the needs once, then builds the reverse adjacency by counting.
func (g *graph) addEdges() error {
	n := len(g.nodes)
	total := 0
	for i := range g.plan.Nodes {
		total += len(g.plan.Nodes[i].Needs) + 1
	}
	needs := make([]int32, 0, total)
	g.depOff = make([]int32, n+1)
	for i := range g.plan.Nodes {
		x := &g.plan.Nodes[i]
		from := len(needs)
		for _, id := range x.Needs {
			d, ok := g.index[id]
			if !ok {
				return fmt.Errorf("node %q needs unknown node %q", x.ID, id)
			}
			needs = append(needs, d)
		}
		if x.When != nil {
			d, ok := g.index[x.When.Snapshot]
			if !ok {
				return fmt.Errorf("node %q depends on unknown snapshot %q", x.ID, x.When.Snapshot)
			}
			g.nodes[i].when = d
			needs = append(needs, d)
		}
		g.nodes[i].needs = int32(len(needs) - from)
		for _, d := range needs[from:] {
			g.depOff[d+1]++
		}
	}
	for i := range n {
		g.depOff[i+1] += g.depOff[i]
	}
	g.deps = make([]int32, len(needs))
	at := slices.Clone(g.depOff[:n])
	k := 0
	for i := range g.nodes {
		for range g.nodes[i].needs {
			d := needs[k]
			g.deps[at[d]] = int32(i)
			at[d]++
			k++
		}
	}
	return nil
}

func (g *graph) dependents(i int32) []int32 { return g.deps[g.depOff[i]:g.depOff[i+1]] }

func (g *graph) addMonitors() error {
	g.monitors = make([]gmonitor, len(g.plan.Monitors))
	for i := range g.plan.Monitors {
		m := &g.plan.Monitors[i]
		x := gmonitor{m: m, when: none}
		var ok [3]bool
		x.stage, ok[0] = g.stageIndex[m.Stage]
		x.opens, ok[1] = g.index[m.Opens]
		x.closes, ok[2] = g.index[m.Closes]
		if m.When != nil {
			s, found := g.index[m.When.Snapshot]
			x.when, ok[0] = s, ok[0] && found
		}
		if !ok[0] || !ok[1] || !ok[2] || x.opens == x.closes {
			return fmt.Errorf("monitor %q: its stage and two different nodes must exist", m.ID)
		}
		if _, twice := g.monIndex[m.ID]; twice {
			return fmt.Errorf("monitor %q occurs twice", m.ID)
		}
		g.monIndex[m.ID] = int32(i)
		g.monitors[i] = x
		g.stages[x.stage].monitors = append(g.stages[x.stage].monitors, int32(i))
		g.opens[x.opens] = append(g.opens[x.opens], int32(i))
		g.closes[x.closes] = append(g.closes[x.closes], int32(i))
	}
	return nil
}

// addSnapshots finds whose prior an instruction is given: the one that it (or its undo) names, else its stage's only one.
func (g *graph) addSnapshots() error {
	only := make([]int32, len(g.stages))
	for i := range only {
		only[i] = none
	}
	for i := range g.nodes {
		if g.nodes[i].op == plan.OpSnapshot {
			only[g.nodes[i].stage] = int32(i)
		}
	}
	for i := range g.nodes {
		x := &g.nodes[i]
		x.snap = only[x.stage]
		dos := []*plan.Do{&x.n.Do}
		if x.n.Undo != nil {
			if x.n.Undo.Op() == "" {
				return fmt.Errorf("node %q has an empty undo", x.n.ID)
			}
			dos = append(dos, x.n.Undo)
		}
		for _, d := range dos {
			id := plan.NodeID("")
			switch {
			case d.Restore != nil:
				id = d.Restore.Snapshot
			case d.Retire != nil:
				id = d.Retire.Snapshot
			}
			if id == "" {
				continue
			}
			s, ok := g.index[id]
			if !ok || g.nodes[s].op != plan.OpSnapshot {
				return fmt.Errorf("node %q goes back to unknown snapshot %q", x.n.ID, id)
			}
			x.snap = s
		}
	}
	return nil
}

// order is a topological order of the nodes (Kahn); a plan with a cycle is refused.
func (g *graph) order() ([]int32, error) {
	wait := make([]int32, len(g.nodes))
	order := make([]int32, 0, len(g.nodes))
	for i := range g.nodes {
		if wait[i] = g.nodes[i].needs; wait[i] == 0 {
			order = append(order, int32(i))
		}
	}
	for k := 0; k < len(order); k++ {
		for _, d := range g.dependents(order[k]) {
			if wait[d]--; wait[d] == 0 {
				order = append(order, d)
			}
		}
	}
	if len(order) < len(g.nodes) {
		return nil, fmt.Errorf("the plan's nodes form a cycle")
	}
	return order, nil
}

// commits says which instructions make an effect permanent: an abort leaves it.
func commits(op plan.Op) bool {
	return op == plan.OpCommit || op == plan.OpApply || op == plan.OpMigrate || op == plan.OpCopyArtifact
}

// acts says which instructions change something outside.
func acts(op plan.Op) bool {
	switch op {
	case plan.OpSnapshot, plan.OpPreview, plan.OpVerifyArtifact, plan.OpNotify, plan.OpGate, plan.OpApprove, plan.OpHold:
		return false
	}
	return true
}

package lower

import (
	"fmt"
	"slices"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/compiler/source"
	"github.com/penstock-dev/penstock/schema"
)

// action is how one kind of stage becomes nodes. The field is its name in the schema and in plan.Stage.
type action struct {
	field string
	lower func(*builder) error
}

// actions is the table of what a stage can do.
func actions() []action {
	return []action{
		{"exec", execStage},
		{"deploy", deployStage},
		{"verify", verifyStage},
		{"approve", approveStage},
		{"migrate", migrateStage},
		{"preview", previewStage},
		{"promote", promoteStage},
	}
}

// strategy is how one strategy of a deploy becomes nodes.
type strategy struct {
	field string
	lower func(*deploy) error
}

// strategies is the table of how a workload can be deployed.
func strategies() []strategy {
	return []strategy{
		{"allAtOnce", allAtOnce},
		{"rolling", rolling},
		{"canary", canary},
		{"linear", linear},
		{"blueGreen", blueGreen},
		{"apply", apply},
	}
}

// expand turns each stage into nodes and monitors.
func expand(l *lowering) error {
	table := map[string]func(*builder) error{}
	for _, a := range actions() {
		table[a.field] = a.lower
	}
	for _, s := range l.stages {
		present := s.src.Variants()
		if len(present) != 1 {
			return fmt.Errorf("stage %q has %d actions", s.name, len(present))
		}
		s.out.Action = present[0]
		b := &builder{l: l, s: s, path: source.Join(s.path, present[0])}
		if err := table[present[0]](b); err != nil {
			return fmt.Errorf("stage %q: %w", s.name, err)
		}
	}
	return nil
}

// builder adds nodes to one stage, one behind the other.
type builder struct {
	l *lowering
	s *stage
	// path is the definition path of the action.
	path string
	// tail are the nodes that the next one waits for.
	tail []plan.NodeID
}

func nodeID(stage schema.StageName, step string) plan.NodeID {
	return plan.NodeID(string(stage) + "/" + step)
}

// node adds a node behind the given ones, under the first free name of step, step-2, step-3 …
func (b *builder) node(step, path string, needs []plan.NodeID, do plan.Do) *plan.Node {
	id := nodeID(b.s.name, step)
	for k := 2; b.l.nodes[id] != nil; k++ {
		id = nodeID(b.s.name, fmt.Sprintf("%s-%d", step, k))
	}
	n := &plan.Node{ID: id, Stage: string(b.s.name), Needs: slices.Clone(needs), Do: do}
	b.l.nodes[id] = n
	b.l.paths[string(id)] = path
	b.s.nodes = append(b.s.nodes, n)
	return n
}

// next adds a node behind the tail and makes it the tail.
func (b *builder) next(step, path string, do plan.Do) *plan.Node {
	n := b.node(step, path, b.tail, do)
	b.tail = []plan.NodeID{n.ID}
	return n
}

// side adds nodes that the next one waits for, beside each other: each is added behind the tail as it was.
func (b *builder) side(add func(needs []plan.NodeID) []plan.NodeID) {
	if added := add(b.tail); len(added) > 0 {
		b.tail = added
	}
}

// in sets the stage's environment and returns it.
func (b *builder) in(name schema.EnvName) (schema.Environment, error) {
	e, ok := b.l.p.Environments[name]
	if !ok {
		return e, fmt.Errorf("unknown environment %q", name)
	}
	b.s.out.Environment = string(name)
	return e, nil
}

// on sets the stage's workload and environment, and notes that the plan has it there.
func (b *builder) on(name schema.WorkloadName, env schema.EnvName) (plan.Ref, schema.Workload, error) {
	e, err := b.in(env)
	if err != nil {
		return "", schema.Workload{}, err
	}
	base, ok := b.l.p.Workloads[name]
	if !ok {
		return "", schema.Workload{}, fmt.Errorf("unknown workload %q", name)
	}
	w, conflicts := base.Resolve(env)
	kinds, want := w.Variants(), e.Variants()
	if len(conflicts) > 0 || len(kinds) != 1 || !slices.Equal(kinds, want) {
		return "", w, fmt.Errorf("workload %q is not one of environment %q: it is %v there, conflicts %v", name, env, kinds, conflicts)
	}
	b.s.out.Workload = string(name)
	ref := plan.RefOf(string(name), string(env))
	if b.l.out.Workloads == nil {
		b.l.out.Workloads = map[plan.Ref]plan.Workload{}
	}
	if _, known := b.l.out.Workloads[ref]; !known {
		b.l.out.Workloads[ref] = plan.Workload{Name: string(name), Environment: string(env), Kind: kinds[0]}
	}
	return ref, w, nil
}

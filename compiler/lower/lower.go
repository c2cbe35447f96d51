package lower

import (
	"fmt"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/compiler/source"
	"github.com/penstock-dev/penstock/schema"
)

// Input is a checked pipeline.
type Input struct {
	Pipeline *schema.Pipeline
	Source   *source.Map
	// Digests holds "sha256:…" of each local file that the pipeline names, by its path as it is written there.
	Digests map[string]string
	// Inputs are values given from outside when compiling (tags).
	Inputs map[string]string
}

// pass is one step of lowering. It reads what earlier ones left and adds its own part.
type pass struct {
	name string
	run  func(*lowering) error
}

// passes is the order in which a plan comes to be.
func passes() []pass {
	return []pass{
		{"head", head},                 // owner, waivers, groups, notifications: nothing depends on it
		{"environments", environments}, // before stages: gates and judges copy what environments demand
		{"slos", slos},                 // before stages: judges name them
		{"stages", stages},             // the user's graph, needs and before joined, in order
		{"artifacts", artifacts},       // behind stages, which say who produces them; before expand, which verifies them
		{"expand", expand},             // each stage by its action: nodes and monitors
		{"previews", previews},         // behind expand: an apply looks for the preview stage that it executes
		{"link", link},                 // behind expand: the edges between stages need their first and last nodes
		{"retirements", retirements},   // behind link: an old version is kept for every stage that may go back to it
		{"bounds", bounds},             // behind previews, which may add nodes: timeouts, retries, locks of each node
		{"order", order},               // behind all that adds nodes or edges
		{"origins", origins},           // last: it asks for every name that the plan has
	}
}

// Lower turns a pipeline that passed its checks into a plan without specs, which package bind adds, and into what is
// known about where each part came from. The error means that the pipeline should not have passed: a name that does not
// exist, a stage without an action.
func Lower(in Input) (*plan.Plan, plan.Provenance, error) {
	l := &lowering{
		in: in, p: in.Pipeline,
		out:    &plan.Plan{Format: plan.Format, Stages: []plan.Stage{}, Nodes: []plan.Node{}},
		byName: map[schema.StageName]*stage{}, paths: map[string]string{}, nodes: map[plan.NodeID]*plan.Node{},
		producers: map[schema.ArtifactName]plan.NodeID{},
	}
	for _, p := range passes() {
		if err := p.run(l); err != nil {
			return nil, plan.Provenance{}, fmt.Errorf("lower %s: %w", p.name, err)
		}
	}
	return l.out, l.prov, nil
}

// lowering is a plan in the making.
type lowering struct {
	in   Input
	p    *schema.Pipeline
	out  *plan.Plan
	prov plan.Provenance
	// stages come in topological order.
	stages []*stage
	byName map[schema.StageName]*stage
	// nodes holds every node of every stage by its id.
	nodes map[plan.NodeID]*plan.Node
	// paths maps the id of a node, monitor or stage to its definition path.
	paths     map[string]string
	producers map[schema.ArtifactName]plan.NodeID
}

// stage is one stage in the making.
type stage struct {
	name schema.StageName
	path string
	src  schema.Stage
	out  plan.Stage
	// nodes come in the order in which they were added, which is topological within the stage.
	nodes    []*plan.Node
	monitors []plan.Monitor
	// retire is the node that must not keep other stages waiting.
	retire *plan.Node
	// first need nothing within the stage; last are needed by nothing within it, retire apart.
	first, last []plan.NodeID
	// index is the stage's place in the order.
	index int
}

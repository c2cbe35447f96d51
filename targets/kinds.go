package targets

import "github.com/penstock-dev/penstock/compiler/plan"

// Weights says which traffic weights a target can reach.
type Weights string

// The kinds of weight support.
const (
	WeightsAny      Weights = "any"      // every percentage
	WeightsReplicas Weights = "replicas" // only what whole replicas give
	WeightsNone     Weights = "none"
)

// Capabilities is what a kind of target can do, as plain data for the compiler.
type Capabilities struct {
	Kind string
	// Strategies are the strategy names it supports.
	Strategies []string
	Ops        []plan.Op
	Weights    Weights
	// Match, Cookies and Mirror are the step features of a canary.
	Match, Cookies, Mirror bool
	// Capacity says that capacity can be set apart from weight.
	Capacity bool
	// CountsRequests says that the target itself counts requests per version.
	CountsRequests bool
	// Previews says that a preview can be asked for.
	Previews bool
	// Executes says that this build has a live driver for it; vet accepts the kind either way, run needs it.
	Executes bool
}

// Kinds is the table of what penstock can compile for, ordered by name.
func Kinds() []Capabilities {
	deploy := []plan.Op{plan.OpSnapshot, plan.OpStage, plan.OpUnstage, plan.OpShift, plan.OpCommit, plan.OpRestore, plan.OpRetire}
	gradual := []string{"allAtOnce", "rolling", "canary", "linear", "blueGreen"}
	return []Capabilities{
		{Kind: "kubernetes", Strategies: gradual, Ops: deploy, Weights: WeightsAny, Match: true, Cookies: true, Mirror: true, Capacity: true},
		{Kind: "lambda", Strategies: []string{"allAtOnce", "canary", "linear", "blueGreen"}, Ops: deploy, Weights: WeightsAny, CountsRequests: true},
		{Kind: "process", Strategies: gradual, Ops: deploy, Weights: WeightsAny, Match: true, Cookies: true, CountsRequests: true, Executes: true},
		{Kind: "terraform", Strategies: []string{"apply"}, Ops: []plan.Op{plan.OpSnapshot, plan.OpPreview, plan.OpApply, plan.OpRestore}, Weights: WeightsNone, Previews: true},
	}
}

// KindOf returns the capabilities of a kind.
func KindOf(kind string) (Capabilities, bool) {
	for _, c := range Kinds() {
		if c.Kind == kind {
			return c, true
		}
	}
	return Capabilities{}, false
}

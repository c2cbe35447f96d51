// Package handmade holds plans that were written by hand, so that the machine and the simulation can be tested without
// the compiler: one for each strategy and for each way in which stages hang together.
package handmade

import (
	"fmt"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
)

// Named is a plan with a name for test output.
type Named struct {
	Name string
	Plan *plan.Plan
}

// All returns the plans, in a fixed order.
func All() []Named {
	return []Named{
		{"canary", Canary()}, {"linear", Linear()}, {"blue-green", BlueGreen()}, {"rolling", Rolling()}, {"all-at-once", AllAtOnce()},
		{"migration", Migration()}, {"terraform", Terraform()}, {"approvals", Approvals()}, {"exec", Exec()}, {"regions", Regions()},
		{"parallel", Parallel()}, {"joined", Joined()}, {"verify", Verify()},
	}
}

const (
	minute = plan.Duration(time.Minute)
	second = plan.Duration(time.Second)
)

// builder adds stages to a plan.
type builder struct{ p *plan.Plan }

func newBuilder(name string) *builder {
	return &builder{&plan.Plan{
		Format: plan.Format, Pipeline: name, Envs: map[string]plan.Environment{}, Workloads: map[plan.Ref]plan.Workload{},
		Artifacts: map[string]plan.Artifact{"app": {File: &plan.FileArtifact{Path: "bin/app"}, Producer: "build/exec"}},
	}}
}

func (b *builder) env(name, tier string) {
	b.p.Envs[name] = plan.Environment{Tier: tier, Kind: "process", Place: plan.Place("process:" + name)}
}

func (b *builder) stage(s plan.Stage, nodes ...plan.Node) plan.NodeID {
	for i := range nodes {
		n := &nodes[i]
		n.Stage = s.Name
		if n.Retry.Attempts == 0 {
			n.Retry = plan.Retry{Attempts: 1}
		}
		if n.Timeout == 0 && n.Do.Gate == nil {
			n.Timeout = 2 * minute
		}
		s.Nodes = append(s.Nodes, n.ID)
		b.p.Nodes = append(b.p.Nodes, *n)
	}
	b.p.Stages = append(b.p.Stages, s)
	return nodes[len(nodes)-1].ID
}

// last is the node of a stage that others wait for: the last one that isn't a retirement.
func (b *builder) last(stages ...string) []plan.NodeID {
	var out []plan.NodeID
	for _, name := range stages {
		var id plan.NodeID
		for _, n := range b.p.Nodes {
			if n.Stage == name && n.Do.Retire == nil {
				id = n.ID
			}
		}
		out = append(out, id)
	}
	return out
}

func id(stage, step string) plan.NodeID { return plan.NodeID(stage + "/" + step) }

func (b *builder) exec(name string, needs []string, x plan.Exec, rollback ...string) {
	if len(x.Command) == 0 {
		x.Command = []string{"true"}
	}
	if x.Interrupted == "" {
		x.Interrupted = plan.InterruptedFail
	}
	b.stage(plan.Stage{Name: name, Action: "exec", Needs: needs, Rollback: rollback},
		plan.Node{ID: id(name, "exec"), Needs: b.last(needs...), Do: plan.Do{Exec: &x}, Interruptible: true})
}

func (b *builder) build() {
	b.exec("build", nil, plan.Exec{Interrupted: plan.InterruptedRerun, Produces: []plan.Produce{{Artifact: "app", Path: "bin/app"}}})
}

func (b *builder) approve(name string, needs []string, a plan.Approve) {
	if len(a.By) == 0 {
		a.By = []string{"group:sre"}
	}
	if a.Expires == 0 {
		a.Expires = 60 * minute
	}
	b.stage(plan.Stage{Name: name, Action: "approve", Needs: needs}, plan.Node{ID: id(name, "approve"), Needs: b.last(needs...), Do: plan.Do{Approve: &a}})
}

// deploy is what the strategies share.
type deploy struct {
	stage, env   string
	needs        []string
	weights      []float64
	hold         plan.Duration
	inconclusive string
	rollback     []string
	retireAfter  []string // stages that retire waits for; they are named before they exist
	keep         plan.Duration
	approveAt    float64 // asks people before this weight
	budget       bool    // asks a gate before each rise
	unjudged     bool
	timeout      plan.Duration
}

func (d deploy) ref() plan.Ref { return plan.Ref("hello@" + d.env) }

// gradual is a canary: the weights, then a commit; first deploys go to 100 at once and are judged by the objective.
func (b *builder) gradual(strategy string, d deploy) {
	ref, s := d.ref(), d.stage
	b.p.Workloads[ref] = plan.Workload{Name: "hello", Environment: d.env, Kind: "process", Spec: []byte(`{}`)}
	snap := id(s, "snapshot")
	present, absent := &plan.When{Snapshot: snap}, &plan.When{Snapshot: snap, Absent: true}
	judge, first := plan.MonitorID(s+"/judge"), plan.MonitorID(s+"/judge-first")
	back := &plan.Do{Shift: &plan.Shift{Workload: ref}}
	nodes := []plan.Node{
		{ID: snap, Needs: b.last(d.needs...), Do: plan.Do{Snapshot: &plan.DeployRef{Workload: ref}}, Lock: d.env},
		{ID: id(s, "stage"), Needs: []plan.NodeID{snap}, Do: plan.Do{Stage: &plan.StageOp{Workload: ref}}, Undo: &plan.Do{Unstage: &plan.DeployRef{Workload: ref}}, Lock: d.env, Retry: plan.Retry{Attempts: 2, Backoff: second}},
	}
	at := id(s, "stage")
	add := func(n plan.Node) {
		n.Needs = []plan.NodeID{at}
		nodes = append(nodes, n)
		at = n.ID
	}
	opens := plan.NodeID("")
	for _, w := range d.weights {
		if d.budget {
			add(plan.Node{ID: id(s, fmt.Sprintf("budget-%g", w)), When: present, Do: plan.Do{Gate: &plan.Gate{Name: "budget", Every: minute, ErrorBudget: &plan.ErrorBudgetGate{SLO: "a", Environment: d.env, AtLeast: 20}}}})
		}
		if d.approveAt == w {
			add(plan.Node{ID: id(s, fmt.Sprintf("approve-%g", w)), When: present, Do: plan.Do{Approve: &plan.Approve{By: []string{"user:ada", "group:sre"}, Count: 2, NotAuthor: true, Expires: 30 * minute}}})
		}
		n := plan.Node{ID: id(s, fmt.Sprintf("shift-%g", w)), When: present, Do: plan.Do{Shift: &plan.Shift{Workload: ref, Weight: w, Lease: minute}}, Undo: back, Lock: d.env, Retry: plan.Retry{Attempts: 2, Backoff: second}, Hold: &plan.Hold{For: d.hold, Monitor: judge}}
		if d.unjudged {
			n.Hold.Monitor = ""
		}
		if opens == "" {
			opens = n.ID
		}
		add(n)
	}
	full := plan.Node{ID: id(s, "shift-first"), When: absent, Do: plan.Do{Shift: &plan.Shift{Workload: ref, Weight: 100, Lease: minute}}, Undo: back, Lock: d.env, Hold: &plan.Hold{For: d.hold, Monitor: first}}
	if d.unjudged {
		full.Hold.Monitor = ""
	}
	add(full)
	commit := id(s, "commit")
	add(plan.Node{ID: commit, Do: plan.Do{Commit: &plan.Commit{Workload: ref, Keep: d.keep}}, Undo: &plan.Do{Restore: &plan.Restore{Workload: ref, Snapshot: snap}}, Lock: d.env})
	retire := plan.Node{ID: id(s, "retire"), Needs: []plan.NodeID{commit}, When: present, Do: plan.Do{Retire: &plan.Retire{Workload: ref, Snapshot: snap, After: d.keep}}, Lock: d.env, Retry: plan.Retry{Attempts: 3, Backoff: second}}
	for _, r := range d.retireAfter {
		retire.Needs = append(retire.Needs, id(r, "exec"))
	}
	nodes = append(nodes, retire)
	b.stage(plan.Stage{Name: s, Action: "deploy", Strategy: strategy, Needs: d.needs, Environment: d.env, Workload: "hello", Rollback: d.rollback, Timeout: d.timeout}, nodes...)
	if d.unjudged {
		return
	}
	j := plan.Judge{Against: "stable", Alpha: 0.01, Tick: 15 * second, Require: "no-harm", Inconclusive: d.inconclusive, HoldMore: 10 * minute}
	b.p.Monitors = append(b.p.Monitors,
		plan.Monitor{ID: judge, Stage: s, Workload: ref, Opens: opens, Closes: commit, When: present, Judge: j},
		plan.Monitor{ID: first, Stage: s, Workload: ref, Opens: full.ID, Closes: commit, When: absent, Judge: j})
}

package engine

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/penstock-dev/penstock/compiler/plan"
)

// shop is a small plan in good order: built, tried in staging, approved, canaried in production.
func shop() *plan.Plan {
	return &plan.Plan{
		Format: plan.Format, Pipeline: "shop", Owner: plan.Owner{Team: "shop", Runbook: "runbook.md"},
		Artifacts: map[string]plan.Artifact{"app": {
			Image: &plan.ImageArtifact{Repository: "registry.example.com/shop"}, Producer: "build/exec",
			Trust: &plan.Trust{Signatures: []plan.Signature{{Key: "keys/release.pub"}}},
		}},
		Envs: map[string]plan.Environment{
			"staging":    {Tier: "staging", Kind: "kubernetes", Place: "kubernetes:staging/shop"},
			"production": {Tier: "production", Kind: "kubernetes", Place: "kubernetes:production/shop"},
		},
		Workloads: map[plan.Ref]plan.Workload{
			"shop@staging":    {Name: "shop", Environment: "staging", Kind: "kubernetes", Spec: json.RawMessage(`{}`), Holes: carried()},
			"shop@production": {Name: "shop", Environment: "production", Kind: "kubernetes", Spec: json.RawMessage(`{}`), Holes: carried()},
		},
		Stages: []plan.Stage{
			{Name: "build", Action: "exec", Nodes: []plan.NodeID{"build/exec"}},
			{Name: "staging", Action: "deploy", Strategy: "rolling", Needs: []string{"build"}, Workload: "shop", Environment: "staging", Nodes: []plan.NodeID{"staging/commit"}},
			{Name: "approval", Action: "approve", Needs: []string{"staging"}, Nodes: []plan.NodeID{"approval/approve"}},
			{Name: "production", Action: "deploy", Strategy: "canary", Needs: []string{"approval"}, Workload: "shop", Environment: "production", Nodes: []plan.NodeID{"production/shift-5"}},
		},
		Nodes: []plan.Node{
			{ID: "build/exec", Stage: "build", Do: plan.Do{Exec: &plan.Exec{Command: []string{"make"}}}},
			{ID: "staging/commit", Stage: "staging", Needs: []plan.NodeID{"build/exec"}, Do: plan.Do{Commit: &plan.Commit{Workload: "shop@staging"}}},
			{ID: "approval/approve", Stage: "approval", Needs: []plan.NodeID{"staging/commit"}, Do: plan.Do{Approve: &plan.Approve{By: []string{"group:sre"}, Count: 2}}},
			{ID: "production/shift-5", Stage: "production", Needs: []plan.NodeID{"approval/approve"}, Do: plan.Do{Shift: &plan.Shift{Workload: "shop@production", Weight: 5}}},
		},
		Monitors: []plan.Monitor{{
			ID: "production/judge", Stage: "production", Workload: "shop@production", Opens: "production/shift-5",
			Judge: plan.Judge{Against: "stable", SLIs: []plan.JudgedSLI{{SLO: "availability", Tolerate: 1.25}}},
		}},
	}
}

func carried() []plan.Hole {
	return []plan.Hole{{Pointer: "/image", From: plan.Binding{Artifact: "app"}}}
}

// stored is the plan as a file, with a made-up line for each stage.
func stored(t testing.TB, p *plan.Plan) plan.File {
	t.Helper()
	body, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	prov := plan.Provenance{Nodes: map[string]plan.Origin{}, Definitions: map[string]plan.Origin{
		"":                       {File: "pipeline.cue", Line: 1, Column: 1},
		"owner":                  {Path: "owner", File: "pipeline.cue", Line: 3, Column: 2},
		"waivers":                {Path: "waivers", File: "pipeline.cue", Line: 90, Column: 2},
		"waivers.production-slo": {Path: "waivers.production-slo", File: "pipeline.cue", Line: 91, Column: 3},
	}}
	for i, s := range p.Stages {
		prov.Nodes[s.Name] = plan.Origin{Path: "stages." + s.Name, File: "pipeline.cue", Line: 10 * (i + 1), Column: 3}
	}
	return plan.File{ID: plan.ID(digest(body)), Body: body, Provenance: prov}
}

func load(t testing.TB, opts Options) *Engine {
	t.Helper()
	e, list, err := Load(t.Context(), opts)
	if err != nil || len(list) > 0 {
		t.Fatalf("load: %v %v", list, err)
	}
	return e
}

func decide(t testing.TB, e *Engine, p *plan.Plan, facts Facts) Decision {
	t.Helper()
	d, err := e.Decide(t.Context(), stored(t, p), facts)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func today() Facts { return Facts{Today: "2026-11-23", Actor: "ada"} }

// codes writes results as "severity code stage line".
func codes(d Decision) []string {
	out := []string{}
	for _, r := range d.Results {
		out = append(out, strings.Join([]string{string(r.Severity), r.Code, r.Stage, r.Origin.Path}, " "))
	}
	for _, w := range d.Waived {
		out = append(out, strings.Join([]string{"waived", w.Code, w.Stage, w.Waiver.Reason}, " "))
	}
	return out
}

func TestDecide(t *testing.T) {
	e := load(t, Options{})
	good := plan.Waiver{Reason: "rehearsed by hand", Owner: "ada", Expires: "2026-11-23"}
	tests := map[string]struct {
		change  func(p *plan.Plan)
		facts   Facts
		allowed bool
		want    []string
	}{
		"in order": {func(*plan.Plan) {}, today(), true, []string{}},
		"no approval": {
			func(p *plan.Plan) { p.Stages[2].Action, p.Nodes[2].Do = "exec", p.Nodes[0].Do }, today(), false,
			[]string{"deny production-approval production stages.production"},
		},
		"no approval, but production does not run": {
			func(p *plan.Plan) { p.Stages[2].Action, p.Nodes[2].Do = "exec", p.Nodes[0].Do },
			Facts{Today: "2026-11-23", Selection: []string{"build", "staging"}}, true, []string{},
		},
		"approval inside the stage": {
			func(p *plan.Plan) {
				ask := p.Nodes[2]
				ask.ID, ask.Stage, ask.Needs = "production/approve", "production", []plan.NodeID{"staging/commit"}
				p.Stages[2].Action, p.Nodes[2].Do = "exec", p.Nodes[0].Do
				p.Nodes[3].Needs = []plan.NodeID{"production/approve", "approval/approve"}
				p.Nodes = append(p.Nodes[:3:3], ask, p.Nodes[3])
			}, today(), true, []string{},
		},
		"not judged": {
			func(p *plan.Plan) { p.Monitors[0].Judge.SLIs = nil }, today(), false,
			[]string{"deny production-judged production stages.production", "deny production-slo production stages.production"},
		},
		"no lower tier": {
			func(p *plan.Plan) { p.Stages[1].Action, p.Stages[1].Strategy = "preview", "" }, today(), false,
			[]string{"deny lower-tier-first production stages.production"},
		},
		"no lower tier, waived on its last day": {
			func(p *plan.Plan) {
				p.Stages[1].Action, p.Stages[1].Strategy = "preview", ""
				p.Waivers = map[string]plan.Waiver{"lower-tier-first": good}
			}, today(), true, []string{"waived lower-tier-first production rehearsed by hand"},
		},
		"waived until yesterday": {
			func(p *plan.Plan) {
				p.Stages[1].Action, p.Stages[1].Strategy = "preview", ""
				p.Waivers = map[string]plan.Waiver{"lower-tier-first": good}
			}, Facts{Today: "2026-11-24"}, false,
			[]string{"deny lower-tier-first production stages.production", "deny waiver-valid  waivers"},
		},
		"waived for another stage": {
			func(p *plan.Plan) {
				p.Stages[1].Action, p.Stages[1].Strategy = "preview", ""
				w := good
				w.Stages = []string{"staging"}
				p.Waivers = map[string]plan.Waiver{"lower-tier-first": w}
			}, today(), false, []string{"deny lower-tier-first production stages.production"},
		},
		"waived without an owner": {
			func(p *plan.Plan) {
				p.Owner.Runbook = ""
				p.Waivers = map[string]plan.Waiver{"owner-and-runbook": {Reason: "r", Expires: "2027-01-01"}}
			}, today(), false,
			[]string{"deny owner-and-runbook  owner", "deny waiver-valid  waivers"},
		},
		"what cannot be waived": {
			func(p *plan.Plan) {
				p.Envs["staging"] = plan.Environment{Tier: "staging", Requires: plan.Requires{Approval: true}}
				p.Waivers = map[string]plan.Waiver{"environment-requires": good}
			}, today(), false,
			[]string{"deny environment-requires staging stages.staging", "deny waiver-valid  waivers"},
		},
		"waiver of nothing": {
			func(p *plan.Plan) { p.Waivers = map[string]plan.Waiver{"production-slos": good} }, today(), true,
			[]string{"warn waiver-valid  waivers"},
		},
		"irreversible": {
			func(p *plan.Plan) { p.Nodes[1].Irreversible = "drops a table" }, today(), false,
			[]string{"deny irreversible-approved staging stages.staging"},
		},
		"unsigned": {
			func(p *plan.Plan) {
				p.Artifacts["app"] = plan.Artifact{Image: &plan.ImageArtifact{Repository: "r"}, Producer: "build/exec"}
			}, today(), false, []string{"deny artifact-trust production stages.production"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := shop()
			tt.change(p)
			d := decide(t, e, p, tt.facts)
			if diff := cmp.Diff(tt.want, codes(d)); diff != "" {
				t.Errorf("results (-want +got):\n%s", diff)
			}
			if d.Allowed != tt.allowed {
				t.Errorf("allowed = %v, want %v", d.Allowed, tt.allowed)
			}
			if err := d.Verify(stored(t, p).ID); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestDecisionIsDeterministic(t *testing.T) {
	p := shop()
	p.Monitors, p.Owner, p.Artifacts = nil, plan.Owner{}, map[string]plan.Artifact{"app": {Image: &plan.ImageArtifact{}}}
	facts := today()
	facts.Diff = json.RawMessage(`{ "added": [1, 2.50] }`)
	var first []byte
	for range 3 {
		e := load(t, Options{})
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				d, err := e.Decide(t.Context(), stored(t, p), facts)
				if err != nil {
					t.Error(err)
				}
				_ = d
			})
		}
		wg.Wait()
		b, err := json.Marshal(decide(t, e, p, facts))
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = b
		}
		if string(b) != string(first) {
			t.Fatalf("decisions differ:\n%s\n%s", first, b)
		}
	}
	var d Decision
	if err := json.Unmarshal(first, &d); err != nil {
		t.Fatal(err)
	}
	if err := d.Verify(stored(t, p).ID); err != nil {
		t.Error(err)
	}
	d.Results = d.Results[1:]
	if err := d.Verify(stored(t, p).ID); err == nil {
		t.Error("a decision that lost a denial verifies")
	}
}

func TestDecisionIsAboutItsPlan(t *testing.T) {
	e := load(t, Options{})
	d := decide(t, e, shop(), today())
	if err := d.Verify("sha256:00"); err == nil || !strings.Contains(err.Error(), "not sha256:00") {
		t.Errorf("Verify of another plan: %v", err)
	}
	d.Allowed = !d.Allowed
	if err := d.Verify(d.Plan); err == nil {
		t.Error("a turned decision verifies")
	}
}

func TestDecideRefuses(t *testing.T) {
	e := load(t, Options{})
	good := stored(t, shop())
	tests := map[string]struct {
		file  plan.File
		facts Facts
		want  string
	}{
		"a body that is not the id's": {plan.File{ID: good.ID, Body: []byte(`{}`)}, today(), "the id is"},
		"what is no plan":             {plan.File{ID: plan.ID(digest([]byte(`[]`))), Body: []byte(`[]`)}, today(), "read plan"},
		"no day":                      {good, Facts{}, "today"},
		"a day that isn't":            {good, Facts{Today: "2026-02-30"}, "today"},
		"a stage that isn't":          {good, Facts{Today: "2026-11-23", Selection: []string{"prod"}}, `"prod"`},
		"a difference that isn't":     {good, Facts{Today: "2026-11-23", Diff: []byte(`{`)}, "difference"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := e.Decide(t.Context(), tt.file, tt.facts)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("err = %v, want something about %q", err, tt.want)
			}
		})
	}
}

func TestUserRules(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"data.json": `{"teams": {"shop": {"cost": 4711}}}`,
		"sub/cost_center.rego": `# METADATA
# title: a cost centre for each team
# custom:
#   code: team/1
#   fix: register the team
package acme.cost_center

deny contains {"message": message, "at": "owner.team"} if {
	not data.teams[input.plan.owner.team].cost
	message := sprintf("team %q has no cost centre", [input.plan.owner.team])
}

info contains "the plan has a difference" if input.diff.added

info contains {"message": "a node", "node": id, "hint": "look"} if {
	some id, node in input.graph.nodes
	node.do.approve
}
`,
		".git/x.rego":    "not rego",
		"notes.txt":      "not rego either",
		"only_test.rego": "package only_test\n\ntest_x if true\n",
	})
	e := load(t, Options{Dirs: []string{dir}})
	p := shop()
	facts := today()
	facts.Diff = json.RawMessage(`{"added": []}`)
	want := []string{"info team/1  ", "info team/1 approval stages.approval"}
	if diff := cmp.Diff(want, codes(decide(t, e, p, facts))); diff != "" {
		t.Errorf("known team (-want +got):\n%s", diff)
	}
	p.Owner.Team = "other"
	d := decide(t, e, p, today())
	if d.Allowed || d.Results[0].Code != "team/1" || d.Results[0].Origin.Path != "owner" || d.Results[0].Hint != "register the team" {
		t.Errorf("unknown team: %+v", d.Results)
	}
	if shipped := load(t, Options{}); d.Policies == decide(t, shipped, p, today()).Policies {
		t.Error("other rules have the same digest")
	}
	alone := load(t, Options{Dirs: []string{dir}, NoShipped: true})
	if rules := alone.Rules(); len(rules) != 1 || rules[0].Shipped || rules[0].Package != "acme.cost_center" {
		t.Errorf("rules without the shipped ones: %+v", rules)
	}
}

func TestUserRulesFail(t *testing.T) {
	tests := map[string]struct{ rule, want string }{
		"builtin error":  {"package a\n\ndeny contains \"x\" if {\n\ttime.parse_rfc3339_ns(input.plan.pipeline) > 0\n}\n", "a.rego:4"},
		"empty message":  {"package a\n\ndeny contains \" \"\n", "a message is empty"},
		"no message":     {"package a\n\ndeny contains {\"stage\": \"build\"}\n", "a message is empty"},
		"number":         {"package a\n\ndeny contains 3\n", "want a string"},
		"unknown field":  {"package a\n\ndeny contains {\"message\": \"m\", \"stge\": \"build\"}\n", `field "stge"`},
		"unknown stage":  {"package a\n\ndeny contains {\"message\": \"m\", \"stage\": \"biuld\"}\n", `stage "biuld"`},
		"unknown node":   {"package a\n\ndeny contains {\"message\": \"m\", \"node\": \"build/x\"}\n", `node "build/x"`},
		"two values":     {"package a\n\nx := 1\n\nx := 2 if input.plan\n\nwarn contains \"y\" if x == 1\n", "a.rego:"},
		"never finishes": {"package a\n\ndeny contains \"y\" if {\n\tsome i in numbers.range(1, 20000)\n\tsome j in numbers.range(1, 20000)\n\ti * j == -1\n}\n", "longer than"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, map[string]string{"a.rego": tt.rule})
			e := load(t, Options{Dirs: []string{dir}, NoShipped: true, Timeout: 300 * time.Millisecond})
			d, err := e.Decide(t.Context(), stored(t, shop()), today())
			if err == nil || d.Allowed || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("err = %v, allowed %v, want something about %q", err, d.Allowed, tt.want)
			}
			var failed *RuleError
			if errors.As(err, &failed) && failed.List[0].Code != CodeFailed {
				t.Errorf("code %s, want %s", failed.List[0].Code, CodeFailed)
			}
		})
	}
}

func TestInput(t *testing.T) {
	e := load(t, Options{})
	p := shop()
	p.Waivers = map[string]plan.Waiver{"production-slos": {}, "waiver-valid": {}}
	b, err := e.Input(stored(t, p), Facts{Today: "2026-11-23", Selection: []string{"build"}})
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Plan  plan.Plan
		Graph struct {
			Stages map[string]map[string]any
			Nodes  map[string]plan.Node
		}
		Facts   Facts
		Waivers map[string]map[string]any
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"runs": false, "artifacts": []any{"app"}, "ancestors": []any{"build", "staging", "approval"},
		"dominators": []any{"build", "staging", "approval"}, "approvals": []any{"approval"}, "unapproved": []any{},
	}
	if diff := cmp.Diff(want, got.Graph.Stages["production"]); diff != "" {
		t.Errorf("facts of production (-want +got):\n%s", diff)
	}
	if got.Graph.Stages["build"]["runs"] != true || got.Graph.Nodes["build/exec"].Do.Exec == nil {
		t.Errorf("graph: %+v", got.Graph)
	}
	waivers := map[string]map[string]any{
		"production-slos": {"known": false, "waivable": false, "nearest": "production-slo"},
		"waiver-valid":    {"known": true, "waivable": false, "nearest": ""},
	}
	if diff := cmp.Diff(waivers, got.Waivers); diff != "" {
		t.Errorf("waivers (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(*p, got.Plan); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
}

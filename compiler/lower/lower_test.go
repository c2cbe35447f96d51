package lower

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/compiler/source"
	"github.com/penstock-dev/penstock/schema"
	"github.com/penstock-dev/penstock/targets"
)

// TestTablesAreWhole holds that every action and strategy of the language is lowered, and every instruction bounded.
func TestTablesAreWhole(t *testing.T) {
	var fields []string
	for _, a := range actions() {
		fields = append(fields, a.field)
	}
	if want := schema.VariantNames(schema.Stage{}); !slices.Equal(fields, want) {
		t.Errorf("actions %v, the language has %v", fields, want)
	}
	fields = nil
	for _, s := range strategies() {
		fields = append(fields, s.field)
	}
	if want := schema.VariantNames(schema.Deploy{}); !slices.Equal(fields, want) {
		t.Errorf("strategies %v, the language has %v", fields, want)
	}
	for _, k := range targets.Kinds() {
		for _, s := range k.Strategies {
			if !slices.Contains(fields, s) {
				t.Errorf("target %s supports strategy %q, which is none", k.Kind, s)
			}
		}
	}
	for _, row := range limitTable() {
		if row.attempts < 1 || row.attempts > 1 && row.backoff <= 0 {
			t.Errorf("%s: %d attempts, %s apart", row.op, row.attempts, row.backoff)
		}
	}
}

func TestTick(t *testing.T) {
	for _, c := range []struct {
		holds []time.Duration
		want  time.Duration
	}{
		{nil, 15 * time.Second},
		{[]time.Duration{0}, 15 * time.Second},
		{[]time.Duration{10 * time.Minute}, 15 * time.Second},
		{[]time.Duration{10 * time.Minute, time.Minute}, 6 * time.Second},
		{[]time.Duration{2 * time.Second}, time.Second},
	} {
		var holds []plan.Duration
		for _, h := range c.holds {
			holds = append(holds, plan.Duration(h))
		}
		if got := tickOf(holds); got != plan.Duration(c.want) {
			t.Errorf("%v: got %s, want %s", c.holds, got, c.want)
		}
	}
}

// shop is a small pipeline on this machine.
func shop(stages map[schema.StageName]schema.Stage) *schema.Pipeline {
	return &schema.Pipeline{
		Name:         "shop",
		Artifacts:    map[schema.ArtifactName]schema.Artifact{"app": {File: &schema.FileArtifact{Path: "app"}}},
		Environments: map[schema.EnvName]schema.Environment{"here": {Tier: schema.Test, Process: &schema.ProcessEnvironment{}}},
		Workloads:    map[schema.WorkloadName]schema.Workload{"web": {Process: &schema.ProcessWorkload{Artifact: "app", Listen: ":80"}}},
		Stages:       stages,
	}
}

func command1() *schema.Exec { return &schema.Exec{Command: []string{"do"}} }

// TestRefused holds that a pipeline which should not have passed its checks ends in an error that names the culprit, and in
// no panic.
func TestRefused(t *testing.T) {
	weight := 10.0
	web := func(change func(*schema.Deploy)) schema.Stage {
		d := &schema.Deploy{Workload: "web", In: "here"}
		change(d)
		return schema.Stage{Deploy: d}
	}
	for _, c := range []struct {
		name  string
		stage schema.Stage
		says  string
	}{
		{"no action", schema.Stage{}, `stage "s" has 0 actions`},
		{"two actions", schema.Stage{Exec: command1(), Approve: &schema.Approve{}}, `stage "s" has 2 actions`},
		{"needs nobody", schema.Stage{Exec: command1(), Needs: []schema.StageName{"x"}}, `needs unknown stage "x"`},
		{"before nobody", schema.Stage{Exec: command1(), Before: []schema.StageName{"x"}}, `before unknown stage "x"`},
		{"needs itself", schema.Stage{Exec: command1(), Needs: []schema.StageName{"s"}}, "cycle: s → s"},
		{"rolls back nobody", schema.Stage{Exec: command1(), OnFailure: &schema.OnFailure{Rollback: []schema.StageName{"x"}}}, `rolls back unknown stage "x"`},
		{"environment", schema.Stage{Exec: &schema.Exec{Command: []string{"do"}, In: "x"}}, `unknown environment "x"`},
		{"workload", web(func(d *schema.Deploy) { d.Workload, d.AllAtOnce = "x", &schema.AllAtOnce{} }), `unknown workload "x"`},
		{"no strategy", web(func(*schema.Deploy) {}), "0 strategies"},
		{"empty step", web(func(d *schema.Deploy) { d.Canary = &schema.Canary{Steps: []schema.Step{{Weight: &weight}, {}}} }), "step 1: it does nothing"},
		{"too fine", web(func(d *schema.Deploy) { d.Linear = &schema.Linear{Step: 0.001} }), "at most 1000"},
		{"no step", web(func(d *schema.Deploy) { d.Linear = &schema.Linear{} }), "at most 1000"},
		{"empty gate", schema.Stage{Exec: command1(), Gates: map[schema.GateName]schema.Gate{"g": {}}}, `gate "g" asks nothing`},
		{"artifact", schema.Stage{Promote: &schema.Promote{Artifact: "x"}}, `unknown artifact "x"`},
		{"verify", schema.Stage{Verify: &schema.Verify{Workload: "x", In: "here"}}, `unknown workload "x"`},
		{"preview", schema.Stage{Preview: &schema.Preview{Workload: "web", In: "x"}}, `unknown environment "x"`},
		{"migrate", schema.Stage{Migrate: &schema.Migrate{In: "x"}}, `unknown environment "x"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := Lower(Input{Pipeline: shop(map[schema.StageName]schema.Stage{"s": c.stage}), Source: &source.Map{}})
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
}

// TestStepsOfOneName holds that equal steps get names of their own.
func TestStepsOfOneName(t *testing.T) {
	ask := &schema.Approve{By: []schema.Principal{"user:ada"}}
	five := 5.0
	p := shop(map[schema.StageName]schema.Stage{"s": {Deploy: &schema.Deploy{
		Workload: "web", In: "here",
		Canary: &schema.Canary{Steps: []schema.Step{{Approve: ask}, {Weight: &five}, {Approve: ask}, {Approve: ask}}},
	}}})
	out, prov, err := Lower(Input{Pipeline: p, Source: &source.Map{}})
	if err != nil {
		t.Fatal(err)
	}
	var asks []string
	for _, n := range out.Nodes {
		if n.Do.Approve != nil {
			asks = append(asks, string(n.ID)+" "+prov.Nodes[string(n.ID)].Path)
		}
	}
	want := "s/approve stages.s.deploy.canary.steps[0], s/approve-2 stages.s.deploy.canary.steps[2], s/approve-3 stages.s.deploy.canary.steps[3]"
	if got := strings.Join(asks, ", "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestStageTimeout holds what is added to the time that the user allows.
func TestStageTimeout(t *testing.T) {
	for _, c := range []struct {
		name  string
		stage schema.Stage
		want  time.Duration
	}{
		{"default", schema.Stage{Exec: command1()}, time.Hour},
		{"its own", schema.Stage{Exec: command1(), Timeout: "5m"}, 5 * time.Minute},
		{"attempts and the pauses between them", schema.Stage{Exec: command1(), Timeout: "5m", Retry: &schema.Retry{Attempts: 3, Backoff: "10s"}}, 15*time.Minute + 30*time.Second},
		{"people", schema.Stage{Approve: &schema.Approve{Expires: "2h"}, Timeout: "1m"}, 2*time.Hour + time.Minute},
		{"gates", schema.Stage{Exec: command1(), Timeout: "1m", Gates: map[schema.GateName]schema.Gate{"g": {Exec: &schema.Command{}, Expires: "3h"}}}, 3*time.Hour + time.Minute},
		{"holds of the longer branch", schema.Stage{Timeout: "1m", Deploy: &schema.Deploy{Workload: "web", In: "here", Linear: &schema.Linear{Step: 25, Every: "10m"}}}, 31 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, _, err := Lower(Input{Pipeline: shop(map[schema.StageName]schema.Stage{"s": c.stage}), Source: &source.Map{}})
			if err != nil {
				t.Fatal(err)
			}
			if got := out.Stages[0].Timeout; got != plan.Duration(c.want) {
				t.Errorf("got %s, want %s", got, c.want)
			}
			for _, n := range out.Nodes {
				if own := c.stage.TimeoutOrDefault().Value(); n.Do.Gate == nil && n.Do.Approve == nil && n.Timeout > plan.Duration(own) {
					t.Errorf("%s may take %s, its stage %s", n.ID, n.Timeout, own)
				}
			}
		})
	}
}

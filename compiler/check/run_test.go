package check

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/penstock-dev/penstock/compiler/source"
	"github.com/penstock-dev/penstock/internal/diag"
	"github.com/penstock-dev/penstock/schema"
	"github.com/penstock-dev/penstock/targets"
)

// release is a pipeline in good order with n stages: a build, an approval, and canaries in rows of ten.
func release(n int) *schema.Pipeline {
	weight := func(w float64) *float64 { return &w }
	p := &schema.Pipeline{
		Artifacts:    map[schema.ArtifactName]schema.Artifact{"app": {Image: &schema.ImageArtifact{Repository: "registry.example.com/app"}}},
		SLOs:         map[schema.SLOName]schema.SLO{"errors": {Objective: 99, SLI: schema.SLI{Events: &schema.EventsSLI{Bad: "b", Total: "t"}}}},
		Environments: map[schema.EnvName]schema.Environment{},
		Workloads: map[schema.WorkloadName]schema.Workload{"web": {Kubernetes: &schema.KubernetesWorkload{
			Manifests: []string{"k8s/*.yaml"}, Images: []schema.ArtifactName{"app"},
			Traffic: &schema.KubernetesTraffic{Gateway: &schema.GatewayTraffic{Route: "web"}},
		}}},
		Stages: map[schema.StageName]schema.Stage{
			"build": {Exec: &schema.Exec{Command: []string{"make"}, Produces: map[schema.ArtifactName]schema.Produce{"app": {DigestFile: "d"}}}},
			"agree": {Needs: []schema.StageName{"build"}, Approve: &schema.Approve{By: []schema.Principal{"user:ada"}}},
		},
	}
	for i := range max(n-2, 0) {
		env, needs := schema.EnvName(fmt.Sprintf("region-%04d", i)), []schema.StageName{"agree"}
		if i >= 10 {
			needs = []schema.StageName{schema.StageName(fmt.Sprintf("region-%04d", i-10)), schema.StageName(fmt.Sprintf("region-%04d", i-i%10-1))}
			slices.Sort(needs)
			needs = slices.Compact(needs)
		}
		p.Environments[env] = schema.Environment{Tier: schema.Production, Kubernetes: &schema.KubernetesEnvironment{Context: string(env), Namespace: "web"},
			Metrics: &schema.Metrics{Prometheus: &schema.Prometheus{URL: "https://prometheus.example.com"}}}
		p.Stages[schema.StageName(env)] = schema.Stage{Needs: needs, Deploy: &schema.Deploy{Workload: "web", In: env, Canary: &schema.Canary{
			Steps:    []schema.Step{{Weight: weight(5), Hold: "10m"}, {Weight: weight(50), Hold: "10m"}},
			Analysis: &schema.Analysis{SLOs: map[schema.SLOName]schema.Judgement{"errors": {}}},
		}}}
	}
	return p
}

func run(p *schema.Pipeline) diag.List {
	return Run(Input{Pipeline: p, Map: &source.Map{}, Kinds: targets.Kinds()})
}

func TestRunFindsNothingInGoodOrder(t *testing.T) {
	for _, d := range run(release(200)) {
		t.Error(d)
	}
	if got := Run(Input{Pipeline: &schema.Pipeline{}}); len(got) != 0 {
		t.Errorf("an empty pipeline: %v", got)
	}
}

// TestRunIsDeterministic breaks pipelines at random: no check may panic, and all must say the same each time.
func TestRunIsDeterministic(t *testing.T) {
	for seed := range uint64(300) {
		broken := func() *schema.Pipeline {
			p := release(14)
			mangle(p, rand.New(rand.NewPCG(seed, 1)))
			return p
		}
		first := run(broken())
		for range 3 {
			if diff := cmp.Diff(first, run(broken())); diff != "" {
				t.Fatalf("seed %d: %s", seed, diff)
			}
		}
	}
}

// mangle makes a few mistakes: names that lead nowhere or back, fields that are gone or doubled.
func mangle(p *schema.Pipeline, r *rand.Rand) {
	names := slices.Sorted(func(yield func(schema.StageName) bool) {
		for name := range p.Stages {
			if !yield(name) {
				return
			}
		}
	})
	for range 1 + r.IntN(6) {
		name := names[r.IntN(len(names))]
		s := p.Stages[name]
		other := names[r.IntN(len(names))]
		switch r.IntN(12) {
		case 0:
			s.Needs = append(slices.Clone(s.Needs), other)
		case 1:
			s.Before = append(slices.Clone(s.Before), other, "gone")
		case 2:
			s.OnFailure = &schema.OnFailure{Rollback: []schema.StageName{other, name, "gone"}}
		case 3:
			s.Deploy = nil
		case 4:
			s.Exec = &schema.Exec{Inject: map[schema.VarName]schema.Inject{"A": {Artifact: "app"}, "B": {Output: "web.x"}, "C": {Variable: "url"}, "D": {}}}
		case 5:
			s.Deploy = &schema.Deploy{Workload: "wbe", In: "gone"}
		case 6:
			s.Migrate = &schema.Migrate{In: schema.EnvName(other), Lock: "db"}
		case 7:
			s.Promote = &schema.Promote{Artifact: "ap"}
		case 8:
			s.Deploy = &schema.Deploy{Workload: "web", In: schema.EnvName(other), Linear: &schema.Linear{Step: 100}, Apply: &schema.Apply{}}
		case 9:
			s.Migrate = &schema.Migrate{In: schema.EnvName(other), Irreversible: "drops columns"}
		case 10:
			e := p.Environments[schema.EnvName(name)]
			e.Requires = &schema.Requires{Approval: true, Judged: true, Trusted: true, After: map[schema.EnvName]schema.Soaked{schema.EnvName(other): {}}}
			p.Environments[schema.EnvName(name)] = e
		case 11:
			s.Approve = &schema.Approve{By: []schema.Principal{"group:gone"}}
		}
		p.Stages[name] = s
	}
}

// TestQuickCounts holds the counts that are done without reflection against the schema.
func TestQuickCounts(t *testing.T) {
	s := schema.Stage{
		Exec: &schema.Exec{}, Deploy: &schema.Deploy{}, Verify: &schema.Verify{}, Approve: &schema.Approve{},
		Migrate: &schema.Migrate{}, Preview: &schema.Preview{}, Promote: &schema.Promote{},
	}
	if got, want := actions(&s), len(schema.VariantNames(s)); got != want {
		t.Errorf("%d actions are counted, the schema has %d", got, want)
	}
	d := schema.Deploy{
		AllAtOnce: &schema.AllAtOnce{}, Rolling: &schema.Rolling{}, Canary: &schema.Canary{}, Linear: &schema.Linear{},
		BlueGreen: &schema.BlueGreen{}, Apply: &schema.Apply{},
	}
	if got, want := strategyCount(&d), len(schema.VariantNames(d)); got != want {
		t.Errorf("%d strategies are counted, the schema has %d", got, want)
	}
	st := schema.Step{Weight: new(float64), Match: &schema.Match{}, Mirror: &schema.Mirror{}, Approve: &schema.Approve{}}
	if got, want := stepCount(&st), len(schema.VariantNames(st)); got != want {
		t.Errorf("%d kinds of step are counted, the schema has %d", got, want)
	}
	if got, want := len(schema.VariantNames(schema.Environment{})), 4; got != want {
		t.Errorf("the schema has %d targets, kindOf knows %d", got, want)
	}
}

func TestPathSyntax(t *testing.T) {
	got := root("stages").field("a.b").field("deploy").field("canary").field("steps").item(2).field("weight").String()
	if want := `stages."a.b".deploy.canary.steps[2].weight`; got != want {
		t.Errorf("path %s, want %s", got, want)
	}
}

func TestChain(t *testing.T) {
	if got := chain([]string{"a", "b"}); got != "a → b" {
		t.Error(got)
	}
	if got := chain([]string{"a", "b", "c", "d", "e", "f", "g", "h"}); got != "a → b → c → … → f → g → h" {
		t.Error(got)
	}
}

func TestUnknown(t *testing.T) {
	many := []string{"a1", "b2", "c3", "d4", "e5", "f6", "g7", "h8", "i9", "j0"}
	tests := map[string]struct {
		known []string
		want  string
	}{
		"near":    {[]string{"build"}, `x (did you mean "build"?)|`},
		"nothing": {nil, `x|the pipeline has no stage; declare "biuld" under stages`},
		"few":     {[]string{"test"}, "x|stages are test"},
		"many":    {many, "x|stages are a1, b2, c3, d4, e5, f6, g7, h8 and 2 more"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := diagnostic{Message: "x"}
			unknown(&d, "stage", "stages", "biuld", tt.known)
			if got := d.Message + "|" + d.Hint; got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func BenchmarkRun(b *testing.B) {
	for _, n := range []int{500, 5000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p := release(n)
			b.ReportAllocs()
			for b.Loop() {
				if list := run(p); len(list) > 0 {
					b.Fatal(list[0])
				}
			}
		})
	}
}

package engine

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/penstock-dev/penstock/compiler/plan"
)

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		load(b, Options{})
	}
}

func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{4, 500, 5000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			e, f := load(b, Options{}), stored(b, wide(n))
			b.ReportAllocs()
			b.ResetTimer()
			for b.Loop() {
				d, err := e.Decide(b.Context(), f, today())
				if err != nil || !d.Allowed {
					b.Fatal(err, d.Allowed, d.Results)
				}
			}
		})
	}
}

// wide is shop with n stages: build, staging, approval, and then production in layers of 250 regions that each need two of
// the layer before.
func wide(n int) *plan.Plan {
	p := shop()
	for i := 4; i < n; i++ {
		env := fmt.Sprintf("region-%04d", i)
		p.Envs[env] = plan.Environment{Tier: "production", Kind: "kubernetes", Place: plan.Place(env)}
		ref := plan.Ref("shop@" + env)
		p.Workloads[ref] = plan.Workload{Name: "shop", Environment: env, Kind: "kubernetes", Spec: json.RawMessage(`{}`), Holes: carried()}
		needs := []string{"approval"}
		if i >= 4+250 {
			needs = []string{fmt.Sprintf("region-%04d", i-250), fmt.Sprintf("region-%04d", i-249)}
		}
		id := plan.NodeID(env + "/commit")
		p.Stages = append(p.Stages, plan.Stage{
			Name: env, Action: "deploy", Strategy: "canary", Needs: needs, Workload: "shop", Environment: env, Nodes: []plan.NodeID{id},
		})
		p.Nodes = append(p.Nodes, plan.Node{ID: id, Stage: env, Do: plan.Do{Commit: &plan.Commit{Workload: ref}}})
		p.Monitors = append(p.Monitors, plan.Monitor{
			ID: plan.MonitorID(env + "/judge"), Stage: env, Workload: ref, Judge: p.Monitors[0].Judge,
		})
	}
	return p
}

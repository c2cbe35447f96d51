package local

import (
	"fmt"
	"testing"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/store"
)

// layers is a plan of no-op nodes: each layer needs one node of the layer before it, by turns.
func layers(n, width int) *plan.Plan {
	p := &plan.Plan{Format: plan.Format, Pipeline: "noop", Concurrency: plan.ConcurrencyQueue}
	s := plan.Stage{Name: "all", Action: "exec"}
	for l := range n {
		for i := range width {
			node := plan.Node{
				ID: plan.NodeID(fmt.Sprintf("all/n%02d-%03d", l, i)), Stage: "all", Do: plan.Do{Notify: &plan.Notify{}}, Retry: plan.Retry{Attempts: 1},
			}
			if l > 0 {
				node.Needs = []plan.NodeID{plan.NodeID(fmt.Sprintf("all/n%02d-%03d", l-1, (i*7)%width))}
			}
			p.Nodes = append(p.Nodes, node)
			s.Nodes = append(s.Nodes, node.ID)
		}
	}
	p.Stages = []plan.Stage{s}
	return p
}

// BenchmarkEngine executes no-op nodes against the journal on disk: 20 layers of 500, and a chain of 1,000.
func BenchmarkEngine(b *testing.B) {
	for name, x := range map[string][2]int{"layers-20x500": {20, 500}, "chain-1000": {1000, 1}} {
		b.Run(name, func(b *testing.B) {
			nodes := x[0] * x[1]
			var took time.Duration
			for range b.N {
				took += engine(b, layers(x[0], x[1]))
			}
			b.ReportMetric(float64(nodes*b.N)/took.Seconds(), "nodes/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// engine runs a plan on a new store and returns how long it took.
func engine(tb testing.TB, p *plan.Plan) time.Duration {
	st, err := store.Open(tb.Context(), tb.TempDir())
	if err != nil {
		tb.Fatal(err)
	}
	defer st.Close()
	w := &world{st: st, plan: p}
	if w.file, err = plan.Seal(p, plan.Provenance{}); err != nil {
		tb.Fatal(err)
	}
	file, err := plan.Encode(w.file)
	if err != nil {
		tb.Fatal(err)
	}
	if err := st.PutPlan(tb.Context(), w.file.ID, file); err != nil {
		tb.Fatal(err)
	}
	owner, err := store.Self("bench")
	if err != nil {
		tb.Fatal(err)
	}
	began := time.Now()
	wr, err := st.Writer(tb.Context(), "run-1", owner)
	if err != nil {
		tb.Fatal(err)
	}
	started := event.Event{Type: event.RunStarted, Time: began.UTC()}.With(event.Started{Format: event.Format, Plan: w.file.ID})
	if _, err := wr.Append(tb.Context(), []event.Event{started}); err != nil {
		tb.Fatal(err)
	}
	r, err := Run(tb.Context(), Options{Plan: p, Record: Record{Writer: wr, Journal: st, Inbox: st, Evidence: st}, Exec: w.bare(tb)}, "run-1")
	if err != nil || r.Outcome != event.Succeeded {
		tb.Fatalf("outcome %q, %v", r.Outcome, err)
	}
	took := time.Since(began)
	if err := wr.Close(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return took
}

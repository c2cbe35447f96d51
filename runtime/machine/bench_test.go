package machine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
)

// layered is a plan of layers × width no-op commands; every node of a layer needs every node of the one before.
func layered(layers, width int) *plan.Plan {
	p := &plan.Plan{Format: plan.Format}
	var before []plan.NodeID
	for l := range layers {
		st := plan.Stage{Name: fmt.Sprintf("layer-%02d", l), Action: "exec"}
		for w := range width {
			id := plan.NodeID(fmt.Sprintf("%s/%03d", st.Name, w))
			p.Nodes = append(p.Nodes, plan.Node{
				ID: id, Stage: st.Name, Needs: before, Do: plan.Do{Exec: &plan.Exec{Command: []string{"true"}}}, Retry: plan.Retry{Attempts: 1},
			})
			st.Nodes = append(st.Nodes, id)
		}
		before = st.Nodes
		p.Stages = append(p.Stages, st)
	}
	return p
}

// drive runs a plan of commands to its end as fast as the machine goes.
func drive(b testing.TB, p *plan.Plan) *machine.State {
	s := newState(b, p)
	now := time.Unix(0, 0)
	seq := uint64(0)
	put := func(e event.Event) {
		seq++
		e.Seq, e.Run, e.Time = seq, "r", now
		if err := machine.Apply(s, e); err != nil {
			b.Fatal(err)
		}
	}
	put(event.Event{Type: event.RunStarted, Data: []byte(`{}`)})
	for {
		cmds := machine.Next(s)
		for _, c := range cmds {
			switch c := c.(type) {
			case machine.Dispatch:
				put(event.Event{Type: event.NodeDispatched, Node: c.Node, Generation: c.Generation, Attempt: c.Attempt, Data: []byte(`{"key":"` + c.Key + `"}`)})
			case machine.End:
				if c.Outcome != event.Succeeded {
					b.Fatalf("ended %s", c.Outcome)
				}
				return s
			default:
				b.Fatalf("unexpected %T", c)
			}
		}
		for _, c := range cmds {
			d := c.(machine.Dispatch)
			put(event.Event{Type: event.NodeDone, Node: d.Node, Generation: d.Generation, Attempt: d.Attempt})
		}
	}
}

func benchmark(b *testing.B, layers, width int) {
	p := layered(layers, width)
	b.ReportAllocs()
	for b.Loop() {
		drive(b, p)
	}
	b.ReportMetric(float64(layers*width*b.N)/b.Elapsed().Seconds(), "nodes/s")
}

func BenchmarkLayers20x500(b *testing.B) { benchmark(b, 20, 500) }
func BenchmarkChain1000(b *testing.B)    { benchmark(b, 1000, 1) }

// TestWide runs the widest benchmark once: 10,000 nodes and 4.75 million edges.
func TestWide(t *testing.T) { drive(t, layered(20, 500)) }

package local

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
	"github.com/penstock-dev/penstock/runtime/simulate/handmade"
	"github.com/penstock-dev/penstock/runtime/store"
)

// answer posts a person's answer to the question that a run asks.
func (w *world) answer(run event.RunID, kind store.MessageKind, node plan.NodeID, r Result, who, group string) {
	w.t.Helper()
	subject, _, _, ok := r.State.Asked(node)
	if !ok {
		w.t.Fatalf("nothing is asked at %s", node)
	}
	by := event.Actor{Name: who, How: "os-user", Groups: []string{group}}
	w.post(store.Message{Run: run, Kind: kind, From: by}, Answer{Node: node, Approval: event.Approval{By: by, Subject: subject, Reason: "because"}})
}

func (w *world) post(m store.Message, body any) {
	w.t.Helper()
	b, err := json.Marshal(body)
	w.must(err)
	m.Body, m.At = b, time.Now().UTC()
	_, err = w.st.Post(w.t.Context(), m)
	w.must(err)
}

// state folds a run's journal, as another process would.
func (w *world) state(run event.RunID) Result {
	w.t.Helper()
	all, err := w.st.Events(w.t.Context(), run, 1)
	w.must(err)
	st, err := machine.New(w.plan, machine.Options{})
	w.must(err)
	for _, e := range all {
		w.must(machine.Apply(st, e))
	}
	return Result{State: st}
}

// TestApproved: two people let a run on, each once; answers that don't count are said and change nothing.
func TestApproved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := handmade.Migration()
		p.Stages = p.Stages[:1]
		p.Nodes = p.Nodes[:1]
		p.Nodes[0].Do.Approve.Count = 2
		p.Nodes[0].Do.Approve.NotAuthor = true
		p.Monitors, p.Workloads, p.Artifacts = nil, nil, nil
		w := newWorld(t, p)
		defer w.st.Close()
		run := w.begin("c1")
		type end struct {
			r   Result
			err error
		}
		ended := make(chan end, 1)
		go func() {
			r, err := w.drive(t.Context(), run)
			ended <- end{r, err}
		}()
		time.Sleep(time.Minute)
		asked := w.state(run)
		for _, who := range []string{"author", "ada", "ada", "mallory", "bob"} {
			group := "sre"
			if who == "mallory" {
				group = "marketing"
			}
			w.answer(run, store.Approve, "go/approve", asked, who, group)
		}
		x := <-ended
		w.outcome(run, x.r, x.err, event.Succeeded)
		if n := len(w.events(run, event.ApprovalGiven)); n != 2 {
			t.Errorf("%d approvals are recorded, want 2", n)
		}
		var said []string
		for _, e := range w.events(run, event.Note) {
			n, err := event.Payload[event.Noted](e)
			w.must(err)
			said = append(said, n.Text)
		}
		all := strings.Join(said, "\n")
		for _, want := range []string{"author", "agreed already", "mallory"} {
			if !strings.Contains(all, want) {
				t.Errorf("nothing says %q:\n%s", want, all)
			}
		}
		left, err := w.st.Messages(t.Context(), run)
		if err != nil || len(left) != 0 {
			t.Errorf("%d messages are left, %v", len(left), err)
		}
	})
}

// TestAbortByMessage: somebody else asks a run to stop.
func TestAbortByMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, handmade.Canary())
		defer w.st.Close()
		w.installed("local")
		w.traffic("local", 0.001)
		run := w.begin("c1")
		time.AfterFunc(5*time.Minute, func() {
			w.post(store.Message{Run: run, Kind: store.Abort, From: event.Actor{Name: "bob", How: "os-user"}}, event.Abort{Reason: "wrong one"})
		})
		r, err := w.drive(t.Context(), run)
		w.outcome(run, r, err, event.Aborted)
		w.settled("local", "old")
		a, err := event.Payload[event.Abort](w.events(run, event.RunAbort)[0])
		if err != nil || a.By.Name != "bob" || a.Kind != "abort" || a.Reason != "wrong one" {
			t.Errorf("recorded %+v, %v", a, err)
		}
	})
}

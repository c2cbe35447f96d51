package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/op"
	"github.com/penstock-dev/penstock/runtime/store"
	"github.com/penstock-dev/penstock/targets"
	"github.com/penstock-dev/penstock/targets/memory"
)

// world is what outlives a process: the store and the targets.
type world struct {
	t    *testing.T
	st   store.Store
	drv  *memory.Driver
	file plan.File
	plan *plan.Plan
	runs int
	wrap func(store.Writer) store.Writer

	mu    sync.Mutex
	lines []string
}

// newWorld makes a plan runnable: SLOs and groups are filled in, commands do nothing.
func newWorld(t *testing.T, p *plan.Plan) *world {
	t.Helper()
	if p.Concurrency == "" {
		p.Concurrency = plan.ConcurrencyQueue
	}
	p.SLOs = map[string]plan.SLO{"a": {Objective: 99, Over: plan.Duration(time.Hour), SLI: plan.SLI{Requests: &plan.RequestsSLI{Workload: "hello"}}}}
	for i := range p.Monitors {
		j := &p.Monitors[i].Judge
		j.SLIs = []plan.JudgedSLI{{SLO: "a", Tolerate: 1, Safe: 2, Weight: 1}}
		if j.Tick == 0 {
			j.Tick = plan.Duration(15 * time.Second)
		}
		if j.Alpha == 0 {
			j.Alpha = 0.05
		}
		if j.Against == "" {
			j.Against = "stable"
		}
		if w := p.Monitors[i].When; w != nil && w.Absent {
			j.Against = "objective"
		}
		if j.Require == "" {
			j.Require = "no-harm"
		}
		if j.Inconclusive == "" {
			j.Inconclusive = "rollback"
		}
	}
	for name, a := range p.Artifacts {
		if p.NodeByID(a.Producer) == nil {
			delete(p.Artifacts, name)
			continue
		}
		for ref, wl := range p.Workloads { // what is built decides which version it is
			wl.Holes = []plan.Hole{{Pointer: "/digest", From: plan.Binding{Artifact: name}}}
			p.Workloads[ref] = wl
		}
	}
	for i := range p.Nodes {
		if a := p.Nodes[i].Do.Approve; a != nil {
			a.Count = max(a.Count, 1)
		}
		for _, do := range []*plan.Do{&p.Nodes[i].Do, p.Nodes[i].Undo} {
			if do != nil && do.Exec != nil {
				do.Exec.Command = []string{"true"}
			}
		}
	}
	return newWorldAsIs(t, p)
}

// newWorldAsIs takes the plan as it is, but for the order of its nodes.
func newWorldAsIs(t *testing.T, p *plan.Plan) *world {
	t.Helper()
	order(p)
	f, err := plan.Seal(p, plan.Provenance{})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, st: store.NewMemory(), drv: memory.New("process"), file: f, plan: p}
	b, err := plan.Encode(f)
	w.must(err)
	w.must(w.st.PutPlan(t.Context(), f.ID, b))
	return w
}

// order brings a plan that was written by hand into the order that files have.
func order(p *plan.Plan) {
	var out []plan.Node
	done := map[plan.NodeID]bool{}
	for len(out) < len(p.Nodes) {
		for _, n := range p.Nodes {
			ready := !done[n.ID]
			for _, need := range n.Needs {
				ready = ready && done[need]
			}
			if ready {
				done[n.ID] = true
				out = append(out, n)
			}
		}
	}
	p.Nodes = out
	for i := range p.Stages {
		p.Stages[i].Nodes = nil
		for _, n := range out {
			if n.Stage == p.Stages[i].Name {
				p.Stages[i].Nodes = append(p.Stages[i].Nodes, n.ID)
			}
		}
	}
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// content answers with files that need not exist. Each run builds something else.
type content struct{ digest string }

func (c content) PutFile(context.Context, string) (string, int64, error) { return c.digest, 1, nil }
func (content) File(_ context.Context, digest string) (string, error) {
	return "/nowhere/" + digest, nil
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// built is what the n-th run builds.
func built(n int) string { return "sha256:" + fmt.Sprintf("%064d", n) }

func (w *world) executor() *op.Executor { return w.bare(w.t) }

func (w *world) bare(tb testing.TB) *op.Executor { return w.bareIn(tb.TempDir()) }

func (w *world) bareIn(dir string) *op.Executor {
	return &op.Executor{
		Plan: w.plan, Dir: dir, Content: content{built(w.begun(0))}, Now: time.Now,
		Driver: func(context.Context, string) (targets.Driver, error) { return w.drv, nil },
		Secret: func(context.Context, plan.SecretRef) (string, error) { return "", errors.New("no secrets here") },
		Mask:   func(out io.Writer, _ []string) io.WriteCloser { return nopCloser{out} },
		Log:    func(plan.NodeID) (io.WriteCloser, string, error) { return nopCloser{io.Discard}, "log", nil },
	}
}

// begun is the number of runs so far, with so many more; processes of several runs may ask at once.
func (w *world) begun(more int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.runs += more
	return w.runs
}

// begin appends run.started of a new run.
func (w *world) begin(commit string) event.RunID {
	w.t.Helper()
	run := event.RunID(fmt.Sprintf("run-%d", w.begun(1)))
	w.append(run, event.Event{Type: event.RunStarted, Time: time.Now().UTC()}.With(event.Started{
		Format: event.Format, Plan: w.file.ID, Actor: event.Actor{Name: "author", How: "ssh"}, Commit: commit, Tree: "tree",
	}))
	return run
}

func (w *world) append(run event.RunID, e event.Event) {
	w.t.Helper()
	if _, err := w.st.Append(w.t.Context(), run, []event.Event{e}); err != nil {
		w.t.Fatal(err)
	}
}

// again appends run.resumed.
func (w *world) again(run event.RunID) {
	w.t.Helper()
	w.append(run, event.Event{Type: event.RunResumed, Time: time.Now().UTC()}.With(event.Resumed{Actor: event.Actor{Name: "author", How: "ssh"}}))
}

// drive runs one process of a run.
func (w *world) drive(ctx context.Context, run event.RunID, more ...func(*Options)) (Result, error) {
	owner, err := store.Self("test")
	w.must(err)
	wr, err := w.st.Writer(ctx, run, owner)
	w.must(err)
	defer wr.Close(context.WithoutCancel(ctx))
	var writer store.Writer = wr
	if w.wrap != nil {
		writer = w.wrap(wr)
	}
	o := Options{
		Plan: w.plan, Record: Record{Writer: writer, Journal: w.st, Inbox: w.st, Evidence: w.st}, Exec: w.executor(),
		Holder: targets.Holder{Actor: "author", Host: "here"}, By: event.Actor{Name: "author", How: "os-user"},
		Tick: func(_ time.Time, _ plan.MonitorID, line string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.lines = append(w.lines, line)
		},
	}
	for _, f := range more {
		f(&o)
	}
	return Run(ctx, o, run)
}

// dep is a deployment of the workload in its environment.
func (w *world) dep(env, version string) targets.Deploy {
	return targets.Deploy{
		Ref: plan.RefOf("hello", env), Kind: "process", Version: version, Spec: []byte(`{"version":"` + version + `"}`),
		Place: targets.Place{ID: w.plan.Envs[env].Place, Env: env},
	}
}

// installed has "old" running as the stable version.
func (w *world) installed(env string) {
	w.t.Helper()
	ctx, d := w.t.Context(), w.dep(env, "old")
	fence, err := w.drv.Lock(ctx, d.Place, targets.Holder{Run: "before"})
	w.must(err)
	c := targets.Call{Key: "before/stage/do/1", Run: "before", Fence: fence, Order: 1, Log: func(string) {}}
	_, err = w.drv.Stage(ctx, c, d, plan.StageOp{})
	w.must(err)
	c.Key, c.Order = "before/commit/do/1", 2
	w.must(w.drv.Commit(ctx, c, d, plan.Commit{}))
	w.must(w.drv.Unlock(ctx, d.Place, fence))
}

// newVersion is the name of what the latest run (the first, before there is any) releases to an environment.
func (w *world) newVersion(env string) string {
	w.t.Helper()
	d, err := w.executor().Deploy(w.t.Context(), plan.RefOf("hello", env), map[string]string{"artifact:app": built(max(w.begun(0), 1))}, false)
	w.must(err)
	return d.Version
}

// traffic has the workload receive requests of which the new version fails a share.
func (w *world) traffic(env string, bad float64) {
	w.drv.SetTraffic(w.dep(env, "old"), memory.Traffic{RPS: 100, Bad: map[string]float64{w.newVersion(env): bad, "old": 0.001}})
}

// settled demands that exactly one version has everything and nobody holds the lock.
func (w *world) settled(env, stable string) {
	w.t.Helper()
	o, err := w.drv.Observe(w.t.Context(), w.dep(env, "old"))
	w.must(err)
	if o.Stable != stable || o.Canary != "" || o.Weight != 0 {
		w.t.Errorf("%s: stable %.20q, canary %.20q at %g %%; want %.20q alone", env, o.Stable, o.Canary, o.Weight, stable)
	}
	if h, held := w.drv.Holder(w.plan.Envs[env].Place); held {
		w.t.Errorf("%s: the lock is held by %+v", env, h)
	}
}

// events returns a run's facts of a type.
func (w *world) events(run event.RunID, types ...event.Type) []event.Event {
	w.t.Helper()
	all, err := w.st.Events(w.t.Context(), run, 1)
	w.must(err)
	var out []event.Event
	for _, e := range all {
		for _, t := range types {
			if e.Type == t {
				out = append(out, e)
			}
		}
	}
	return out
}

func (w *world) dump(run event.RunID) {
	w.t.Helper()
	all, _ := w.st.Events(w.t.Context(), run, 1)
	for _, e := range all {
		w.t.Logf("%3d %s %-20s %s%s%s undo=%v g%d a%d %.300s", e.Seq, e.Time.Format("15:04:05.000"), e.Type, e.Node, e.Monitor, e.Env, e.Undo, e.Generation, e.Attempt, e.Data)
	}
}

// outcome demands how a run ended.
func (w *world) outcome(run event.RunID, r Result, err error, want event.Outcome) {
	w.t.Helper()
	if err != nil || r.Outcome != want {
		w.dump(run)
		w.t.Fatalf("outcome %q, %v; want %q", r.Outcome, err, want)
	}
}

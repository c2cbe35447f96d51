package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
	"github.com/penstock-dev/penstock/runtime/store"
	"github.com/penstock-dev/penstock/targets"
	"github.com/penstock-dev/penstock/targets/memory"
)

var errDisk = errors.New("no space left on device")

// book is a journal, an inbox and evidence in memory, which refuses or stops a run at a given append.
type book struct {
	mu     sync.Mutex
	events []event.Event
	inbox  []store.Message
	acked  map[store.MessageID]bool
	ticks  map[plan.MonitorID][][]byte
	calls  int // appends so far
	// refuse is the append, counted from 1, that fails, and with it all behind it; after is called behind each append.
	refuse int
	after  func(call int)
}

func newBook() *book {
	return &book{acked: map[store.MessageID]bool{}, ticks: map[plan.MonitorID][][]byte{}}
}

func (b *book) Append(ctx context.Context, events []event.Event) ([]event.Event, error) {
	return b.AppendAck(ctx, events, nil)
}

func (b *book) AppendAck(ctx context.Context, events []event.Event, ack []store.MessageID) ([]event.Event, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls++
	if b.refuse > 0 && b.calls >= b.refuse {
		return nil, errDisk
	}
	for _, id := range ack {
		if b.acked[id] {
			return nil, store.ErrAcknowledged
		}
		b.acked[id] = true
	}
	out := slices.Clone(events)
	for i := range out {
		out[i].Seq = uint64(len(b.events) + 1)
		b.events = append(b.events, out[i])
	}
	if b.after != nil {
		b.after(b.calls)
	}
	return out, nil
}

func (b *book) AppendTicks(ctx context.Context, m plan.MonitorID, ticks [][]byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refuse > 0 && b.calls >= b.refuse {
		return errDisk
	}
	b.ticks[m] = append(b.ticks[m], ticks...)
	return nil
}

func (b *book) Events(_ context.Context, _ event.RunID, from uint64) ([]event.Event, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.events) == 0 {
		return nil, store.ErrNotFound
	}
	return slices.Clone(b.events[from-1:]), nil
}

func (b *book) Messages(context.Context, event.RunID) ([]store.Message, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []store.Message
	for _, m := range b.inbox {
		if !b.acked[m.ID] {
			out = append(out, m)
		}
	}
	return out, nil
}

func (b *book) Ticks(_ context.Context, _ event.RunID, m plan.MonitorID) ([][]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.ticks[m]), nil
}

func (b *book) Seal(_ context.Context, _ event.RunID, m plan.MonitorID) (string, int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return store.EvidenceDigest(b.ticks[m]), len(b.ticks[m]), nil
}

func (b *book) post(kind store.MessageKind, from event.Actor, body any) {
	raw, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.inbox = append(b.inbox, store.Message{ID: store.MessageID(len(b.inbox) + 1), Kind: kind, From: from, Body: raw})
}

// find returns the events of a type.
func (b *book) find(t event.Type) []event.Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []event.Event
	for _, e := range b.events {
		if e.Type == t {
			out = append(out, e)
		}
	}
	return out
}

// started finds the dispatch of an attempt in the journal.
func (b *book) started(c machine.Dispatch, order uint64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if order == 0 || order > uint64(len(b.events)) {
		return fmt.Errorf("%s was begun without a record", c.Key)
	}
	if e := b.events[order-1]; e.Type != event.NodeDispatched || e.Node != c.Node || e.Undo != c.Undo || e.Attempt != c.Attempt {
		return fmt.Errorf("%s was begun under the record of %s %s", c.Key, e.Type, e.Node)
	}
	return nil
}

// world is a process's surroundings: everything runs in one memory driver, commands do nothing.
type world struct {
	t    *testing.T
	p    *plan.Plan
	b    *book
	drv  *memory.Driver
	mu   sync.Mutex
	ran  []string // "do release/stage", "undo …", "look …"
	exec func(ctx context.Context, c machine.Dispatch) (Outcome, bool)
	gate func(node plan.NodeID, now time.Time) event.GateAnswer
	// renewals counts the leases renewed.
	renewals int
	renew    func() error
	limit    func(l plan.Limit) (float64, error)
}

func newWorld(t *testing.T, p *plan.Plan) *world {
	return &world{t: t, p: p, b: newBook(), drv: memory.New("process")}
}

func (w *world) deploy(_ context.Context, ref plan.Ref, _ map[string]string) (targets.Deploy, targets.Driver, error) {
	return w.dep(ref, "new"), w.drv, nil
}

func (w *world) dep(ref plan.Ref, version string) targets.Deploy {
	_, env := ref.Split()
	return targets.Deploy{
		Ref: ref, Kind: "process", Version: version, Spec: json.RawMessage(`"` + version + `"`),
		Place: targets.Place{ID: w.p.Envs[env].Place, Env: env},
	}
}

// seed makes "old" the stable version everywhere, with traffic.
func (w *world) seed(bad map[string]float64) {
	for ref := range w.p.Workloads {
		d := w.dep(ref, "old")
		fence, err := w.drv.Lock(w.t.Context(), d.Place, targets.Holder{Run: "seed"})
		w.must(err)
		c := targets.Call{Key: "seed", Run: "seed", Fence: fence, Log: func(string) {}}
		_, err = w.drv.Stage(w.t.Context(), c, d, plan.StageOp{})
		w.must(err)
		w.must(w.drv.Commit(w.t.Context(), c, d, plan.Commit{}))
		w.must(w.drv.Unlock(w.t.Context(), d.Place, fence))
		w.drv.SetTraffic(d, memory.Traffic{RPS: 200, Bad: bad})
	}
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) Do(ctx context.Context, c machine.Dispatch, order uint64, _ map[string]string) Outcome {
	if err := w.b.started(c, order); err != nil {
		w.t.Error(err)
	}
	word := "do "
	switch {
	case c.Recover:
		word = "look "
	case c.Undo:
		word = "undo "
	}
	w.mu.Lock()
	w.ran = append(w.ran, word+string(c.Node))
	w.mu.Unlock()
	if w.exec != nil {
		if out, ok := w.exec(ctx, c); ok {
			return out
		}
	}
	done, seen, err := w.act(ctx, c, order)
	if err != nil {
		return Outcome{
			Failure: &event.Failure{Message: err.Error(), Transient: targets.IsTransient(err), Unknown: ctx.Err() != nil},
			Fenced:  errors.Is(err, targets.ErrStaleFence),
		}
	}
	return Outcome{Done: done, Observed: seen}
}

func (w *world) act(ctx context.Context, c machine.Dispatch, order uint64) (*event.Done, *event.Observed, error) {
	ref, ok := c.Do.Workload()
	if !ok {
		select { // a command takes a moment
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-time.After(time.Second):
		}
		if c.Recover {
			return nil, &event.Observed{Effect: event.EffectNotDone}, nil
		}
		done := &event.Done{}
		if c.Do.Exec != nil {
			for _, p := range c.Do.Exec.Produces {
				done.Bindings = map[string]string{machine.BindingName(plan.Binding{Artifact: p.Artifact}): "sha256:new"}
			}
		}
		return done, nil, nil
	}
	d := w.dep(ref, "new")
	call := targets.Call{Key: c.Key, Run: "r", Fence: c.Fence, Order: order, Log: func(string) {}}
	now, err := w.drv.Observe(ctx, d)
	if err != nil {
		return nil, nil, err
	}
	if c.Recover {
		seen := &event.Observed{Effect: event.EffectNotDone}
		if took(c.Do, now) {
			seen.Effect = event.EffectDone
		}
		return nil, seen, nil
	}
	prior := targets.Prior{}
	if c.Prior != nil {
		prior = targets.Prior{Absent: c.Prior.Absent, Version: c.Prior.Version, Spec: c.Prior.Spec}
	}
	switch do := c.Do; do.Op() {
	case plan.OpSnapshot:
		return &event.Done{Prior: &event.Prior{Absent: now.Stable == "", Version: now.Stable, Spec: now.StableSpec}}, nil, nil
	case plan.OpStage:
		_, err = w.drv.Stage(ctx, call, d, *do.Stage)
	case plan.OpUnstage:
		err = w.drv.Unstage(ctx, call, d)
	case plan.OpShift:
		var weight float64
		weight, err = w.drv.Shift(ctx, call, d, *do.Shift)
		return &event.Done{Weight: &weight}, nil, err
	case plan.OpCommit:
		err = w.drv.Commit(ctx, call, d, *do.Commit)
	case plan.OpRestore:
		err = w.drv.Restore(ctx, call, d, prior)
	case plan.OpRetire:
		err = w.drv.Retire(ctx, call, d, prior)
	}
	return &event.Done{}, nil, err
}

func took(do *plan.Do, now targets.Observed) bool {
	switch do.Op() {
	case plan.OpStage:
		return now.Canary == "new" || now.Stable == "new"
	case plan.OpShift:
		return now.Canary == "new" && now.Weight == do.Shift.Weight
	case plan.OpCommit:
		return now.Stable == "new"
	case plan.OpRetire:
		return now.Prior == ""
	}
	return false
}

func (w *world) Ask(_ context.Context, node plan.NodeID, _ *plan.Gate, _ map[string]string, now time.Time) event.GateAnswer {
	if w.gate != nil {
		return w.gate(node, now)
	}
	return event.GateAnswer{Open: true}
}

func (w *world) Locker(_ context.Context, env string) (targets.Locker, targets.Place, error) {
	return w.drv, targets.Place{ID: w.p.Envs[env].Place, Env: env}, nil
}

func (w *world) Renew(ctx context.Context, l Lease) error {
	w.mu.Lock()
	w.renewals++
	fail := w.renew
	w.mu.Unlock()
	if fail != nil {
		return fail()
	}
	c := targets.Call{Key: l.Key, Run: "r", Fence: l.Fence, Order: l.Order, Log: func(string) {}}
	return w.drv.RenewLease(ctx, c, w.dep(l.Workload, "new"), l.For)
}

// provider answers limits as the test says.
func (w *world) counts() Counts {
	return &limited{TargetCounts{Plan: w.p, Deploy: w.deploy}, w}
}

type limited struct {
	TargetCounts
	w *world
}

func (l *limited) Limit(_ context.Context, _ *plan.Monitor, q plan.Limit, _ time.Time) (float64, error) {
	return l.w.limit(q)
}

// options are those of a process of the run. People approve what they are asked.
func (w *world) options() Options {
	o := Options{
		Plan: w.p, Run: "r", Journal: w.b, Record: w.b, Executor: w, Gates: w, Locks: w, Counts: w.counts(), Leases: w,
		Started: &event.Started{Format: event.Format, Plan: "sha256:p", Actor: event.Actor{Name: "author", How: "ssh"}},
		Actor:   event.Actor{Name: "author", How: "ssh"}, Holder: targets.Holder{Actor: "author"},
	}
	o.View = func(e event.Event) {
		if e.Type == event.ApprovalRequested {
			x, err := event.Payload[event.ApprovalRequest](e)
			w.must(err)
			for _, name := range []string{"bob", "eve"} {
				w.b.post(store.Approve, event.Actor{Name: name, How: "ssh", Groups: []string{"sre", "dba", "release"}}, Answer{Node: e.Node, Subject: x.Subject})
			}
		}
	}
	return o
}

func (w *world) stable(ref plan.Ref) string {
	o, err := w.drv.Observe(w.t.Context(), w.dep(ref, "new"))
	w.must(err)
	if o.Canary != "" || o.Weight != 0 {
		w.t.Errorf("%s: %s still has %g %% beside %s", ref, o.Canary, o.Weight, o.Stable)
	}
	return o.Stable
}

// unlocked demands that no lock is held any more.
func (w *world) unlocked() {
	w.t.Helper()
	for name, e := range w.p.Envs {
		if h, held := w.drv.Holder(e.Place); held {
			w.t.Errorf("%s is still locked by %s", name, h.Run)
		}
	}
}

// replayed demands that the journal says exactly what the run that wrote it thought.
func (w *world) replayed(live *machine.State) {
	w.t.Helper()
	s, err := machine.New(w.p, machine.Options{})
	w.must(err)
	for _, e := range w.b.events {
		raw, err := json.Marshal(e)
		w.must(err)
		var back event.Event
		w.must(json.Unmarshal(raw, &back))
		w.must(machine.Apply(s, back))
	}
	for _, x := range [][2]any{
		{s.Nodes(), live.Nodes()}, {s.Stages(), live.Stages()}, {s.Causes(), live.Causes()}, {s.Bindings(), live.Bindings()}, {s.Now(), live.Now()},
	} {
		a, errA := json.Marshal(x[0])
		b, errB := json.Marshal(x[1])
		if errA != nil || errB != nil || string(a) != string(b) {
			w.t.Errorf("the journal says\n%s\nand the run thought\n%s", a, b)
		}
	}
}

func (w *world) dump() {
	for _, e := range w.b.events {
		w.t.Log(e.Seq, e.Time.Format("15:04:05.000"), e.Type, e.Node, e.Monitor, e.Env, e.Undo, e.Attempt, string(e.Data))
	}
}

func traffic(rps, bad float64) memory.Traffic {
	return memory.Traffic{RPS: rps, Bad: map[string]float64{"new": bad}}
}

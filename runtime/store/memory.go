package store

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
)

// NewMemory returns a store that keeps everything in memory: for tests and dry runs.
func NewMemory() Store {
	return newCore(&memory{
		recs: map[event.RunID]*record{}, events: map[event.RunID][]row{}, leases: map[event.RunID]lease{},
		docs: map[docKey][]byte{}, outlines: map[plan.ID]outline{}, rels: map[string]Release{},
		inbox: map[MessageID]*posted{}, evidence: map[streamKey][][]byte{},
	})
}

// memory is the backend in memory. It is its own view and transaction: the lock is the transaction, and since writes
// check before they change there is nothing to take back.
type memory struct {
	mu       sync.RWMutex
	closed   bool
	recs     map[event.RunID]*record
	events   map[event.RunID][]row
	leases   map[event.RunID]lease
	docs     map[docKey][]byte
	outlines map[plan.ID]outline
	rels     map[string]Release
	deps     []Deployment
	inbox    map[MessageID]*posted
	evidence map[streamKey][][]byte
}

type docKey struct {
	kind docKind
	id   string
}

type streamKey struct {
	run event.RunID
	mon plan.MonitorID
}

type posted struct {
	Message
	acked bool
}

var _ backend = (*memory)(nil)
var _ tx = (*memory)(nil)

func (m *memory) write(ctx context.Context, fn func(tx) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ready(ctx); err != nil {
		return err
	}
	return fn(m)
}

func (m *memory) read(ctx context.Context, fn func(view) error) error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if err := m.ready(ctx); err != nil {
		return err
	}
	return fn(m)
}

func (m *memory) ready(ctx context.Context) error {
	if m.closed {
		return ErrClosed
	}
	return ctx.Err()
}

func (m *memory) close(last func(tx) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil
	}
	m.closed = true
	return last(m)
}

func (m *memory) record(run event.RunID) (*record, error) {
	r := m.recs[run]
	if r == nil {
		return nil, nil
	}
	out := *r
	out.RunInfo = cloneInfo(r.RunInfo)
	return &out, nil
}

func cloneInfo(r RunInfo) RunInfo {
	r.Envs = slices.Clone(r.Envs)
	r.Actor.Groups = slices.Clone(r.Actor.Groups)
	return r
}

func (m *memory) records(f Filter) ([]RunInfo, error) {
	var out []RunInfo
	for _, r := range m.recs {
		if f.passes(r.RunInfo) {
			out = append(out, cloneInfo(r.RunInfo))
		}
	}
	slices.SortFunc(out, func(a, b RunInfo) int {
		return cmp.Or(b.Started.Compare(a.Started), cmp.Compare(b.ID, a.ID))
	})
	if f.Limit > 0 && len(out) > f.Limit {
		out = out[:f.Limit]
	}
	return out, nil
}

func (m *memory) rows(run event.RunID, from uint64, yield func(row) error) error {
	for _, r := range m.events[run] {
		if r.seq < from {
			continue
		}
		if err := yield(r); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) lease(run event.RunID) (lease, error) {
	l := m.leases[run]
	if l.owner != nil {
		o := *l.owner
		l.owner = &o
	}
	return l, nil
}

func (m *memory) document(kind docKind, id string) ([]byte, error) {
	return bytesClone(m.docs[docKey{kind, id}]), nil
}

// bytesClone keeps apart nil, which is absent, and empty.
func bytesClone(b []byte) []byte {
	if b == nil {
		return nil
	}
	return append([]byte{}, b...)
}

func (m *memory) outline(id plan.ID) (*outline, error) {
	o, ok := m.outlines[id]
	if !ok {
		return nil, nil
	}
	o.Envs = slices.Clone(o.Envs)
	return &o, nil
}

func (m *memory) release(id string) (*Release, error) {
	r, ok := m.rels[id]
	if !ok {
		return nil, nil
	}
	r.Digests = maps.Clone(r.Digests)
	return &r, nil
}

func (m *memory) releases(pipeline string) ([]Release, error) {
	var out []Release
	for _, r := range m.rels {
		if pipeline == "" || r.Pipeline == pipeline {
			r.Digests = maps.Clone(r.Digests)
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b Release) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(b.ID, a.ID))
	})
	return out, nil
}

func (m *memory) deployments(env string) ([]Deployment, error) {
	var out []Deployment
	for _, d := range slices.Backward(m.deps) {
		if d.Env == env {
			out = append(out, d)
		}
	}
	return out, nil
}

func (m *memory) message(id MessageID) (*Message, bool, error) {
	p := m.inbox[id]
	if p == nil {
		return nil, false, nil
	}
	out := cloneMessage(p.Message)
	return &out, p.acked, nil
}

func cloneMessage(m Message) Message {
	m.Body = bytesClone(m.Body)
	m.From.Groups = slices.Clone(m.From.Groups)
	return m
}

func (m *memory) messages(run event.RunID) ([]Message, error) {
	var out []Message
	for _, id := range slices.Sorted(maps.Keys(m.inbox)) {
		if p := m.inbox[id]; p.Run == run && !p.acked {
			out = append(out, cloneMessage(p.Message))
		}
	}
	return out, nil
}

func (m *memory) ticks(run event.RunID, mon plan.MonitorID) ([][]byte, error) {
	var out [][]byte
	for _, t := range m.evidence[streamKey{run, mon}] {
		out = append(out, bytesClone(t))
	}
	return out, nil
}

func (m *memory) putRecord(r *record) error {
	m.recs[r.ID] = r
	return nil
}

func (m *memory) addRows(run event.RunID, rows []row) error {
	m.events[run] = append(m.events[run], rows...)
	return nil
}

func (m *memory) putLease(run event.RunID, l lease) error {
	m.leases[run] = l
	return nil
}

func (m *memory) putDocument(kind docKind, id string, b []byte) error {
	m.docs[docKey{kind, id}] = append([]byte{}, b...)
	return nil
}

func (m *memory) putOutline(id plan.ID, o outline) error {
	m.outlines[id] = o
	return nil
}

func (m *memory) putRelease(r Release) error {
	r.Digests = maps.Clone(r.Digests)
	m.rels[r.ID] = r
	return nil
}

func (m *memory) addDeployment(d Deployment) error {
	m.deps = append(m.deps, d)
	return nil
}

func (m *memory) addMessage(msg Message) (MessageID, error) {
	msg = cloneMessage(msg)
	msg.ID = MessageID(len(m.inbox) + 1)
	m.inbox[msg.ID] = &posted{Message: msg}
	return msg.ID, nil
}

func (m *memory) acknowledge(id MessageID) error {
	m.inbox[id].acked = true
	return nil
}

func (m *memory) addTicks(run event.RunID, mon plan.MonitorID, ticks [][]byte) error {
	k := streamKey{run, mon}
	for _, t := range ticks {
		m.evidence[k] = append(m.evidence[k], append([]byte{}, t...))
	}
	return nil
}

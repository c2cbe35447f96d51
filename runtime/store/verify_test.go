package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
)

func testVerify(t *testing.T, ctx context.Context, s Store) {
	w := begin(t, ctx, s, "r1")
	must[[]event.Event](t)(w.Append(ctx, []event.Event{note("a"), note("b")}))
	anchor := must[Head](t)(s.Head(ctx, "r1"))
	must[[]event.Event](t)(w.Append(ctx, []event.Event{note("c")}))
	for name, a := range map[string]*Head{"none": nil, "older": &anchor, "now": ptr(must[Head](t)(s.Head(ctx, "r1"))), "zero": {}} {
		if rep := must[VerifyReport](t)(s.Verify(ctx, "r1", a)); !rep.OK() || rep.Events != 4 || rep.Head.Seq != 4 {
			t.Errorf("anchor %s: %+v", name, rep)
		}
	}
	for kind, a := range map[ProblemKind]Head{
		ProblemRewritten: {Seq: 3, Hash: hash{}.String()},
		ProblemTruncated: {Seq: 5, Hash: hash{}.String()},
	} {
		rep := must[VerifyReport](t)(s.Verify(ctx, "r1", &a))
		if len(rep.Problems) != 1 || rep.Problems[0].Kind != kind {
			t.Errorf("anchor %s: %+v, want it %s", a, rep.Problems, kind)
		}
	}
	rep := must[VerifyReport](t)(s.Verify(ctx, "r2", &anchor))
	if len(rep.Problems) != 1 || rep.Problems[0].Kind != ProblemTruncated {
		t.Errorf("nothing left of the run: %+v", rep.Problems)
	}
}

func ptr[T any](v T) *T { return &v }

// journalOf makes a run of n events in memory and returns its backend and its head.
func journalOf(t testing.TB, ctx context.Context, n int) (*memory, Head) {
	t.Helper()
	s := NewMemory().(*core)
	id := putPlan(t, ctx, s, "hello", "prod")
	events := []event.Event{started(id, 0)}
	for i := 1; i < n; i++ {
		events = append(events, note(fmt.Sprint("note ", i)))
	}
	must[[]event.Event](t)(s.Append(ctx, "r1", events))
	return s.b.(*memory), must[Head](t)(s.Head(ctx, "r1"))
}

// rechain makes the hashes right again, as somebody would who rewrites the journal.
func rechain(m *memory) {
	var h hash
	rows := m.events["r1"]
	for i := range rows {
		h = h.next(rows[i].bytes)
		rows[i].hash = h
		m.recs["r1"].hash, m.recs["r1"].seq = h, rows[i].seq
	}
}

func TestVerifyFinds(t *testing.T) {
	edit := func(m *memory, i int) {
		r := &m.events["r1"][i]
		r.bytes = []byte(string(r.bytes[:len(r.bytes)-3]) + `!"}` + "}")
		r.bytes = []byte(fmt.Sprintf(`{"seq":%d,"run":"r1","time":"2026-03-01T12:00:00Z","type":"note","data":{"text":"forged"}}`, r.seq))
	}
	for name, tc := range map[string]struct {
		change func(*memory)
		kind   ProblemKind
		seq    uint64
		// anchored is whether only an anchor shows it.
		anchored bool
	}{
		"edited":        {func(m *memory) { edit(m, 2) }, ProblemEdited, 3, false},
		"hash edited":   {func(m *memory) { m.events["r1"][2].hash[0]++ }, ProblemEdited, 3, false},
		"not JSON":      {func(m *memory) { m.events["r1"][4].bytes = []byte("{"); rechain(m) }, ProblemEdited, 5, false},
		"missing":       {func(m *memory) { m.events["r1"] = slices.Delete(m.events["r1"], 2, 4) }, ProblemMissing, 3, false},
		"first missing": {func(m *memory) { m.events["r1"] = m.events["r1"][1:] }, ProblemMissing, 1, false},
		"last missing":  {func(m *memory) { m.events["r1"] = m.events["r1"][:5] }, ProblemTruncated, 6, false},
		"all missing":   {func(m *memory) { m.events["r1"] = nil }, ProblemTruncated, 1, false},
		"other run":     {func(m *memory) { m.events["r1"][3].bytes = []byte(`{"seq":4,"run":"r2","type":"note"}`); rechain(m) }, ProblemMisplaced, 4, false},
		"index edited":  {func(m *memory) { m.recs["r1"].Outcome = event.Succeeded }, ProblemIndex, 0, false},
		"index gone":    {func(m *memory) { delete(m.recs, "r1") }, ProblemIndex, 0, false},
		"index behind":  {func(m *memory) { m.recs["r1"].seq = 4 }, ProblemIndex, 6, false},
		"second start": {func(m *memory) {
			m.events["r1"][3].bytes = []byte(`{"seq":4,"run":"r1","type":"run.started"}`)
			rechain(m)
		}, ProblemEdited, 4, false},
		"verdict edited": {func(m *memory) {
			m.events["r1"][3].bytes = []byte(`{"seq":4,"run":"r1","type":"monitor.closed","data":[]}`)
			rechain(m)
		}, ProblemEdited, 4, false},
		"cleanly truncated": {func(m *memory) { m.events["r1"] = m.events["r1"][:5]; rechain(m) }, ProblemTruncated, 6, true},
		"cleanly rewritten": {func(m *memory) { edit(m, 2); rechain(m) }, ProblemRewritten, 6, true},
	} {
		t.Run(name, func(t *testing.T) {
			m, anchor := journalOf(t, t.Context(), 6)
			tc.change(m)
			bare := must[VerifyReport](t)(verify(m, "r1", nil))
			rep := must[VerifyReport](t)(verify(m, "r1", &anchor))
			if bare.OK() != tc.anchored {
				t.Errorf("without anchor: %+v", bare.Problems)
			}
			if len(rep.Problems) == 0 || rep.Problems[0].Kind != tc.kind || rep.Problems[0].Seq != tc.seq {
				t.Errorf("problems are %+v, want %s at %d", rep.Problems, tc.kind, tc.seq)
			}
		})
	}
}

// FuzzVerify changes one thing in a journal, as the bytes say, and looks for the report of it.
func FuzzVerify(f *testing.F) {
	f.Add(uint8(0), uint8(2), uint16(20), uint8(1))
	f.Add(uint8(1), uint8(0), uint16(31), uint8(0x80))
	f.Add(uint8(2), uint8(3), uint16(0), uint8(0))
	f.Add(uint8(3), uint8(1), uint16(2), uint8(0))
	f.Add(uint8(4), uint8(5), uint16(0), uint8(0))
	f.Add(uint8(5), uint8(1), uint16(9), uint8(7))
	f.Fuzz(func(t *testing.T, how, which uint8, where uint16, with uint8) {
		m, anchor := journalOf(t, t.Context(), 6)
		rows := m.events["r1"]
		i := int(which) % len(rows)
		changed := true
		switch how % 6 {
		case 0: // a byte of an event
			rows[i].bytes = slices.Clone(rows[i].bytes)
			rows[i].bytes[int(where)%len(rows[i].bytes)] ^= with
			changed = with != 0
		case 1: // a byte of a hash
			rows[i].hash[int(where)%len(rows[i].hash)] ^= with
			changed = with != 0
		case 2: // a row taken out
			m.events["r1"] = slices.Delete(rows, i, i+1)
		case 3: // two rows that change places, numbers and all
			j := int(where) % len(rows)
			rows[i].bytes, rows[j].bytes = rows[j].bytes, rows[i].bytes
			changed = i != j
		case 4: // a row twice, in place of its follower
			if changed = i+1 < len(rows); changed {
				rows[i+1] = row{rows[i+1].seq, rows[i].bytes, rows[i].hash}
			}
		case 5: // a byte of an event, and the chain made right again
			rows[i].bytes = slices.Clone(rows[i].bytes)
			rows[i].bytes[int(where)%len(rows[i].bytes)] ^= with
			rechain(m)
			changed = with != 0
		}
		rep := must[VerifyReport](t)(verify(m, "r1", &anchor))
		if rep.OK() == changed {
			t.Errorf("changed: %v, problems: %+v", changed, rep.Problems)
		}
		rec := m.recs["r1"]
		if _, err := readChain(m, rec, 1); (err == nil) == changed && how%6 != 5 {
			t.Errorf("changed: %v, read: %v", changed, err)
		}
	})
}

// FuzzDecode reads arbitrary bytes as a row: whatever is accepted belongs there and can be written again.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"seq":1,"run":"r1","time":"2026-03-01T12:00:00Z","type":"note","data":{"text":"a"}}`))
	f.Add([]byte(`{"seq":1,"run":"r1","type":"run.started","data":{"plan":"sha256:00","actor":{"name":"ada"}}}`))
	f.Add([]byte(`{"seq":1,"run":"r1","type":"run.ended","data":[1]}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := decodeRow("r1", row{seq: 1, bytes: b})
		if err != nil {
			return
		}
		if e.Seq != 1 || e.Run != "r1" {
			t.Fatalf("accepted event %d of run %s", e.Seq, e.Run)
		}
		if _, err := json.Marshal(e); err != nil {
			t.Errorf("cannot be written again: %v", err)
		}
		var r record
		_ = r.fold(e, func(plan.ID) (*outline, error) { return &outline{}, nil })
	})
}

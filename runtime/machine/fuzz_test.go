package machine_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
	"github.com/penstock-dev/penstock/runtime/simulate/handmade"
)

var fuzzTypes = []event.Type{
	event.RunStarted, event.RunResumed, event.RunParked, event.RunAbort, event.RunEnded, event.LockAcquired, event.LockWaiting,
	event.LockLost, event.LockReleased, event.NodeDispatched, event.NodeDone, event.NodeFailed, event.NodeCancelled, event.NodeObserved,
	event.NodeTimedOut, event.NodeWoke, event.StageTimedOut, event.ApprovalRequested, event.ApprovalGiven, event.ApprovalRejected,
	event.ApprovalExpired, event.GateAsked, event.MonitorOpened, event.MonitorVerdict, event.MonitorClosed, event.Note, "unheard.of",
}

var fuzzData = []string{
	``, `{}`, `{"recover":true}`, `{"message":"x","transient":true}`, `{"message":"x","unknown":true}`, `{"message":"x"}`,
	`{"effect":"done"}`, `{"effect":"not-done"}`, `{"effect":"unknown"}`, `{"verdict":"harm"}`, `{"verdict":"no-harm"}`,
	`{"verdict":"inconclusive"}`, `{"open":true}`, `{"never":true}`, `{"prior":{"version":"old"}}`, `{"prior":{"absent":true}}`,
	`{"fence":3}`, `{"fence":4}`, `{"by":{"name":"ada","groups":["sre","release"]},"subject":"s"}`, `{"subject":"s"}`, `{"kind":"abort","hard":true}`,
	`{"outcome":"unsettled"}`, `{"outcome":"succeeded"}`, `{"tree":"other"}`, `{"bindings":{"artifact:app":"x"}}`, `{"bindings":{"artifact:app":"y"}}`, `[`,
}

// fuzzEvent makes an event of four bytes.
func fuzzEvent(p *plan.Plan, b []byte, s *machine.State) event.Event {
	e := event.Event{
		Type: fuzzTypes[int(b[0])%len(fuzzTypes)], Node: p.Nodes[int(b[1])%len(p.Nodes)].ID, Generation: int(b[2] & 3), Attempt: int(b[2] >> 2 & 7),
		Undo: b[2]&32 != 0, Data: json.RawMessage(fuzzData[int(b[3])%len(fuzzData)]), Time: time.Unix(int64(b[2]), 0),
		Stage: p.Stages[int(b[1])%len(p.Stages)].Name, Run: "r",
	}
	if b[2]&64 != 0 { // what would be legal now
		v, _ := s.Node(e.Node)
		e.Generation, e.Attempt = 1, v.Attempts
		if e.Type == event.NodeDispatched {
			e.Attempt++
		}
	}
	e.Env = p.Nodes[int(b[1])%len(p.Nodes)].Lock
	if len(p.Monitors) > 0 {
		e.Monitor = p.Monitors[int(b[1])%len(p.Monitors)].ID
	}
	return e
}

// FuzzApply: no sequence of facts makes the machine panic, a refused fact leaves no trace, and replaying those that were
// accepted gives the same state.
func FuzzApply(f *testing.F) {
	f.Add(byte(0), []byte{0, 0, 0, 0, 5, 0, 64, 16, 9, 0, 64, 0, 10, 0, 64, 14})
	f.Add(byte(3), []byte{0, 0, 0, 0, 9, 0, 64, 0, 10, 0, 64, 14, 9, 1, 64, 0, 11, 1, 64, 5, 9, 1, 96, 0})
	f.Add(byte(7), []byte{0, 0, 0, 0, 22, 1, 1, 1, 23, 1, 1, 9, 1, 0, 0, 23, 3, 0, 0, 20})
	plans := handmade.All()
	f.Fuzz(func(t *testing.T, which byte, data []byte) {
		p := plans[int(which)%len(plans)].Plan
		s, again := newState(t, p), newState(t, p)
		if len(data) > 2000 {
			data = data[:2000]
		}
		for ; len(data) >= 4; data = data[4:] {
			e := fuzzEvent(p, data, s)
			if err := machine.Apply(s, e); err != nil {
				if !errors.Is(err, machine.ErrIllegal) {
					t.Fatalf("unexpected error: %v", err)
				}
				continue
			}
			if err := machine.Apply(again, e); err != nil {
				t.Fatalf("accepted once, refused on replay: %v", err)
			}
			machine.Next(s)
		}
		if !machine.SameFold(s, again) {
			t.Fatal("the replayed state differs")
		}
		s.Nodes()
		s.Stages()
	})
}

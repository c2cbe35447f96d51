package store

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/penstock-dev/penstock/runtime/event"
)

func testIndex(t *testing.T, ctx context.Context, s Store) {
	id := putPlan(t, ctx, s, "hello", "staging", "prod")
	want := RunInfo{
		ID: "r1", Pipeline: "hello", Plan: id, Release: "r1", Started: noon, State: Running, Commit: "c1",
		Actor: event.Actor{Name: "ada", How: "ssh", Groups: []string{"sre"}}, Envs: []string{"prod", "staging"},
	}
	later := noon.Add(time.Hour)
	for _, step := range []struct {
		e       event.Event
		state   State
		outcome event.Outcome
		ended   time.Time
	}{
		{started(id, 0), Running, "", time.Time{}},
		{event.Event{Type: event.RunParked}.With(event.Parked{Reason: "people"}), Parked, "", time.Time{}},
		{event.Event{Type: event.RunResumed}.With(event.Resumed{}), Running, "", time.Time{}},
		{event.Event{Type: event.RunEnded, Time: later}.With(event.Ended{Outcome: event.Unsettled}), Unsettled, event.Unsettled, later},
		{event.Event{Type: event.RunResumed}.With(event.Resumed{}), Running, "", time.Time{}},
		{note("a"), Running, "", time.Time{}},
		{event.Event{Type: event.RunEnded, Time: later}.With(event.Ended{Outcome: event.RolledBack}), Ended, event.RolledBack, later},
	} {
		must[[]event.Event](t)(s.Append(ctx, "r1", []event.Event{step.e}))
		want.State, want.Outcome, want.Ended = step.state, step.outcome, step.ended
		if diff := cmp.Diff(want, must[RunInfo](t)(s.Run(ctx, "r1"))); diff != "" {
			t.Errorf("after %s: %s", step.e.Type, diff)
		}
	}
	rep := must[VerifyReport](t)(s.Verify(ctx, "r1", nil))
	if !rep.OK() {
		t.Errorf("verify: %+v", rep.Problems)
	}
}

func testFilter(t *testing.T, ctx context.Context, s Store) {
	hello := putPlan(t, ctx, s, "hello", "staging", "prod")
	other := putPlan(t, ctx, s, "other", "prod")
	must[[]event.Event](t)(s.Append(ctx, "a", []event.Event{started(hello, 0), event.Event{Type: event.RunEnded}.With(event.Ended{Outcome: event.Succeeded})}))
	must[[]event.Event](t)(s.Append(ctx, "c", []event.Event{started(other, 1), event.Event{Type: event.RunEnded}.With(event.Ended{Outcome: event.Unsettled})}))
	must[[]event.Event](t)(s.Append(ctx, "b", []event.Event{started(hello, 2), event.Event{Type: event.RunParked}.With(event.Parked{})}))
	must[[]event.Event](t)(s.Append(ctx, "d", []event.Event{started(other, 1)}))
	for name, tc := range map[string]struct {
		f    Filter
		want []event.RunID
	}{
		"all":         {Filter{}, []event.RunID{"b", "d", "c", "a"}},
		"limit":       {Filter{Limit: 2}, []event.RunID{"b", "d"}},
		"pipeline":    {Filter{Pipeline: "hello"}, []event.RunID{"b", "a"}},
		"environment": {Filter{Env: "staging"}, []event.RunID{"b", "a"}},
		"active":      {Filter{Active: true}, []event.RunID{"b", "d", "c"}},
		"several":     {Filter{Active: true, Env: "prod", Pipeline: "other", Limit: 1}, []event.RunID{"d"}},
		"none":        {Filter{Env: "nowhere"}, nil},
	} {
		var got []event.RunID
		for _, r := range must[[]RunInfo](t)(s.Runs(ctx, tc.f)) {
			got = append(got, r.ID)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func testReleases(t *testing.T, ctx context.Context, s Store) {
	one := Release{ID: "a", Pipeline: "hello", Commit: "c1", Digests: map[string]string{"app": "sha256:1"}, Created: noon, Run: "r1"}
	two := Release{ID: "b", Pipeline: "hello", Digests: map[string]string{}, Created: noon.Add(time.Hour), Run: "r2"}
	far := Release{ID: "c", Pipeline: "other", Digests: map[string]string{}, Created: noon, Run: "r3"}
	for _, r := range []Release{one, two, far} {
		if err := s.PutRelease(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	more := one
	more.Digests, more.Run, more.Created = map[string]string{"web": "sha256:2"}, "r9", noon.Add(time.Minute)
	if err := s.PutRelease(ctx, more); err != nil {
		t.Fatal(err)
	}
	one.Digests = map[string]string{"app": "sha256:1", "web": "sha256:2"}
	if diff := cmp.Diff(one, must[Release](t)(s.Release(ctx, "a"))); diff != "" {
		t.Error(diff)
	}
	more.Digests = map[string]string{"app": "sha256:3"}
	wantErr(t, s.PutRelease(ctx, more), ErrConflict)
	more.Digests, more.Commit = nil, "c2"
	wantErr(t, s.PutRelease(ctx, more), ErrConflict)
	wantErr(t, s.PutRelease(ctx, Release{}), ErrInvalid)
	_, err := s.Release(ctx, "z")
	wantErr(t, err, ErrNotFound)
	if diff := cmp.Diff([]Release{two, one}, must[[]Release](t)(s.Releases(ctx, "hello"))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Release{two, far, one}, must[[]Release](t)(s.Releases(ctx, ""))); diff != "" {
		t.Error(diff)
	}
}

func testDeployments(t *testing.T, ctx context.Context, s Store) {
	at := func(h int) time.Time { return noon.Add(time.Duration(h) * time.Hour) }
	dep := func(workload, run, release string, o DeploymentOutcome, h int) Deployment {
		return Deployment{Env: "prod", Workload: workload, Run: event.RunID(run), Release: release, Outcome: o, At: at(h)}
	}
	check := func(workload, run string) {
		t.Helper()
		d, err := s.LastExecuted(ctx, "prod", workload)
		if run == "" {
			wantErr(t, err, ErrNotFound)
		} else if err != nil || d.Run != event.RunID(run) {
			t.Errorf("last executed of %q is %+v, %v; want run %s", workload, d, err, run)
		}
	}
	since := func(release string, want time.Time) {
		t.Helper()
		got, ok := Since(must[[]Deployment](t)(s.Deployments(ctx, "prod")), release)
		if ok == want.IsZero() || !got.Equal(want) {
			t.Errorf("release %s runs since %v (%v), want %v", release, got, ok, want)
		}
	}
	record := func(d Deployment) {
		t.Helper()
		if err := s.RecordDeployment(ctx, d); err != nil {
			t.Fatal(err)
		}
	}
	check("", "")
	record(dep("web", "r1", "A", Failed, 0))
	check("web", "")
	record(dep("web", "r2", "A", Committed, 1))
	record(dep("web", "r3", "A", Committed, 2))
	since("A", at(1))
	record(dep("api", "r3", "A", Committed, 3))
	since("A", at(3))
	record(dep("web", "r4", "B", Committed, 4))
	check("web", "r4")
	check("", "r4")
	check("api", "r3")
	since("B", at(4))
	record(dep("web", "r4", "B", RolledBack, 5))
	check("web", "r3")
	check("", "r3")
	since("B", time.Time{})
	since("A", at(5))
	record(dep("web", "r5", "C", Failed, 6))
	check("web", "r3")
	if n := len(must[[]Deployment](t)(s.Deployments(ctx, "prod"))); n != 7 {
		t.Errorf("%d deployments, want 7", n)
	}
	if got := must[[]Deployment](t)(s.Deployments(ctx, "staging")); len(got) != 0 {
		t.Errorf("staging has %v", got)
	}
	wantErr(t, s.RecordDeployment(ctx, Deployment{Env: "prod", Run: "r1", Outcome: "odd"}), ErrInvalid)
}

func testInbox(t *testing.T, ctx context.Context, s Store) {
	w := begin(t, ctx, s, "r1")
	begin(t, ctx, s, "r2")
	m := Message{Run: "r1", Kind: Approve, Body: json.RawMessage(`{"node":"a"}`), At: noon, From: event.Actor{Name: "ada", How: "ssh"}}
	var want []Message
	for _, k := range []MessageKind{Approve, Abort, Supersede, Reject} {
		m.Kind, m.ID = k, 99
		m.ID = must[MessageID](t)(s.Post(ctx, m))
		want = append(want, m)
	}
	stranger := must[MessageID](t)(s.Post(ctx, Message{Run: "r2", Kind: Abort}))
	if diff := cmp.Diff(want, must[[]Message](t)(s.Messages(ctx, "r1"))); diff != "" {
		t.Error(diff)
	}
	must[[]event.Event](t)(w.AppendAck(ctx, []event.Event{note("a")}, []MessageID{want[0].ID, want[2].ID}))
	for _, ids := range [][]MessageID{{want[0].ID}, {want[1].ID, want[1].ID}, {want[1].ID, want[2].ID}} {
		_, err := w.AppendAck(ctx, []event.Event{note("twice")}, ids)
		wantErr(t, err, ErrAcknowledged)
	}
	_, err := w.AppendAck(ctx, nil, []MessageID{stranger})
	wantErr(t, err, ErrInvalid)
	_, err = w.AppendAck(ctx, nil, []MessageID{12345})
	wantErr(t, err, ErrNotFound)
	must[Writer](t)(s.Seize(ctx, "r1", self(t)))
	_, err = w.AppendAck(ctx, []event.Event{note("late")}, []MessageID{want[1].ID})
	wantErr(t, err, ErrFenced)
	if diff := cmp.Diff([]Message{want[1], want[3]}, must[[]Message](t)(s.Messages(ctx, "r1"))); diff != "" {
		t.Error(diff)
	}
	for range 2 {
		if err := s.Ack(ctx, want[1].ID, want[3].ID); err != nil {
			t.Error(err)
		}
	}
	wantErr(t, s.Ack(ctx, 12345), ErrNotFound)
	if got := must[[]Message](t)(s.Messages(ctx, "r1")); len(got) != 0 {
		t.Errorf("still pending: %v", got)
	}
	if h := must[Head](t)(s.Head(ctx, "r1")); h.Seq != 2 {
		t.Errorf("head is at %d, want 2", h.Seq)
	}
	for _, bad := range []Message{{Run: "r1", Kind: "odd"}, {Run: "r1", Kind: Abort, Body: json.RawMessage("{")}} {
		_, err := s.Post(ctx, bad)
		wantErr(t, err, ErrInvalid)
	}
	_, err = s.Post(ctx, Message{Run: "r9", Kind: Abort})
	wantErr(t, err, ErrNotFound)
}

func testEvidence(t *testing.T, ctx context.Context, s Store) {
	w := begin(t, ctx, s, "r1")
	ticks := [][]byte{[]byte(`{"n":1}`), {}, []byte(`{"n":3}`)}
	if err := w.AppendTicks(ctx, "a/judge", ticks[:1]); err != nil {
		t.Fatal(err)
	}
	if err := w.AppendTicks(ctx, "a/judge", ticks[1:]); err != nil {
		t.Fatal(err)
	}
	if err := w.AppendTicks(ctx, "b/judge", [][]byte{[]byte("b")}); err != nil {
		t.Fatal(err)
	}
	got := must[[][]byte](t)(s.Ticks(ctx, "r1", "a/judge"))
	if diff := cmp.Diff(ticks, got); diff != "" {
		t.Error(diff)
	}
	digest, n, err := s.Seal(ctx, "r1", "a/judge")
	if err != nil || n != 3 || digest != EvidenceDigest(ticks) {
		t.Errorf("seal gives %s, %d, %v", digest, n, err)
	}
	for i, d := range []string{digest, EvidenceDigest(ticks[:2])} {
		v := event.Event{Type: event.MonitorVerdict, Monitor: "a/judge"}.With(event.Verdict{Verdict: "safe", Evidence: d, Ticks: 3 - i})
		must[[]event.Event](t)(w.Append(ctx, []event.Event{v}))
	}
	if rep := must[VerifyReport](t)(s.Verify(ctx, "r1", nil)); !rep.OK() {
		t.Errorf("verify: %+v", rep.Problems)
	}
	for _, v := range []event.Verdict{{Evidence: EvidenceDigest(nil), Ticks: 1}, {Evidence: digest, Ticks: 4}} {
		must[[]event.Event](t)(w.Append(ctx, []event.Event{event.Event{Type: event.MonitorClosed, Monitor: "a/judge"}.With(v)}))
	}
	rep := must[VerifyReport](t)(s.Verify(ctx, "r1", nil))
	if len(rep.Problems) != 2 || rep.Problems[0].Kind != ProblemEvidence {
		t.Errorf("verify: %+v, want two problems with the evidence", rep.Problems)
	}
	if err := s.AppendTicks(ctx, "r9", "a/judge", ticks); err != nil {
		t.Errorf("append ticks to a run that nobody holds: %v", err)
	}
	held := (*HeldError)(nil)
	if err := s.AppendTicks(ctx, "r1", "a/judge", ticks); !errors.As(err, &held) {
		t.Errorf("error is %v, want a HeldError", err)
	}
	wantErr(t, s.AppendTicks(ctx, "r9", "", ticks), ErrInvalid)
}

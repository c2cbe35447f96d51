package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
)

// noon is the time of day in these tests.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

// forms are the implementations; each test of the suite gets a fresh store of each.
var forms = map[string]func(*testing.T) Store{
	"memory": func(*testing.T) Store { return NewMemory() },
	"sqlite": func(t *testing.T) Store {
		l, err := Open(t.Context(), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		return l
	},
}

// suite is what every form of the store must do.
var suite = map[string]func(*testing.T, context.Context, Store){
	"numbers":         testNumbers,
	"refuses":         testRefuses,
	"writers":         testWriters,
	"lone append":     testLoneAppend,
	"documents":       testDocuments,
	"index":           testIndex,
	"filter":          testFilter,
	"releases":        testReleases,
	"deployments":     testDeployments,
	"inbox":           testInbox,
	"evidence":        testEvidence,
	"verify":          testVerify,
	"concurrent runs": testConcurrentRuns,
	"context":         testContext,
	"closed":          testClosed,
}

func TestSuite(t *testing.T) {
	for form, open := range forms {
		for name, test := range suite {
			t.Run(form+"/"+name, func(t *testing.T) {
				t.Parallel()
				s := open(t)
				t.Cleanup(func() {
					if err := s.Close(); err != nil {
						t.Errorf("close: %v", err)
					}
				})
				test(t, t.Context(), s)
			})
		}
	}
}

// putPlan stores a plan file with this pipeline and these environments and returns its id.
func putPlan(t testing.TB, ctx context.Context, s Documents, pipeline string, envs ...string) plan.ID {
	t.Helper()
	p := &plan.Plan{Format: plan.Format, Pipeline: pipeline, Envs: map[string]plan.Environment{}}
	for _, e := range envs {
		p.Envs[e] = plan.Environment{Kind: "process", Place: plan.Place("process:" + e)}
	}
	body, err := plan.Body(p)
	if err != nil {
		t.Fatal(err)
	}
	file, err := plan.Encode(plan.File{ID: plan.Sum(body), Body: body})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.PutPlan(ctx, plan.Sum(body), file); err != nil {
		t.Fatal(err)
	}
	return plan.Sum(body)
}

// started is the first event of a run of a plan, some minutes after noon.
func started(id plan.ID, minutes int) event.Event {
	at := noon.Add(time.Duration(minutes) * time.Minute)
	return event.Event{Type: event.RunStarted, Time: at}.With(event.Started{
		Format: event.Format, Plan: id, Release: "r1", Commit: "c1", Actor: event.Actor{Name: "ada", How: "ssh", Groups: []string{"sre"}},
	})
}

func note(text string) event.Event {
	return event.Event{Type: event.Note, Time: noon, Node: "release/shift-5"}.With(event.Noted{Text: text})
}

func self(t testing.TB) Owner {
	t.Helper()
	o, err := Self("penstock run")
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// begin opens a writer of a new run and starts the run.
func begin(t testing.TB, ctx context.Context, s Store, run event.RunID) Writer {
	t.Helper()
	w, err := s.Writer(ctx, run, self(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Append(ctx, []event.Event{started(putPlan(t, ctx, s, "hello", "prod"), 0)}); err != nil {
		t.Fatal(err)
	}
	return w
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error is %v, want %v", err, want)
	}
}

func testNumbers(t *testing.T, ctx context.Context, s Store) {
	w := begin(t, ctx, s, "r1")
	var all []event.Event
	all = append(all, must[[]event.Event](t)(s.Events(ctx, "r1", 0))...)
	for _, n := range []int{1, 2, 70, 0, 33} {
		var in []event.Event
		for i := range n {
			in = append(in, note(fmt.Sprintf("<%d> ö & ü", i)))
		}
		all = append(all, must[[]event.Event](t)(w.Append(ctx, in))...)
	}
	for i, e := range all {
		if e.Seq != uint64(i+1) || e.Run != "r1" {
			t.Fatalf("event %d is number %d of run %s", i, e.Seq, e.Run)
		}
	}
	for _, from := range []uint64{0, 1, 2, 50, 107, 108, 1 << 40} {
		got := must[[]event.Event](t)(s.Events(ctx, "r1", from))
		want := all[min(len(all), int(max(from, 1))-1):]
		if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b []event.Event) bool { return fmt.Sprint(a) == fmt.Sprint(b) })); diff != "" {
			t.Errorf("from %d: %s", from, diff)
		}
	}
	h := must[Head](t)(s.Head(ctx, "r1"))
	if h.Seq != 107 {
		t.Errorf("head is at %d, want 107", h.Seq)
	}
	var want hash
	for _, e := range all {
		b := must[[]byte](t)(json.Marshal(e))
		want = want.next(b)
	}
	if h.Hash != want.String() {
		t.Errorf("head is %s, the chain over the JSON of the events gives %s", h.Hash, want)
	}
	if again := must[Head](t)(ParseHead(h.String())); again != h {
		t.Errorf("head %s was read as %s", h, again)
	}
}

func testRefuses(t *testing.T, ctx context.Context, s Store) {
	id := putPlan(t, ctx, s, "hello", "prod")
	for name, tc := range map[string]struct {
		run    event.RunID
		events []event.Event
	}{
		"no id":          {"", []event.Event{started(id, 0)}},
		"other run":      {"r1", []event.Event{{Run: "r2", Type: event.Note}}},
		"no type":        {"r1", []event.Event{{}}},
		"no start":       {"r1", []event.Event{note("a")}},
		"unknown plan":   {"r1", []event.Event{started("sha256:00", 0)}},
		"two starts":     {"r1", []event.Event{started(id, 0), started(id, 1)}},
		"no JSON":        {"r1", []event.Event{{Type: event.RunStarted, Data: json.RawMessage("{")}}},
		"wrong payload":  {"r1", []event.Event{{Type: event.RunStarted, Data: json.RawMessage(`{"plan":1}`)}}},
		"wrong ending":   {"r1", []event.Event{started(id, 0), {Type: event.RunEnded, Data: json.RawMessage(`[]`)}}},
		"year too large": {"r1", []event.Event{{Type: event.RunStarted, Time: noon.AddDate(9000, 0, 0)}}},
	} {
		if _, err := s.Append(ctx, tc.run, tc.events); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: error is %v, want %v", name, err, ErrInvalid)
		}
	}
	_, err := s.Events(ctx, "r1", 1)
	wantErr(t, err, ErrNotFound)
	_, err = s.Head(ctx, "r1")
	wantErr(t, err, ErrNotFound)
	_, err = s.Verify(ctx, "r1", nil)
	wantErr(t, err, ErrNotFound)
	_, err = s.Run(ctx, "r1")
	wantErr(t, err, ErrNotFound)
	if _, err := s.Append(ctx, "r1", []event.Event{started(id, 0)}); err != nil {
		t.Errorf("after all that was refused: %v", err)
	}
}

func testWriters(t *testing.T, ctx context.Context, s Store) {
	old := begin(t, ctx, s, "r1")
	me := self(t)
	_, err := s.Writer(ctx, "r1", me)
	if held := (*HeldError)(nil); !errors.As(err, &held) || held.Owner != me && held.Owner.PID != me.PID {
		t.Fatalf("error is %v, want a HeldError with the owner", err)
	}
	if o := must[*Owner](t)(s.Holder(ctx, "r1")); o == nil || o.PID != os.Getpid() || o.Command != "penstock run" {
		t.Errorf("holder is %v, want this process", o)
	}
	young := must[Writer](t)(s.Seize(ctx, "r1", me))
	if young.Fence() <= old.Fence() || young.Run() != "r1" {
		t.Errorf("fence %d after %d", young.Fence(), old.Fence())
	}
	_, err = old.Append(ctx, []event.Event{note("late")})
	wantErr(t, err, ErrFenced)
	wantErr(t, old.AppendTicks(ctx, "release/judge", [][]byte{{1}}), ErrFenced)
	must[[]event.Event](t)(young.Append(ctx, []event.Event{note("new")}))
	if err := old.Close(ctx); err != nil {
		t.Error(err)
	}
	must[[]event.Event](t)(young.Append(ctx, []event.Event{note("the old one gave nothing back")}))
	for range 2 {
		if err := young.Close(ctx); err != nil {
			t.Error(err)
		}
	}
	_, err = young.Append(ctx, []event.Event{note("closed")})
	wantErr(t, err, ErrFenced)
	if o := must[*Owner](t)(s.Holder(ctx, "r1")); o != nil {
		t.Errorf("holder is %v, want nobody", o)
	}

	gone := me
	gone.Start++ // another process had this pid
	dead := must[Writer](t)(s.Writer(ctx, "r1", gone))
	next := must[Writer](t)(s.Writer(ctx, "r1", me))
	_, err = dead.Append(ctx, []event.Event{note("from the grave")})
	wantErr(t, err, ErrFenced)
	if err := next.Close(ctx); err != nil {
		t.Error(err)
	}
	far := me
	far.Host += ".elsewhere"
	must[Writer](t)(s.Writer(ctx, "r1", far))
	_, err = s.Writer(ctx, "r1", me)
	if held := (*HeldError)(nil); !errors.As(err, &held) {
		t.Errorf("error is %v, want a HeldError: nothing is known of another host", err)
	}
	_, err = s.Writer(ctx, "r1", Owner{})
	wantErr(t, err, ErrInvalid)
}

func testLoneAppend(t *testing.T, ctx context.Context, s Store) {
	w := begin(t, ctx, s, "r1")
	_, err := s.Append(ctx, "r1", []event.Event{note("a")})
	if held := (*HeldError)(nil); !errors.As(err, &held) {
		t.Errorf("error is %v, want a HeldError", err)
	}
	if err := w.Close(ctx); err != nil {
		t.Fatal(err)
	}
	must[[]event.Event](t)(s.Append(ctx, "r1", []event.Event{note("a")}))
	gone := self(t)
	gone.Start++
	dead := must[Writer](t)(s.Writer(ctx, "r1", gone))
	must[[]event.Event](t)(s.Append(ctx, "r1", []event.Event{note("b")}))
	_, err = dead.Append(ctx, []event.Event{note("late")})
	wantErr(t, err, ErrFenced)
}

func testDocuments(t *testing.T, ctx context.Context, s Store) {
	id := putPlan(t, ctx, s, "hello", "prod")
	var file plan.File
	if err := json.Unmarshal(must[[]byte](t)(s.Plan(ctx, id)), &file); err != nil || file.ID != id || plan.Sum(file.Body) != id {
		t.Errorf("plan came back with id %s (%v), want %s", file.ID, err, id)
	}
	odd := []byte(`{ "body":` + `{"pipeline": "x" , "environments":{"b":{},"a":{}}}` + "\n}")
	oddID := plan.Sum([]byte(`{"pipeline": "x" , "environments":{"b":{},"a":{}}}`))
	if err := s.PutPlan(ctx, oddID, odd); err != nil {
		t.Fatal(err)
	}
	if got := must[[]byte](t)(s.Plan(ctx, oddID)); string(got) != string(odd) {
		t.Errorf("plan came back as %s, want the bytes that were put", got)
	}
	wantErr(t, s.PutPlan(ctx, oddID, append([]byte(" "), odd...)), ErrConflict)
	wantErr(t, s.PutPlan(ctx, id, odd), ErrInvalid)
	wantErr(t, s.PutPlan(ctx, id, []byte("{")), ErrInvalid)
	for _, b := range [][]byte{{0, 255}, {}} {
		name := fmt.Sprintf("d%d", len(b))
		for range 2 {
			if err := s.PutDecision(ctx, name, b); err != nil {
				t.Fatal(err)
			}
		}
		if got := must[[]byte](t)(s.Decision(ctx, name)); string(got) != string(b) {
			t.Errorf("decision came back as %v, want %v", got, b)
		}
		wantErr(t, s.PutDecision(ctx, name, []byte("other")), ErrConflict)
	}
	_, err := s.Decision(ctx, string(id))
	wantErr(t, err, ErrNotFound)
	_, err = s.Plan(ctx, "d2")
	wantErr(t, err, ErrNotFound)
	wantErr(t, s.PutDecision(ctx, "", nil), ErrInvalid)
}

func testConcurrentRuns(t *testing.T, ctx context.Context, s Store) {
	const runs, appends = 8, 25
	var wg sync.WaitGroup
	for r := range runs {
		wg.Go(func() {
			run := event.RunID(fmt.Sprintf("r%d", r))
			w, err := s.Writer(ctx, run, self(t))
			if err != nil {
				t.Error(err)
				return
			}
			id := putPlan(t, ctx, s, "hello", "prod")
			batch := []event.Event{started(id, r)}
			for i := range appends {
				if _, err := w.Append(ctx, batch); err != nil {
					t.Error(err)
				}
				batch = []event.Event{note(fmt.Sprint(i)), note("and")}
			}
		})
	}
	wg.Wait()
	for r := range runs {
		run := event.RunID(fmt.Sprintf("r%d", r))
		rep := must[VerifyReport](t)(s.Verify(ctx, run, nil))
		if !rep.OK() || rep.Events != 1+2*(appends-1) {
			t.Errorf("run %s: %+v", run, rep)
		}
	}
}

func testContext(t *testing.T, ctx context.Context, s Store) {
	w := begin(t, ctx, s, "r1")
	over, cancel := context.WithCancel(ctx)
	cancel()
	_, err := w.Append(over, []event.Event{note("a")})
	wantErr(t, err, context.Canceled)
	_, err = s.Events(over, "r1", 1)
	wantErr(t, err, context.Canceled)
	if h := must[Head](t)(s.Head(ctx, "r1")); h.Seq != 1 {
		t.Errorf("head is at %d, want 1", h.Seq)
	}
}

func testClosed(t *testing.T, ctx context.Context, s Store) {
	w := begin(t, ctx, s, "r1")
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	_, err := w.Append(ctx, []event.Event{note("a")})
	wantErr(t, err, ErrClosed)
	_, err = s.Events(ctx, "r1", 1)
	wantErr(t, err, ErrClosed)
	_, err = s.Runs(ctx, Filter{})
	wantErr(t, err, ErrClosed)
}

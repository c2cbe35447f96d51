package targettest

import (
	"errors"
	"fmt"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/targets"
)

type testCase struct {
	name  string
	needs []func(*rig) bool
	run   func(*rig)
}

// cases is the contract, in the order in which it is best read.
var cases = []testCase{
	{"lock", []func(*rig) bool{locks}, testLock},
	{"lock is broken", []func(*rig) bool{locks}, testBreak},
	{"lock holder", []func(*rig) bool{locks, tells}, testHolder},
	{"supersede", []func(*rig) bool{locks, supersedes}, testSupersede},
	{"nothing is there", []func(*rig) bool{deploys}, testAbsent},
	{"first deploy", []func(*rig) bool{deploys}, testFirst},
	{"first deploy taken back", []func(*rig) bool{deploys}, testFirstBack},
	{"second deploy", []func(*rig) bool{deploys}, testSecond},
	{"taken back before commit", []func(*rig) bool{deploys}, testBack},
	{"restored after commit", []func(*rig) bool{deploys}, testRestore},
	{"restored after retirement", []func(*rig) bool{deploys}, testRestoreRetired},
	{"repeated calls", []func(*rig) bool{deploys}, testRepeat},
	{"undo without do", []func(*rig) bool{deploys}, testUndoNothing},
	{"what isn't there", []func(*rig) bool{deploys}, testMissing},
	{"stale fence", []func(*rig) bool{deploys}, testStaleFence},
	{"stale order", []func(*rig) bool{deploys}, testStaleOrder},
	{"same version again", []func(*rig) bool{deploys}, testSame},
	{"lease", []func(*rig) bool{deploys, leases}, testLease},
	{"counts", []func(*rig) bool{deploys, counts}, testCounts},
	{"drift", []func(*rig) bool{deploys, drifts}, testDrift},
	{"cancelled context", []func(*rig) bool{deploys}, testCancelled},
}

func testLock(r *rig) {
	one := r.lock("run-1")
	if again := r.lock("run-1"); again != one {
		r.Fatalf("the holder got %d, then %d", one, again)
	}
	_, err := r.lk.Lock(r.ctx, r.A.Place, holder("run-2"))
	var held *targets.LockedError
	if !errors.As(err, &held) || held.Holder.Run != "run-1" || held.Holder.Actor != "ada" {
		r.Fatalf("a second run got %v", err)
	}
	r.must("unlock", r.lk.Unlock(r.ctx, r.A.Place, one))
	r.want("unlock twice", r.lk.Unlock(r.ctx, r.A.Place, one), targets.ErrStaleFence)
	if two := r.lock("run-2"); two <= one {
		r.Fatalf("the number went from %d to %d", one, two)
	}
	r.want("unlock with the old number", r.lk.Unlock(r.ctx, r.A.Place, one), targets.ErrStaleFence)
}

func testBreak(r *rig) {
	one := r.lock("run-1")
	two, err := r.lk.Break(r.ctx, r.A.Place, holder("run-2"))
	r.must("break", err)
	if two <= one {
		r.Fatalf("the number went from %d to %d", one, two)
	}
	r.want("unlock by the former holder", r.lk.Unlock(r.ctx, r.A.Place, one), targets.ErrStaleFence)
	var held *targets.LockedError
	if _, err := r.lk.Lock(r.ctx, r.A.Place, holder("run-1")); !errors.As(err, &held) || held.Holder.Run != "run-2" {
		r.Fatalf("the former holder got %v", err)
	}
	r.must("unlock", r.lk.Unlock(r.ctx, r.A.Place, two))
}

func tells(r *rig) bool { _, ok := r.Driver.(targets.LockTeller); return ok }

// testHolder looks at a lock without taking it, also after another process went on with the run that holds it.
func testHolder(r *rig) {
	lt := r.Driver.(targets.LockTeller)
	is := func(when, run string, pid int, number uint64) {
		r.Helper()
		h, fence, held, err := lt.LockHolder(r.ctx, r.A.Place)
		r.must("lock holder", err)
		if held != (run != "") || h.Run != run || h.PID != pid || held && fence != number {
			r.Fatalf("%s: held %v by %+v with number %d, want %q, process %d, number %d", when, held, h, fence, run, pid, number)
		}
	}
	is("never locked", "", 0, 0)
	one := r.lock("run-1")
	is("locked", "run-1", 1, one)
	h := holder("run-1")
	h.PID, h.Host, h.Command, h.Commit = 2, "there", "penstock resume", "c1"
	again, err := r.lk.Lock(r.ctx, r.A.Place, h)
	r.must("lock again", err)
	is("resumed", "run-1", 2, one)
	var held *targets.LockedError
	if _, err := r.lk.Lock(r.ctx, r.A.Place, holder("run-2")); !errors.As(err, &held) || !held.Holder.Since.Equal(h.Since) ||
		held.Holder.Host != h.Host || held.Holder.Command != h.Command || held.Holder.Commit != h.Commit || again != one {
		r.Fatalf("a second run got %v (%+v), want %+v", err, held, h)
	}
	r.must("unlock", r.lk.Unlock(r.ctx, r.A.Place, one))
	is("given up", "", 0, 0)
}

func supersedes(r *rig) bool { _, ok := r.Driver.(targets.Superseder); return ok }

// testSupersede passes a wish on to the run that holds the lock, and to nobody else.
func testSupersede(r *rig) {
	s := r.Driver.(targets.Superseder)
	asked := func(when, run, by string) {
		r.Helper()
		h, ok, err := s.SupersedeRequested(r.ctx, r.A.Place, run)
		r.must("supersede requested", err)
		if ok != (by != "") || h.Run != by || ok && h.Commit != "c2" {
			r.Fatalf("%s: %s is asked: %v, by %+v, want %q", when, run, ok, h, by)
		}
	}
	ask := func(older, by string) {
		r.Helper()
		h := holder(by)
		h.Commit = "c2"
		r.must("request", s.RequestSupersede(r.ctx, r.A.Place, older, h, "commit c2"))
	}
	ask("run-1", "run-2")
	one := r.lock("run-1")
	asked("asked before it had the lock", "run-1", "")
	ask("run-0", "run-2")
	asked("another was meant", "run-1", "")
	ask("run-1", "run-2")
	ask("run-1", "run-2")
	asked("asked", "run-1", "run-2")
	asked("asked", "run-2", "")
	r.lock("run-1")
	asked("resumed", "run-1", "run-2")
	r.must("unlock", r.lk.Unlock(r.ctx, r.A.Place, one))
	asked("given up", "run-1", "")
	two := r.lock("run-2")
	asked("another holds it", "run-2", "")
	ask("run-2", "run-3")
	r.must("unlock", r.lk.Unlock(r.ctx, r.A.Place, two))
	r.lock("run-2")
	asked("taken anew", "run-2", "")
}

func testAbsent(r *rig) {
	r.stands("at the start", "", "", 0)
	if p := r.prior(r.A); !p.Absent {
		r.Fatalf("prior is %+v", p)
	}
}

func testFirst(r *rig) {
	r.lock("run-1")
	r.must("stage", r.stage(r.A, r.call("stage")))
	r.stands("staged", "", r.A.Version, 0)
	r.must("shift", r.shift(r.A, r.call("shift"), 100))
	r.stands("shifted", "", r.A.Version, 100)
	r.must("commit", r.commit(r.A, r.call("commit")))
	r.stands("committed", r.A.Version, "", 0)
	r.must("retire nothing", r.retire(r.A, r.call("retire"), targets.Prior{Absent: true}))
	r.stands("retired", r.A.Version, "", 0)
}

func testFirstBack(r *rig) {
	r.lock("run-1")
	r.release(r.A)
	r.must("restore", r.restore(r.A, r.call("undo commit"), targets.Prior{Absent: true}))
	r.must("shift back", r.shift(r.A, r.call("undo shift"), 0))
	r.must("unstage", r.unstage(r.A, r.call("undo stage")))
	r.stands("taken back", "", "", 0)
}

func testSecond(r *rig) {
	r.lock("run-1")
	r.release(r.A)
	p := r.prior(r.B)
	if p.Absent || p.Version != r.A.Version {
		r.Fatalf("prior is %+v", p)
	}
	r.must("stage", r.stage(r.B, r.call("stage")))
	r.stands("staged", r.A.Version, r.B.Version, 0)
	for _, w := range []float64{10, 50} {
		r.must("shift", r.shift(r.B, r.call(fmt.Sprintf("shift-%g", w)), w))
		r.stands("shifted", r.A.Version, r.B.Version, w)
	}
	r.must("commit", r.commit(r.B, r.call("commit")))
	r.stands("committed", r.B.Version, "", 0)
	if o := r.observe(r.B); o.Prior != r.A.Version {
		r.Fatalf("the former version is %q; it has to stay able to serve", o.Prior)
	}
	r.must("retire", r.retire(r.B, r.call("retire"), p))
	r.stands("retired", r.B.Version, "", 0)
	if o := r.observe(r.B); o.Prior != "" {
		r.Fatalf("the former version %q was not retired", o.Prior)
	}
}

func testBack(r *rig) {
	r.lock("run-1")
	r.release(r.A)
	r.must("stage", r.stage(r.B, r.call("stage")))
	r.must("shift", r.shift(r.B, r.call("shift"), 50))
	r.must("shift back", r.shift(r.B, r.call("undo shift"), 0))
	r.stands("shifted back", r.A.Version, r.B.Version, 0)
	r.must("unstage", r.unstage(r.B, r.call("undo stage")))
	r.stands("unstaged", r.A.Version, "", 0)
}

func testRestore(r *rig) {
	r.lock("run-1")
	r.release(r.A)
	p := r.prior(r.B)
	r.release(r.B)
	r.must("restore", r.restore(r.B, r.call("undo commit"), p))
	r.stands("restored", r.A.Version, any1, 0)
	r.must("shift back", r.shift(r.B, r.call("undo shift"), 0))
	r.must("unstage", r.unstage(r.B, r.call("undo stage")))
	r.stands("unstaged", r.A.Version, "", 0)
}

func testRestoreRetired(r *rig) {
	r.lock("run-1")
	r.release(r.A)
	p := r.prior(r.B)
	r.release(r.B)
	r.must("retire", r.retire(r.B, r.call("retire"), p))
	r.must("restore", r.restore(r.B, r.call("undo commit"), p))
	r.stands("restored", r.A.Version, any1, 0)
	r.must("unstage", r.unstage(r.B, r.call("undo stage")))
	r.stands("unstaged", r.A.Version, "", 0)
}

// testRepeat makes every call twice, with the same key, as after a lost answer: same order, and as a further attempt.
func testRepeat(r *rig) {
	r.lock("run-1")
	r.release(r.A)
	p := r.prior(r.B)
	twice := func(step string, do func(c targets.Call) error) {
		r.Helper()
		c := r.call(step)
		r.must(step, do(c))
		r.must(step+" again", do(c))
		r.order++
		c.Order = r.order
		r.must(step+" once more", do(c))
	}
	twice("stage", func(c targets.Call) error { return r.stage(r.B, c) })
	twice("shift", func(c targets.Call) error { return r.shift(r.B, c, 25) })
	r.stands("shifted", r.A.Version, r.B.Version, 25)
	twice("commit", func(c targets.Call) error { return r.commit(r.B, c) })
	r.stands("committed", r.B.Version, "", 0)
	twice("retire", func(c targets.Call) error { return r.retire(r.B, c, p) })
	twice("undo commit", func(c targets.Call) error { return r.restore(r.B, c, p) })
	r.stands("restored", r.A.Version, any1, 0)
	twice("undo stage", func(c targets.Call) error { return r.unstage(r.B, c) })
	r.stands("unstaged", r.A.Version, "", 0)
}

// testUndoNothing undoes what was never done: an attempt that failed before its effect is compensated all the same.
func testUndoNothing(r *rig) {
	r.lock("run-1")
	r.must("unstage", r.unstage(r.A, r.call("undo stage of nothing")))
	r.must("shift back", r.shift(r.A, r.call("undo shift of nothing"), 0))
	r.must("restore", r.restore(r.A, r.call("undo commit of nothing"), targets.Prior{Absent: true}))
	r.stands("nothing undone", "", "", 0)
	r.release(r.A)
	p := r.prior(r.B)
	r.must("restore", r.restore(r.B, r.call("undo commit"), p))
	r.must("shift back", r.shift(r.B, r.call("undo shift"), 0))
	r.must("unstage", r.unstage(r.B, r.call("undo stage")))
	r.stands("nothing undone", r.A.Version, "", 0)
}

func testMissing(r *rig) {
	r.lock("run-1")
	r.release(r.A)
	r.want("shift what was not staged", r.shift(r.B, r.call("shift"), 10), targets.ErrNoVersion)
	r.want("commit what was not staged", r.commit(r.B, r.call("commit")), targets.ErrNoVersion)
	r.stands("refused", r.A.Version, "", 0)
}

func testStaleFence(r *rig) {
	old := r.lock("run-1")
	r.release(r.A)
	r.must("stage", r.stage(r.B, r.call("stage")))
	two, err := r.lk.Break(r.ctx, r.A.Place, holder("run-2"))
	r.must("break", err)
	r.run, r.fence = "run-1", old
	r.want("shift by the former holder", r.shift(r.B, r.call("shift"), 10), targets.ErrStaleFence)
	r.want("commit by the former holder", r.commit(r.B, r.call("commit")), targets.ErrStaleFence)
	r.want("unstage by the former holder", r.unstage(r.B, r.call("undo stage")), targets.ErrStaleFence)
	r.want("restore by the former holder", r.restore(r.B, r.call("undo commit"), targets.Prior{Absent: true}), targets.ErrStaleFence)
	r.want("stage by the former holder", r.stage(r.B, r.call("stage again")), targets.ErrStaleFence)
	r.stands("refused", r.A.Version, r.B.Version, 0)
	r.run, r.fence = "run-2", two
	r.must("unstage by the new holder", r.unstage(r.B, r.call("unstage")))
	r.must("unlock", r.lk.Unlock(r.ctx, r.A.Place, two))
	r.want("stage without the lock", r.stage(r.B, r.call("stage")), targets.ErrStaleFence)
	r.stands("refused", r.A.Version, "", 0)
}

// testStaleOrder lets an attempt arrive after the instruction that undid it.
func testStaleOrder(r *rig) {
	r.lock("run-1")
	r.release(r.A)
	lateStage := r.call("stage")
	r.must("undo stage", r.unstage(r.B, r.call("undo stage")))
	r.want("stage that arrives late", r.stage(r.B, lateStage), targets.ErrStaleOrder)
	r.stands("after a late stage", r.A.Version, "", 0)

	r.must("stage", r.stage(r.B, r.call("stage 2")))
	lateShift := r.call("shift")
	r.must("undo shift", r.shift(r.B, r.call("undo shift"), 0))
	r.want("shift that arrives late", r.shift(r.B, lateShift, 50), targets.ErrStaleOrder)
	r.stands("after a late shift", r.A.Version, r.B.Version, 0)

	p := r.prior(r.B)
	lateCommit := r.call("commit")
	r.must("undo commit", r.restore(r.B, r.call("undo commit"), p))
	r.want("commit that arrives late", r.commit(r.B, lateCommit), targets.ErrStaleOrder)
	r.stands("after a late commit", r.A.Version, any1, 0)
}

// testSame deploys the version that is stable already.
func testSame(r *rig) {
	r.lock("run-1")
	r.release(r.A)
	r.must("stage", r.stage(r.A, r.call("stage again")))
	r.must("commit", r.commit(r.A, r.call("commit again")))
	r.stands("again", r.A.Version, "", 0)
}

func leases(r *rig) bool { _, ok := r.Driver.(targets.Leaser); return ok }

func testLease(r *rig) {
	r.lock("run-1")
	r.release(r.A)
	r.must("stage", r.stage(r.B, r.call("stage")))
	ctx, cancel := r.within()
	defer cancel()
	_, err := r.rt.Shift(ctx, r.call("shift"), r.B, plan.Shift{Workload: r.B.Ref, Weight: 20, Lease: plan.Duration(time.Second)})
	r.must("shift", err)
	l := r.Driver.(targets.Leaser)
	r.must("renew", l.RenewLease(ctx, r.call("renew"), r.B, 1500*time.Millisecond))
	r.stands("renewed", r.A.Version, r.B.Version, 20)
	for end := time.Now().Add(r.Timeout); ; {
		o := r.observe(r.B)
		if o.Weight == 0 && o.Stable == r.A.Version {
			if o.Note == "" {
				r.Error("nothing says that the lease has run out")
			}
			break
		}
		if time.Now().After(end) {
			r.Fatalf("the exposure was not taken back: %+v", o)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func counts(r *rig) bool { _, ok := r.Driver.(targets.Counter); return ok && r.Served != nil }

func testCounts(r *rig) {
	c := r.Driver.(targets.Counter)
	r.lock("run-1")
	r.release(r.A)
	r.must("stage", r.stage(r.B, r.call("stage")))
	r.must("shift", r.shift(r.B, r.call("shift"), 50))
	before, err := c.Counts(r.ctx, r.B, 0)
	r.must("counts", err)
	got := r.Served(r.T, 300)
	after, err := c.Counts(r.ctx, r.B, 0)
	r.must("counts", err)
	if n := int(after.Canary.Total - before.Canary.Total); n != got[r.B.Version] {
		r.Errorf("the new version answered %d requests, counted were %d", got[r.B.Version], n)
	}
	if n := int(after.Stable.Total - before.Stable.Total); n != got[r.A.Version] {
		r.Errorf("the stable version answered %d requests, counted were %d", got[r.A.Version], n)
	}
	if after.Weight != 50 {
		r.Errorf("the weight is said to be %g", after.Weight)
	}
}

func drifts(r *rig) bool { _, ok := r.Driver.(targets.Drifter); return ok }

func testDrift(r *rig) {
	d := r.Driver.(targets.Drifter)
	r.lock("run-1")
	r.release(r.A)
	list, err := d.Drift(r.ctx, r.A)
	r.must("drift", err)
	if len(list) > 0 {
		r.Errorf("right after the release: %+v", list)
	}
	list, err = d.Drift(r.ctx, r.B)
	r.must("drift", err)
	if len(list) == 0 {
		r.Error("another version runs, and nothing is reported")
	}
}

func testCancelled(r *rig) {
	r.lock("run-1")
	r.release(r.A)
	ctx, cancel := r.within()
	cancel()
	if _, err := r.st.Stage(ctx, r.call("stage"), r.B, plan.StageOp{Workload: r.B.Ref}); err == nil {
		r.Error("staged although nobody waits for it")
	}
	r.must("undo stage", r.unstage(r.B, r.call("undo stage")))
	r.stands("undone", r.A.Version, "", 0)
}

package lower

import (
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
)

// limits are the bounds of one kind of instruction.
type limits struct {
	op plan.Op
	// timeout bounds one attempt; 0 stands for the stage's own timeout (one hour unless it says otherwise).
	timeout  time.Duration
	attempts int
	backoff  time.Duration
	// interruptible instructions are cancelled at once by harm or abort.
	interruptible bool
	// locks says that it needs the lock of the environment it works in.
	locks bool
}

// limitTable says how long an instruction may take and how often it is tried. Instructions of a target look at the world
// before they act, so a transient failure is worth five attempts, one second apart at first. A command is tried once
// unless its stage says otherwise: nobody knows what it does twice. The same holds for applying a saved change, which
// Terraform refuses a second time.
func limitTable() []limits {
	const attempts, backoff = 5, time.Second
	return []limits{
		{op: plan.OpExec, attempts: 1},
		{op: plan.OpVerifyArtifact, timeout: 2 * time.Minute, attempts: attempts, backoff: backoff, interruptible: true},
		{op: plan.OpCopyArtifact, timeout: 30 * time.Minute, attempts: attempts, backoff: backoff},
		{op: plan.OpSnapshot, timeout: time.Minute, attempts: attempts, backoff: backoff, locks: true},
		{op: plan.OpPreview, timeout: 10 * time.Minute, attempts: attempts, backoff: backoff, interruptible: true},
		{op: plan.OpStage, timeout: 10 * time.Minute, attempts: attempts, backoff: backoff, interruptible: true, locks: true},
		{op: plan.OpShift, timeout: 2 * time.Minute, attempts: attempts, backoff: backoff, interruptible: true, locks: true},
		{op: plan.OpCommit, timeout: 10 * time.Minute, attempts: attempts, backoff: backoff, locks: true},
		{op: plan.OpRetire, timeout: 10 * time.Minute, attempts: attempts, backoff: backoff, locks: true},
		{op: plan.OpApply, attempts: 1, locks: true},
		{op: plan.OpMigrate, attempts: 1, locks: true},
		{op: plan.OpHold, timeout: time.Minute, attempts: attempts, backoff: backoff, interruptible: true},
		{op: plan.OpApprove, attempts: 1},
		{op: plan.OpGate, attempts: 1},
	}
}

// bounds gives every node its timeout, its attempts and its lock, and every stage its timeout.
func bounds(l *lowering) error {
	table := map[plan.Op]limits{}
	for _, row := range limitTable() {
		table[row.op] = row
	}
	for _, s := range l.stages {
		for _, n := range s.nodes {
			s.bound(n, table[n.Do.Op()])
		}
		s.out.Timeout = s.timeout()
	}
	return nil
}

func (s *stage) bound(n *plan.Node, row limits) {
	own := time.Duration(span(s.src.TimeoutOrDefault()))
	n.Retry = plan.Retry{Attempts: row.attempts, Backoff: plan.Duration(row.backoff)}
	n.Interruptible = n.Interruptible || row.interruptible
	switch n.Do.Op() {
	case plan.OpApprove:
		n.Timeout = n.Do.Approve.Expires
		return
	case plan.OpGate:
		return // it has that of the gate
	case plan.OpExec:
		n.Lock = n.Do.Exec.Environment
		// What belongs to no environment, such as a build, may be stopped anywhere.
		n.Interruptible = n.Interruptible || n.Lock == ""
	}
	if row.locks {
		n.Lock = s.out.Environment
	}
	n.Timeout = plan.Duration(own)
	if row.timeout > 0 && (s.src.Timeout == "" || row.timeout < own) {
		n.Timeout = plan.Duration(row.timeout)
	}
	if s.src.Retry != nil && n.Do.Op() != plan.OpHold {
		n.Retry = plan.Retry{Attempts: s.src.AttemptsOrDefault(), Backoff: span(s.src.Retry.BackoffOrDefault())}
	}
}

// timeout is the longest that the stage may take as a whole: what the user allows for its work, for each attempt and with
// the pauses in between, and the holds, approvals and gates of the longer branch, which that doesn't count.
func (s *stage) timeout() plan.Duration {
	work := time.Duration(span(s.src.TimeoutOrDefault()))
	total := work
	if r := s.src.Retry; r != nil {
		pause := r.BackoffOrDefault().Value()
		for range s.src.AttemptsOrDefault() - 1 {
			total += pause + work
			pause *= 2
		}
	}
	var waits [2]time.Duration // with a stable version, without
	for _, n := range s.nodes {
		wait := time.Duration(0)
		if n.Hold != nil {
			wait = time.Duration(n.Hold.For)
		}
		if op := n.Do.Op(); op == plan.OpApprove || op == plan.OpGate {
			wait += time.Duration(n.Timeout)
		}
		for branch := range waits {
			if n.When == nil || n.When.Absent == (branch == 1) {
				waits[branch] += wait
			}
		}
	}
	longer := time.Duration(0)
	for _, m := range s.monitors {
		longer = max(longer, time.Duration(m.Judge.HoldMore))
	}
	return plan.Duration(total + max(waits[0], waits[1]) + longer)
}

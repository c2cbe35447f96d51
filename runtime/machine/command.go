package machine

import (
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
)

// Command is something that a driver does on the machine's behalf and answers with events. It is one of [Dispatch],
// [CancelOp], [AcquireLock], [ReleaseLock], [OpenMonitor], [CloseMonitor], [RequestApproval], [AskGate], [Hold], [Wake],
// [Park] and [End].
type Command interface{ command() }

// Dispatch runs one attempt of an instruction (or of what undoes it).
//
// The driver first appends node.dispatched with [event.Dispatched] filled from Key, Fence, Recover and Subject; only
// when that is durable does it start the effect, passing the sequence number of that event as targets.Call.Order. The
// attempt then ends with exactly one of
//
//   - node.done: the effect was made and read back ([event.Done]);
//   - node.failed: it was not, or not surely ([event.Failure]; Unknown when a reply was lost). An exec whose command
//     exited with an error is Transient: how often it may be repeated is what Node.Retry says;
//   - node.cancelled: it stopped because of a [CancelOp];
//   - node.timed-out: Timeout passed. A late answer of that attempt is dropped (and harmless if it is not);
//   - node.observed, only when Recover is set: nothing was changed, this is what the driver saw ([event.Observed]).
//
// A refused fence additionally appends lock.lost for Env, before the node's own event.
type Dispatch struct {
	Node       plan.NodeID
	Stage      string
	Undo       bool
	Generation int
	Attempt    int
	// Key is the idempotency key run/node/do|undo/generation.
	Key string
	// Env is the environment whose lock covers the instruction, "" for none; Fence is that lock's number.
	Env   string
	Fence uint64
	// Recover asks to look whether an earlier attempt took effect, and to change nothing.
	Recover bool
	// Do is the instruction: the node's Do, or its Undo.
	Do *plan.Do
	// Prior is what the snapshot recorded that Do refers to (restore, retire), or the stage's only snapshot; nil if none.
	Prior *event.Prior
	// Timeout bounds this attempt, 0 means none.
	Timeout time.Duration
	// Subject is the hash that the approvals above this node were given for, "" without any.
	Subject string
}

// CancelOp asks a running interruptible attempt to stop. The answer is the attempt's own end: node.cancelled, or
// whatever it came to before it noticed.
type CancelOp struct {
	Node       plan.NodeID
	Undo       bool
	Generation int
	Attempt    int
	Reason     string
}

// AcquireLock takes an environment's lock. Answers: lock.waiting (once per holder, the driver goes on trying) and in the
// end lock.acquired with the fencing number. A driver that may not wait appends run.abort instead.
// After a resume it is also issued for locks that the run held: the number that comes back tells whether it still did.
type AcquireLock struct {
	Env   string
	Place plan.Place
}

// ReleaseLock gives an environment's lock back. Answer: lock.released, or lock.lost when it had been taken away.
type ReleaseLock struct {
	Env   string
	Place plan.Place
	Fence uint64
}

// OpenMonitor starts a judge. Answer: monitor.opened, once evidence is being collected. If it can't be, the answer is
// monitor.closed with verdict "inconclusive" and a finding. While open, the driver appends monitor.verdict at once when
// the judge proves harm.
type OpenMonitor struct {
	Monitor plan.MonitorID
}

// CloseMonitor asks for the final verdict. Answer: monitor.closed with it. When MayExtend is set and the verdict would be
// inconclusive, the answer is monitor.verdict "inconclusive" instead and the judge goes on: the machine answers with a
// [Hold] of the closing node and closes again afterwards. After a resume a monitor that nothing depends on any more is
// closed without having been opened in this process.
type CloseMonitor struct {
	Monitor   plan.MonitorID
	MayExtend bool
}

// RequestApproval asks people. Answer: approval.requested with Subject and the time at which it expires (time of the
// event plus Expires; zero Expires never does). Then approval.given and approval.rejected as they come in (ask
// [CheckApproval] first and tell the person why an answer doesn't count), approval.expired when [Wake] says so.
// Monitor is set when the question is what to do about an inconclusive verdict before Node runs.
type RequestApproval struct {
	Node       plan.NodeID
	Generation int
	Subject    string
	Expires    time.Duration
	Monitor    plan.MonitorID
}

// AskGate evaluates a gate at the given time, or now when At is zero or past. Answer: gate.asked.
type AskGate struct {
	Node plan.NodeID
	At   time.Time
}

// Hold is watched time. Answer: node.woke when For has passed; with a Monitor only time that its judge counted does
// pass. Since is when the hold began: time judged earlier than a resume counts.
type Hold struct {
	Node       plan.NodeID
	Generation int
	For        time.Duration
	Monitor    plan.MonitorID
	Since      time.Time
}

// WakeKind says what a timer is for.
type WakeKind string

// The timers and the event that answers each when its time has come.
const (
	WakeRetry  WakeKind = "retry"         // node.woke: an attempt may be made again
	WakeKeep   WakeKind = "keep"          // node.woke: the old version was kept long enough
	WakeExpiry WakeKind = "expiry"        // approval.expired
	WakeStage  WakeKind = "stage-timeout" // stage.timed-out, with Stage set
)

// Wake sets a timer. A timer whose reason is gone may fire all the same: the machine ignores it. Node timers are echoed
// with the same Node, Undo and Generation; stage timers with Stage.
type Wake struct {
	Kind       WakeKind
	Node       plan.NodeID
	Stage      string
	Undo       bool
	Generation int
	At         time.Time
}

// Park says that all that is left waits for people, windows or time. It is the only command that is repeated, for as long
// as that is so, and the only one that needs no answer: a driver may go on waiting, or append run.parked and end its
// process. Locks are the environments whose locks the run holds; Until is the earliest time at which something is due.
type Park struct {
	Waiting []plan.NodeID
	Reason  string
	Locks   []string
	Until   time.Time
}

// End says that the run is over. Answer: run.ended with both fields, and nothing after it; only an unsettled run (and a
// parked one) can be resumed. A driver that is still trying to acquire a lock gives that up first, and gives back what it
// got without having journaled it.
type End struct {
	Outcome event.Outcome
	Causes  []event.Cause
}

func (Dispatch) command()        {}
func (CancelOp) command()        {}
func (AcquireLock) command()     {}
func (ReleaseLock) command()     {}
func (OpenMonitor) command()     {}
func (CloseMonitor) command()    {}
func (RequestApproval) command() {}
func (AskGate) command()         {}
func (Hold) command()            {}
func (Wake) command()            {}
func (Park) command()            {}
func (End) command()             {}

// BindingName is the name under which events carry a run-time value: "artifact:app", "output:infra.cluster_id",
// "preview:fleet/preview". Variables and priors are not carried as bindings; their name is "".
func BindingName(b plan.Binding) string {
	switch {
	case b.Artifact != "":
		return "artifact:" + b.Artifact
	case b.Output != "":
		return "output:" + b.Output
	case b.Preview != "":
		return "preview:" + string(b.Preview)
	}
	return ""
}

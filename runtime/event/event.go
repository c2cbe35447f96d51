// Package event is the one fact type of a run.
//
// The journal stores events, the machine folds them, views show them: `penstock status` of an old run and a live run
// look alike because they read the same facts. Types and payloads are frozen per format version; new ones may be added.
package event

import (
	"encoding/json"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
)

// Format is the format_version of the events this package writes.
const Format = 1

// RunID names a run; it sorts by start time.
type RunID string

// Event is one fact about a run.
type Event struct {
	// Seq counts from 1 within the run, without gaps. The store assigns it.
	Seq uint64 `json:"seq"`
	Run RunID  `json:"run"`
	// Time is when the writer saw the fact, UTC. It is the machine's only clock.
	Time time.Time `json:"time"`
	Type Type      `json:"type"`
	// Node is set on node and approval events, Monitor on monitor events, Env on lock events.
	Node    plan.NodeID    `json:"node,omitempty"`
	Monitor plan.MonitorID `json:"monitor,omitempty"`
	Env     string         `json:"env,omitempty"`
	// Stage is set on stage.timed-out.
	Stage string `json:"stage,omitempty"`
	// Undo says that the fact is about what undoes the node.
	Undo bool `json:"undo,omitempty"`
	// Generation counts the tries of the node's do (or undo) as a whole: it grows when a reopened approval, a resume of
	// an unsettled run or a rerun starts the node again. Attempt counts retries within one generation, from 1.
	Generation int `json:"generation,omitempty"`
	Attempt    int `json:"attempt,omitempty"`
	// Data is the type's payload, one of the structs of this package.
	Data json.RawMessage `json:"data,omitempty"`
}

// Type names a kind of fact.
type Type string

// The facts.
const (
	RunStarted   Type = "run.started"   // Started
	RunResumed   Type = "run.resumed"   // Resumed
	RunParked    Type = "run.parked"    // Parked
	RunAbort     Type = "run.abort"     // Abort: somebody (or a signal, or a successor) asked to stop
	RunEnded     Type = "run.ended"     // Ended
	LockAcquired Type = "lock.acquired" // Lock
	LockWaiting  Type = "lock.waiting"  // Lock, with the holder
	LockLost     Type = "lock.lost"     // Lock
	LockReleased Type = "lock.released" // Lock

	NodeDispatched Type = "node.dispatched" // Dispatched; durable before the effect
	NodeDone       Type = "node.done"       // Done
	NodeFailed     Type = "node.failed"     // Failed: of one attempt
	NodeCancelled  Type = "node.cancelled"  // Failed: an interruptible node stopped because it was asked to
	NodeObserved   Type = "node.observed"   // Observed: what recovery found after a crash
	NodeTimedOut   Type = "node.timed-out"  // the attempt's time was up; the effect may still arrive
	NodeWoke       Type = "node.woke"       // a retry's back-off, a hold's judged time or a kept version's time is over

	StageTimedOut Type = "stage.timed-out" // the stage as a whole took too long

	ApprovalRequested Type = "approval.requested" // ApprovalRequest
	ApprovalGiven     Type = "approval.given"     // Approval
	ApprovalRejected  Type = "approval.rejected"  // Approval
	ApprovalExpired   Type = "approval.expired"
	GateAsked         Type = "gate.asked" // GateAnswer

	MonitorOpened  Type = "monitor.opened"
	MonitorVerdict Type = "monitor.verdict" // Verdict; a harm verdict cancels and compensates
	MonitorClosed  Type = "monitor.closed"  // Verdict, with the sealed evidence

	Note Type = "note" // Noted: for people, never decides anything
)

// Started is the payload of run.started.
type Started struct {
	Format  int     `json:"format_version"`
	Plan    plan.ID `json:"plan"`
	Release string  `json:"release,omitempty"`
	// Actor is who started the run and how that was established.
	Actor Actor `json:"actor"`
	// Commit is the source revision, Tree the digest of the pipeline's files; both are part of what approvals bind to.
	Commit string `json:"commit,omitempty"`
	Tree   string `json:"tree,omitempty"`
	// Selection restricts the run to stages (closed under needs); empty means all.
	Selection []string `json:"selection,omitempty"`
	// Bindings are values known from the start (digests of a release that is taken further).
	Bindings map[string]string `json:"bindings,omitempty"`
	// Reused are the outcomes taken over from an earlier run with an equal fingerprint.
	Reused []plan.NodeID `json:"reused,omitempty"`
	// Decision is the id of the policy decision that allowed the run.
	Decision string `json:"decision,omitempty"`
	Host     string `json:"host,omitempty"`
	// Emergency is the declared reason of an emergency rollback.
	Emergency string `json:"emergency,omitempty"`
}

// Actor is a person or process. How is "os-user", "ssh", "oidc" or "penstock".
type Actor struct {
	Name   string   `json:"name"`
	How    string   `json:"how"`
	Groups []string `json:"groups,omitempty"`
	// Proof is the signature or token digest that established the name; never a secret.
	Proof string `json:"proof,omitempty"`
}

// Resumed is the payload of run.resumed. Every node in flight is recovered next.
type Resumed struct {
	Actor Actor  `json:"actor"`
	Host  string `json:"host,omitempty"`
	// Tree is the digest of the pipeline's files as they are now; approvals of another tree are reopened.
	Tree string `json:"tree,omitempty"`
}

// Parked is the payload of run.parked.
type Parked struct {
	Waiting []plan.NodeID `json:"waiting"`
	Reason  string        `json:"reason"`
}

// Abort is the payload of run.abort. Kind is "abort", "signal" or "supersede"; Hard asks to stop at once (second Ctrl-C).
type Abort struct {
	Kind   string `json:"kind"`
	By     Actor  `json:"by"`
	Reason string `json:"reason,omitempty"`
	Hard   bool   `json:"hard,omitempty"`
	// Successor is the run that takes over, for "supersede".
	Successor RunID `json:"successor,omitempty"`
}

// Outcome is how a run ended.
type Outcome string

// The outcomes. Failed means a stage failed and nothing was (or had to be) rolled back.
const (
	Succeeded  Outcome = "succeeded"
	Failed     Outcome = "failed"
	RolledBack Outcome = "rolled-back"
	Aborted    Outcome = "aborted"
	Unsettled  Outcome = "unsettled"
)

// Ended is the payload of run.ended.
type Ended struct {
	Outcome Outcome `json:"outcome"`
	// Causes are the root causes only; what was skipped because of them is derived.
	Causes []Cause `json:"causes,omitempty"`
}

// Cause is one root cause of a failure.
type Cause struct {
	Node    plan.NodeID    `json:"node,omitempty"`
	Monitor plan.MonitorID `json:"monitor,omitempty"`
	Stage   string         `json:"stage,omitempty"`
	Message string         `json:"message"`
	// Fix is the exact command that settles it, when a person has to.
	Fix string `json:"fix,omitempty"`
}

// Lock is the payload of lock events.
type Lock struct {
	Place  plan.Place `json:"place"`
	Fence  uint64     `json:"fence,omitempty"`
	Holder string     `json:"holder,omitempty"`
}

// Dispatched is the payload of node.dispatched.
type Dispatched struct {
	// Key is the idempotency key: run/node/do|undo/generation, the same for every attempt.
	Key   string `json:"key"`
	Fence uint64 `json:"fence,omitempty"`
	// Recover means: look first whether an earlier attempt took effect.
	Recover bool `json:"recover,omitempty"`
	// Subject is the hash that approvals of this dispatch were bound to, when there are any.
	Subject string `json:"subject,omitempty"`
}

// Done is the payload of node.done.
type Done struct {
	// Bindings are the run-time values that the node established.
	Bindings map[string]string `json:"bindings,omitempty"`
	// Prior is what a snapshot recorded.
	Prior *Prior `json:"prior,omitempty"`
	// Weight is the traffic share that was read back after a shift.
	Weight *float64 `json:"weight,omitempty"`
	// Detail is one line for people.
	Detail string `json:"detail,omitempty"`
}

// Prior is what ran before: absent on a first deploy. Version is the target's own name of it; Spec lets it be brought up again.
type Prior struct {
	Absent  bool            `json:"absent,omitempty"`
	Version string          `json:"version,omitempty"`
	Spec    json.RawMessage `json:"spec,omitempty"`
}

// Failure is the payload of node.failed and node.cancelled.
type Failure struct {
	Message string `json:"message"`
	// Transient failures are retried within the node's bounds.
	Transient bool `json:"transient,omitempty"`
	// Unknown means that the effect may or may not have happened: look before anything else.
	Unknown bool `json:"unknown,omitempty"`
	// Log is where the output is, relative to the run's directory.
	Log string `json:"log,omitempty"`
	// Fix is the exact command that lets a person settle it, when there is one.
	Fix string `json:"fix,omitempty"`
}

// Observation is what recovery found.
type Observation string

// The observations.
const (
	EffectDone    Observation = "done"
	EffectNotDone Observation = "not-done"
	EffectUnknown Observation = "unknown"
)

// Observed is the payload of node.observed. When the effect is done, Done carries what the node would have reported.
type Observed struct {
	Effect Observation `json:"effect"`
	Done   *Done       `json:"done,omitempty"`
	Detail string      `json:"detail,omitempty"`
}

// ApprovalRequest is the payload of approval.requested.
type ApprovalRequest struct {
	// Subject is what is approved: the hash of plan id, source-tree digest, bindings resolved upstream and preview hashes.
	Subject string    `json:"subject"`
	Expires time.Time `json:"expires"`
}

// Approval is the payload of approval.given and approval.rejected.
type Approval struct {
	By      Actor  `json:"by"`
	Subject string `json:"subject"`
	Reason  string `json:"reason,omitempty"`
	// Signature proves who answered, where By.How is "ssh".
	Signature *Signature `json:"signature,omitempty"`
}

// Signature is a signed answer with all it takes to verify it: what was signed, the armored ssh signature, and the content
// of the plan's lists of allowed signers.
type Signature struct {
	Statement string   `json:"statement"`
	Armored   string   `json:"armored"`
	Signers   []string `json:"signers"`
}

// GateAnswer is the payload of gate.asked.
type GateAnswer struct {
	Open   bool   `json:"open"`
	Reason string `json:"reason,omitempty"`
	// Next is when asking again makes sense; zero lets the gate's interval decide.
	Next time.Time `json:"next,omitzero"`
	// Never means that the gate cannot open any more.
	Never bool `json:"never,omitempty"`
}

// Verdict is the payload of monitor events.
type Verdict struct {
	// Verdict is "harm", "safe", "no-harm" or "inconclusive".
	Verdict string `json:"verdict"`
	// Explain is one line with numbers per SLI.
	Explain []string `json:"explain,omitempty"`
	// Findings are the codes of what is missing or odd (no traffic, stale series, …).
	Findings []string `json:"findings,omitempty"`
	// Evidence is the sha256 of the evidence stream up to here, Ticks its length.
	Evidence string `json:"evidence,omitempty"`
	Ticks    int    `json:"ticks,omitempty"`
	// Judged is the time that counted.
	Judged plan.Duration `json:"judged,omitempty"`
}

// Noted is the payload of note.
type Noted struct {
	Text string `json:"text"`
}

// With returns the event with its payload set. The payloads of this package always marshal.
func (e Event) With(payload any) Event {
	b, err := json.Marshal(payload)
	if err != nil {
		panic("event: payload of " + string(e.Type) + ": " + err.Error())
	}
	e.Data = b
	return e
}

// Payload decodes an event's data into T.
func Payload[T any](e Event) (T, error) {
	var v T
	if len(e.Data) == 0 {
		return v, nil
	}
	err := json.Unmarshal(e.Data, &v)
	return v, err
}

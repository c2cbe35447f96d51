package simulate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/penstock-dev/penstock/compiler/plan"
)

// Kind says what goes wrong, or how people and judges decide.
type Kind string

// Faults of an operation: "NODE:KIND", "NODE:undo:KIND", with "#2" after the node for its second attempt.
const (
	FailTransient  Kind = "fail"            // it fails without effect, and may be repeated
	FailPersistent Kind = "fail-persistent" // every attempt fails until the fault is lifted
	Hang           Kind = "hang"            // it never answers: the attempt times out, no effect
	HangPersistent Kind = "hang-persistent" // so does every attempt until the fault is lifted
	ReplyLost      Kind = "reply-lost"      // the effect is made, the answer is lost
	Late           Kind = "late"            // times out; the effect arrives after Arg further operations
	Partial        Kind = "partial"         // half of the effect, then a failure that may be repeated
	PartialFatal   Kind = "partial-fatal"   // half of the effect, then a failure that may not
	StaleRead      Kind = "stale-read"      // it looks at an old state: what it writes is refused
)

// Faults of the process and its store: "KIND:N", at the N-th append of the journal.
const (
	KillBefore   Kind = "kill-before"
	KillAfter    Kind = "kill-after"
	StoreRefuses Kind = "store-refuses"
	// KillLate and KillLost say what becomes of operations in flight when the process dies: their effect arrives (after
	// Arg operations of the resumed run), or doesn't. The default is that it arrives at once.
	KillLate Kind = "kill-late"
	KillLost Kind = "kill-lost"
	Abort    Kind = "abort"
	HardStop Kind = "hard-abort"
	// LockStolen has another run break all locks.
	LockStolen Kind = "lock-stolen"
)

// Decisions: "MONITOR:KIND", "NODE:KIND".
const (
	Harm         Kind = "harm"         // of a monitor, at tick Arg (harm@2)
	Inconclusive Kind = "inconclusive" // of a monitor, when it is closed
	Safe         Kind = "safe"         // of a monitor, when it is closed
	Reject       Kind = "reject"       // of an approval
	Expire       Kind = "expire"       // of an approval: nobody answers
	Closed       Kind = "closed"       // of a gate, the first Arg times (closed@3)
	Never        Kind = "never"        // of a gate
	Absent       Kind = "absent"       // of a workload: nothing runs yet
)

// Fault is one thing that goes wrong, or is decided otherwise than well.
type Fault struct {
	Kind Kind
	// On is a node, a monitor or a workload; empty for faults of the process.
	On   string
	Undo bool
	// Attempt counts the executions of the node's do or undo, from 1; 0 means the first.
	Attempt int
	// Arg is the append, tick or number of operations.
	Arg int
}

func (f Fault) String() string {
	k := string(f.Kind)
	switch {
	case f.process():
		return k + ":" + strconv.Itoa(f.Arg)
	case f.Kind == Harm || f.Kind == Closed || f.Kind == Late:
		k += "@" + strconv.Itoa(f.Arg)
	}
	on := f.On
	if f.Undo {
		on += ":undo"
	}
	if f.Attempt > 1 {
		on += "#" + strconv.Itoa(f.Attempt)
	}
	return on + ":" + k
}

func (f Fault) process() bool {
	return slices.Contains([]Kind{KillBefore, KillAfter, StoreRefuses, KillLate, KillLost, Abort, HardStop, LockStolen}, f.Kind)
}

func (f Fault) persistent() bool { return f.Kind == FailPersistent || f.Kind == HangPersistent }

// OpKinds are the faults that an operation can meet.
func OpKinds() []Kind {
	return []Kind{FailTransient, FailPersistent, Hang, HangPersistent, ReplyLost, Late, Partial, PartialFatal, StaleRead}
}

// ParseFault reads the form that [Fault.String] writes: "production/shift-5:reply-lost", "production/shift-5:undo#2:hang",
// "production/judge:harm@2", "go/approve:reject", "hello@local:absent", "kill-after:12".
func ParseFault(text string) (Fault, error) {
	on, word, ok := cutLast(text, ":")
	if !ok {
		return Fault{}, fmt.Errorf("fault %q: expected NODE:KIND or KIND:NUMBER", text)
	}
	f := Fault{Kind: Kind(on)}
	if f.process() {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 {
			return Fault{}, fmt.Errorf("fault %q: %q is not the number of an append", text, word)
		}
		f.Arg = n
		return f, nil
	}
	kind, arg, hasArg := strings.Cut(word, "@")
	f = Fault{Kind: Kind(kind), On: on}
	if hasArg {
		n, err := strconv.Atoi(arg)
		if err != nil || n < 0 {
			return Fault{}, fmt.Errorf("fault %q: %q is not a number", text, arg)
		}
		f.Arg = n
	}
	if name, n, ok := cutLast(f.On, "#"); ok {
		a, err := strconv.Atoi(n)
		if err != nil || a < 1 {
			return Fault{}, fmt.Errorf("fault %q: %q is not the number of an attempt", text, n)
		}
		f.On, f.Attempt = name, a
	}
	if name, ok := strings.CutSuffix(f.On, ":undo"); ok {
		f.On, f.Undo = name, true
	}
	if !slices.Contains(OpKinds(), f.Kind) && !slices.Contains(decisions(), f.Kind) {
		return Fault{}, fmt.Errorf("fault %q: unknown kind %q; known are %s", text, f.Kind, knownKinds())
	}
	return f, nil
}

func decisions() []Kind {
	return []Kind{Harm, Inconclusive, Safe, Reject, Expire, Closed, Never, Absent}
}

func knownKinds() string {
	var all []string
	for _, k := range slices.Concat(OpKinds(), decisions(), []Kind{KillBefore, KillAfter, KillLate, KillLost, StoreRefuses, Abort, HardStop, LockStolen}) {
		all = append(all, string(k))
	}
	return strings.Join(all, ", ")
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// ParseFaults reads a list, and checks that each names something of the plan.
func ParseFaults(p *plan.Plan, texts []string) ([]Fault, error) {
	known := map[string]bool{}
	for _, n := range p.Nodes {
		known[string(n.ID)] = true
	}
	for _, m := range p.Monitors {
		known[string(m.ID)] = true
	}
	for r := range p.Workloads {
		known[string(r)] = true
	}
	var out []Fault
	for _, t := range texts {
		f, err := ParseFault(t)
		if err != nil {
			return nil, err
		}
		if !f.process() && !known[f.On] {
			return nil, fmt.Errorf("fault %q: the plan has no %q", t, f.On)
		}
		out = append(out, f)
	}
	return out, nil
}

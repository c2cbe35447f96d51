package machine

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
)

// Options bound what the machine decides. The zero value means the defaults. They may differ between the processes of one
// run except for UndoAttempts and LookAttempts, which the fold reads.
type Options struct {
	// Parallel bounds the attempts in flight at once, 0 means no bound. What undoes is never held back.
	Parallel int
	// UndoAttempts is how often one undo is tried before the run ends unsettled (default 6), LookAttempts how often a lost
	// effect is looked for (default 6).
	UndoAttempts, LookAttempts int
	// UndoBackoff is the pause before an undo is tried again; it doubles each time, up to a minute (default 1s).
	UndoBackoff time.Duration
	// AskExpires is how long people have to decide about an inconclusive verdict (default 24h).
	AskExpires time.Duration
}

func (o Options) withDefaults() Options {
	if o.UndoAttempts == 0 {
		o.UndoAttempts = 6
	}
	if o.LookAttempts == 0 {
		o.LookAttempts = 6
	}
	if o.UndoBackoff == 0 {
		o.UndoBackoff = time.Second
	}
	if o.AskExpires == 0 {
		o.AskExpires = 24 * time.Hour
	}
	return o
}

// phase is where a node's do or undo stands.
type phase uint8

const (
	idle      phase = iota // waits for its needs, or is about to be dispatched
	waiting                // people were asked, or a gate answered "not yet"
	running                // dispatched
	lookDue                // an attempt may have had its effect: look before anything else
	looking                // dispatched to look
	backoff                // waits to be tried again
	holding                // took effect, is watched
	done                   // final: took effect, or was reused
	skipped                // final: its branch wasn't taken, or its stage isn't part of the run; counts as satisfied
	dropped                // final: not begun because of a failure or an abort
	failed                 // final
	cancelled              // final: begun, then stopped because of a failure or an abort
)

func (p phase) final() bool    { return p >= done }
func (p phase) inFlight() bool { return p == running || p == looking }

// side is one direction of a node: its do or its undo.
type side struct {
	phase   phase
	look    bool // the next attempt after the back-off only looks
	last    bool // there is no further attempt: what is seen decides
	crashed bool // the attempt was cut off by the end of the process: it doesn't count
	gen     int32
	attempt int32
	tries   int32 // attempts that count, within the generation
	looks   int32
	since   int64 // when the phase was entered, Unix nanoseconds
	until   int64 // when a back-off or a gate's pause is over
}

type node struct {
	do, undo side
	wait     int32 // needs not yet satisfied
	because  int32 // index of the cause for which it was dropped
	kept     bool  // retire: the old version was kept long enough
	ordered  bool  // is in its stage's order
	held     int64 // when its hold began
}

type stagePhase uint8

const (
	pending  stagePhase = iota
	active              // begun
	failing             // nothing new; what is in flight ends
	undoing             // its effects are undone, latest first
	stuck               // an undo is no use
	over                // final: all its nodes are
	undone              // final: failed or rolled back, and undone as far as there was anything to undo
	unneeded            // final: not part of the run, or never begun because of a failure
)

func (p stagePhase) final() bool { return p >= over }

type stage struct {
	phase   stagePhase
	acted   bool // something outside may have been changed, or is being judged
	pinned  bool // holds on to the locks of its environments
	aborted bool // fails because of an abort: if it turns out committed, it stays
	asked   bool // another stage's failure rolls it back
	undid   bool // something was undone
	forward bool // stands where there is no way back: a resume goes on
	open    int32
	main    int32 // open nodes that aren't retire
	flying  int32 // attempts in flight
	commits int32 // committing nodes that are done
	cause   int32
	cursor  int32   // order[:cursor] is still to be undone
	order   []int32 // nodes in the order in which they were first dispatched
	rollers int32   // unfinished stages that may roll it back
	began   int64
}

type lockPhase uint8

const (
	lockFree   lockPhase = iota
	lockHeld             // with a fencing number
	lockUnsure           // held before a resume
)

type env struct {
	phase lockPhase
	lost  bool // taken away from this run
	fence uint64
	pins  int32 // stages that may still write
}

type monitorPhase uint8

const (
	monitorIdle monitorPhase = iota
	monitorOpen
	monitorClosed
)

type monitor struct {
	phase    monitorPhase
	verdict  string
	must     bool // has to be closed whatever it says
	extended bool // inconclusive when it was to be closed: watches longer
	woke     bool // the longer watch is over
	passed   bool // closed, and its closing node may run
	since    int64
	asked    *approval
}

type status uint8

const (
	unstarted status = iota
	live
	parked
	ended
)

// State is the fold of a run's journal. It is not safe for concurrent use.
type State struct {
	g   *graph
	opt Options
	mut mutation
	out outbox // not folded: what was issued and not answered

	status    status
	run       event.RunID
	started   event.Started
	tree      string
	now       time.Time
	nodes     []node
	stages    []stage
	envs      []env
	monitors  []monitor
	approvals map[int32]*approval
	priors    map[int32]event.Prior
	bindings  map[string]string
	bound     map[int32]map[string]string
	version   int // of bindings and tree

	causes   []event.Cause
	sticking []event.Cause // why undos were given up, until the run is resumed
	abort    *event.Abort
	hard     bool
	stopping bool // something failed: no stage begins any more
	flying   int32
	unbegun  int32 // stages pending
	busy     int32 // stages active, failing or undoing
	stucks   int32
	watching int32 // monitors open
	undos    int32 // undos done
	outcome  event.Outcome
}

// New prepares a run of p, which must outlive the state and not change. A plan whose names don't resolve or whose nodes
// form a cycle is an error.
func New(p *plan.Plan, o Options) (*State, error) {
	g, err := newGraph(p)
	if err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	s := &State{
		g: g, opt: o.withDefaults(),
		nodes: make([]node, len(g.nodes)), stages: make([]stage, len(g.stages)), envs: make([]env, len(g.envs)),
		monitors: make([]monitor, len(g.monitors)), approvals: map[int32]*approval{}, priors: map[int32]event.Prior{},
		bindings: map[string]string{}, bound: map[int32]map[string]string{},
	}
	for i := range s.nodes {
		s.nodes[i] = node{wait: g.nodes[i].needs, because: none, do: side{gen: 1}, undo: side{gen: 1}}
	}
	for i := range s.stages {
		s.stages[i] = stage{open: int32(len(g.stages[i].nodes)), main: g.stages[i].main, cause: none}
	}
	for i := range g.stages {
		for _, u := range g.stages[i].undoes {
			s.stages[u].rollers++
		}
	}
	s.unbegun = int32(len(s.stages))
	s.out.reset(s)
	return s, nil
}

// Run returns the run's id, "" before run.started.
func (s *State) Run() event.RunID { return s.run }

// Started returns what the run was started with.
func (s *State) Started() event.Started { return s.started }

// Now is the time of the latest event.
func (s *State) Now() time.Time { return s.now }

// Ended returns the outcome and whether the run has one.
func (s *State) Ended() (event.Outcome, bool) { return s.outcome, s.status == ended }

// Bindings returns the run-time values known so far by [BindingName]; the caller must not change it.
func (s *State) Bindings() map[string]string { return s.bindings }

// Prior returns what the snapshot node recorded.
func (s *State) Prior(snapshot plan.NodeID) (event.Prior, bool) {
	i, ok := s.g.index[snapshot]
	if !ok {
		return event.Prior{}, false
	}
	p, ok := s.priors[i]
	return p, ok
}

// Fence returns the fencing number under which the run holds an environment's lock.
func (s *State) Fence(env string) (uint64, bool) {
	e, ok := s.g.envIndex[env]
	if !ok || s.envs[e].phase != lockHeld {
		return 0, false
	}
	return s.envs[e].fence, true
}

func nanos(t time.Time) int64 { return t.UnixNano() }

func (s *State) clock() int64 { return nanos(s.now) }

func at(n int64) time.Time { return time.Unix(0, n).UTC() }

// key is the idempotency key of a node's do or undo in one generation.
func (s *State) key(i int32, undo bool, gen int32) string {
	word := "do"
	if undo {
		word = "undo"
	}
	return fmt.Sprintf("%s/%s/%s/%d", s.run, s.g.nodes[i].n.ID, word, gen)
}

func decode[T any](raw json.RawMessage) (T, error) {
	var v T
	if len(raw) == 0 {
		return v, nil
	}
	err := json.Unmarshal(raw, &v)
	return v, err
}

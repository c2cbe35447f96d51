package simulate

import (
	"container/heap"
	"errors"
	"fmt"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
)

// opTime is how long an operation takes in the model, deadTime how long a killed process stays away.
const (
	opTime      = time.Second
	deadTime    = 5 * time.Second
	answerTime  = time.Minute
	defaultTick = 15 * time.Second
	hangTime    = time.Minute
)

// errKilled ends the driver's loop: the process is gone, or its store refuses to write.
var errKilled = errors.New("killed")

// sim is one run in virtual time. What is lost with the process is in proc; the rest survives.
type sim struct {
	p       *plan.Plan
	nodes   map[plan.NodeID]*plan.Node
	mons    map[plan.MonitorID]*plan.Monitor
	opt     Options
	faults  []Fault
	w       *World
	journal []event.Event
	lifted  bool
	// dead are the spans in which no process ran.
	dead []span
	// calls are the operations executed so far, by node and direction.
	calls map[string]int
	log   []Operation
	marks []Moment
	asked map[plan.NodeID]int
	shape string // of the world at the last moment
	proc
}

type span struct{ from, to time.Time }

// proc is what dies with the process.
type proc struct {
	st     *machine.State
	queue  queue
	serial int
	flight map[string]call
	// taken are locks that were got and not journaled yet.
	taken map[string]uint64
	// interrupt are requests that came in while answers were being journaled; they wait until those are.
	interrupt []event.Event
	waits     map[string]bool
	over      bool
}

// Operation is one execution of an instruction, in order.
type Operation struct {
	Node    plan.NodeID
	Undo    bool
	Attempt int // of this node's do or undo, counted over the whole run
	Recover bool
}

type item struct {
	at     time.Time
	serial int
	run    func() error
}

type queue []item

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if !q[i].at.Equal(q[j].at) {
		return q[i].at.Before(q[j].at)
	}
	return q[i].serial < q[j].serial
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(item)) }
func (q *queue) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}

// schedule runs f at a time, in this process.
func (s *sim) schedule(t time.Time, f func() error) {
	if t.Before(s.w.now) {
		t = s.w.now
	}
	s.serial++
	heap.Push(&s.queue, item{t, s.serial, f})
}

func (s *sim) after(d time.Duration, f func() error) { s.schedule(s.w.now.Add(d), f) }

// append journals a fact and folds it. It may be where the process dies.
func (s *sim) append(e event.Event) error {
	n := len(s.journal) + 1
	if s.hits(KillBefore, n) || s.hits(StoreRefuses, n) || s.hits(KillLate, n) || s.hits(KillLost, n) {
		return errKilled
	}
	e.Seq, e.Run, e.Time = uint64(n), runID, s.w.now
	if err := machine.Apply(s.st, e); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	s.journal = append(s.journal, e)
	s.mark(e)
	if n > s.opt.MaxEvents {
		return fmt.Errorf("the run does not end: %d events", n)
	}
	if s.hits(KillAfter, n) {
		return errKilled
	}
	if s.hits(Abort, n) || s.hits(HardStop, n) {
		s.interrupt = append(s.interrupt, event.Event{Type: event.RunAbort}.With(event.Abort{Kind: "signal", Hard: s.hits(HardStop, n), By: event.Actor{Name: author, How: "ssh"}}))
	}
	if s.hits(LockStolen, n) {
		s.steal()
	}
	return nil
}

// hits reports whether a fault of the process happens at the n-th append.
func (s *sim) hits(k Kind, n int) bool {
	for _, f := range s.faults {
		if f.Kind == k && f.Arg == n {
			return !((k == Abort || k == HardStop) && s.st != nil && ended(s.st))
		}
	}
	return false
}

func ended(st *machine.State) bool { _, ok := st.Ended(); return ok }

// start begins the run in a first process.
func (s *sim) start() error {
	if err := s.boot(); err != nil {
		return err
	}
	return s.append(event.Event{Type: event.RunStarted}.With(event.Started{
		Format: event.Format, Plan: s.opt.Plan, Actor: event.Actor{Name: author, How: "ssh"}, Commit: "c0ffee", Tree: "tree",
	}))
}

func (s *sim) boot() error {
	st, err := s.opt.newState(s.p)
	if err != nil {
		return err
	}
	s.proc = proc{st: st, flight: map[string]call{}, waits: map[string]bool{}, taken: map[string]uint64{}}
	for _, e := range s.journal {
		if err := machine.Apply(s.st, e); err != nil {
			return fmt.Errorf("replay: %w", err)
		}
	}
	return nil
}

// loop drives the run until it has ended, is parked, or the process dies.
func (s *sim) loop() error {
	for step := 0; !s.over; step++ {
		if step > 2*s.opt.MaxEvents {
			return fmt.Errorf("the run does not end: %d steps", step)
		}
		if len(s.interrupt) > 0 && !ended(s.st) {
			e := s.interrupt[0]
			s.interrupt = s.interrupt[1:]
			if err := s.append(e); err != nil {
				return err
			}
		}
		cmds := machine.Next(s.st)
		if len(cmds) > 0 {
			if _, park := cmds[0].(machine.Park); !park {
				for _, c := range cmds {
					if err := s.execute(c); err != nil {
						return err
					}
				}
				continue
			}
		}
		if s.over {
			return nil
		}
		if s.queue.Len() == 0 {
			return fmt.Errorf("the run hangs: nothing is under way and nothing is due")
		}
		x := heap.Pop(&s.queue).(item)
		if x.at.After(s.w.now) {
			s.w.now = x.at
		}
		if err := x.run(); err != nil {
			return err
		}
	}
	return nil
}

// die loses the process. Operations in flight land, land late or are lost, as the fault says.
func (s *sim) die() {
	late, lost := false, false
	n := len(s.journal) + 1
	for _, f := range s.faults {
		late = late || f.Kind == KillLate && f.Arg == n
		lost = lost || f.Kind == KillLost && f.Arg == n
	}
	for _, k := range sortedKeys(s.flight) {
		c := s.flight[k]
		switch {
		case lost || c.Recover:
		case late:
			s.w.pending = append(s.w.pending, late2(s.w.ops+2, c))
		default:
			_, _ = s.w.effect(c, false)
		}
	}
	s.faults = s.without(n)
	from := s.w.now
	s.w.now = from.Add(deadTime)
	s.dead = append(s.dead, span{from, s.w.now})
	for _, j := range s.w.judges {
		j.open = false
	}
	s.proc = proc{}
}

func late2(after int, c call) late { return late{after: after, call: c} }

// without removes the faults of the process at append n: a new process meets them no more.
func (s *sim) without(n int) []Fault {
	var out []Fault
	for _, f := range s.faults {
		if f.process() && f.Arg <= n && f.Kind != Abort && f.Kind != HardStop && f.Kind != LockStolen {
			continue
		}
		out = append(out, f)
	}
	return out
}

// resume takes the run over in a new process.
func (s *sim) resume() error {
	if err := s.boot(); err != nil {
		return err
	}
	if len(s.journal) == 0 {
		return s.start()
	}
	if out, ok := s.st.Ended(); ok && out != event.Unsettled {
		s.over = true
		return nil
	}
	if err := s.append(event.Event{Type: event.RunResumed}.With(event.Resumed{Actor: event.Actor{Name: author, How: "ssh"}})); err != nil {
		return err
	}
	return s.reask()
}

// run plays the whole scenario: from the start over every death of the process to an end.
func (s *sim) run() error {
	err := s.start()
	for {
		if err == nil {
			err = s.loop()
		}
		if !errors.Is(err, errKilled) {
			return err
		}
		s.die()
		err = s.resume()
	}
}

// flush lets everything arrive that is still on its way.
func (s *sim) flush() {
	for _, l := range s.w.pending {
		_, _ = s.w.effect(l.call, false)
	}
	s.w.pending = nil
}

// arrive lets the late effects arrive that are due by the number of operations.
func (s *sim) arrive() {
	var keep []late
	for _, l := range s.w.pending {
		if l.after > s.w.ops {
			keep = append(keep, l)
			continue
		}
		_, _ = s.w.effect(l.call, false)
	}
	s.w.pending = keep
}

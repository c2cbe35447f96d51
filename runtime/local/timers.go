package local

import (
	"container/heap"
	"time"

	"github.com/penstock-dev/penstock/runtime/event"
)

// alarm is something that happens at a time: facts to record, or a step of the owner.
type alarm struct {
	at     time.Time
	serial uint64 // alarms of one time ring in the order in which they were set
	events []event.Event
	step   func()
}

// alarms is a heap of what is due, earliest first.
type alarms struct {
	list   []alarm
	serial uint64
}

func (a *alarms) Len() int { return len(a.list) }
func (a *alarms) Less(i, j int) bool {
	if !a.list[i].at.Equal(a.list[j].at) {
		return a.list[i].at.Before(a.list[j].at)
	}
	return a.list[i].serial < a.list[j].serial
}
func (a *alarms) Swap(i, j int) { a.list[i], a.list[j] = a.list[j], a.list[i] }

// Push and Pop are for package heap.
func (a *alarms) Push(x any) { a.list = append(a.list, x.(alarm)) }
func (a *alarms) Pop() any {
	n := len(a.list) - 1
	x := a.list[n]
	a.list = a.list[:n]
	return x
}

// set adds an alarm that records events.
func (a *alarms) set(at time.Time, events ...event.Event) { a.add(alarm{at: at, events: events}) }

// call adds an alarm that makes a step.
func (a *alarms) call(at time.Time, step func()) { a.add(alarm{at: at, step: step}) }

func (a *alarms) add(x alarm) {
	a.serial++
	x.serial = a.serial
	heap.Push(a, x)
}

// next returns when the earliest rings.
func (a *alarms) next() (time.Time, bool) {
	if len(a.list) == 0 {
		return time.Time{}, false
	}
	return a.list[0].at, true
}

// due takes out what rings until now.
func (a *alarms) due(now time.Time) []alarm {
	var out []alarm
	for len(a.list) > 0 && !a.list[0].at.After(now) {
		out = append(out, heap.Pop(a).(alarm))
	}
	return out
}

package local

import (
	"container/heap"
	"time"
)

// timers are what is due when, ordered by time and then by when it was set. The owner's goroutine waits for the first.
type timers struct {
	heap   timerHeap
	serial int
}

type timer struct {
	at     time.Time
	serial int
	fire   func()
}

type timerHeap []timer

func (h timerHeap) Len() int { return len(h) }
func (h timerHeap) Less(i, j int) bool {
	if !h[i].at.Equal(h[j].at) {
		return h[i].at.Before(h[j].at)
	}
	return h[i].serial < h[j].serial
}
func (h timerHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *timerHeap) Push(x any)   { *h = append(*h, x.(timer)) }
func (h *timerHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	old[len(old)-1] = timer{}
	*h = old[:len(old)-1]
	return x
}

func (t *timers) set(at time.Time, fire func()) {
	t.serial++
	heap.Push(&t.heap, timer{at, t.serial, fire})
}

// next returns how long it is until something is due; false when nothing is set.
func (t *timers) next(now time.Time) (time.Duration, bool) {
	if len(t.heap) == 0 {
		return 0, false
	}
	return max(t.heap[0].at.Sub(now), 0), true
}

// due fires everything whose time has come. What is set meanwhile has to wait for the next round.
func (t *timers) due(now time.Time) {
	var list []func()
	for len(t.heap) > 0 && !t.heap[0].at.After(now) {
		list = append(list, heap.Pop(&t.heap).(timer).fire)
	}
	for _, f := range list {
		f()
	}
}

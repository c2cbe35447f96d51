package local

import (
	"sync"
	"time"
)

// mailbox hands closures to the goroutine that owns some state. Posting never waits, so whoever posts can always end.
type mailbox struct {
	mu   sync.Mutex
	list []func()
	wake chan struct{}
}

func newMailbox() *mailbox { return &mailbox{wake: make(chan struct{}, 1)} }

func (b *mailbox) post(f func()) {
	b.mu.Lock()
	b.list = append(b.list, f)
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// take returns everything that was posted, in order.
func (b *mailbox) take() []func() {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.list
	b.list = nil
	return l
}

// group counts goroutines. Unlike a sync.WaitGroup it can be waited for with a bound.
type group struct {
	mu   sync.Mutex
	n    int
	zero chan struct{} // closed when n falls to 0
}

func (g *group) spawn(f func()) {
	g.mu.Lock()
	if g.n == 0 {
		g.zero = make(chan struct{})
	}
	g.n++
	g.mu.Unlock()
	go func() {
		defer g.done()
		f()
	}()
}

func (g *group) done() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.n--; g.n == 0 {
		close(g.zero)
	}
}

// wait reports whether all have ended within d.
func (g *group) wait(d time.Duration) bool {
	g.mu.Lock()
	n, zero := g.n, g.zero
	g.mu.Unlock()
	if n == 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-zero:
		return true
	case <-t.C:
		return false
	}
}

package memory

import (
	"context"
	"slices"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
)

// Operation is one call of the driver.
type Operation struct {
	// Name is the method in lower case: "stage", "shift", "commit", "observe", "lock", "counts", …
	Name string
	Ref  plan.Ref
	// Key is the idempotency key of a changing call.
	Key string
	// Count says the how-manieth call of that name for that workload it is, from 1.
	Count int
}

// Fault is what goes wrong with one operation. The zero value is nothing.
type Fault struct {
	// Err is returned; without Effect nothing was changed.
	Err error
	// Effect makes the change all the same: the answer is lost.
	Effect bool
	// Hang waits for the caller to give up.
	Hang bool
	// Late makes the change so much later, after a Hang, through the same guards.
	Late time.Duration
	// Takes is how long the operation takes before anything happens.
	Takes time.Duration
}

// Inject has f asked before each operation; nil takes it away. f must not call the driver.
func (d *Driver) Inject(f func(Operation) Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.inject = f
}

// Done returns the operations so far, in order.
func (d *Driver) Done() []Operation {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.done)
}

// call notes an operation, meets its fault, and runs do while holding d.mu. A late do runs by itself; its result is lost.
func call[T any](ctx context.Context, d *Driver, o Operation, do func() (T, error)) (T, error) {
	var none T
	f := d.meet(&o)
	if f.Takes > 0 {
		select {
		case <-ctx.Done():
			return none, ctx.Err()
		case <-time.After(f.Takes):
		}
	}
	run := func() (T, error) {
		d.mu.Lock()
		defer d.mu.Unlock()
		return do()
	}
	switch {
	case f.Hang:
		<-ctx.Done()
		if f.Late > 0 {
			time.AfterFunc(f.Late, func() { _, _ = run() })
		}
		return none, ctx.Err()
	case ctx.Err() != nil:
		return none, ctx.Err()
	case f.Err != nil && !f.Effect:
		return none, f.Err
	}
	v, err := run()
	if f.Err != nil {
		return none, f.Err
	}
	return v, err
}

func (d *Driver) meet(o *Operation) Fault {
	d.mu.Lock()
	defer d.mu.Unlock()
	o.Count = 1
	for _, x := range d.done {
		if x.Name == o.Name && x.Ref == o.Ref {
			o.Count++
		}
	}
	d.done = append(d.done, *o)
	if d.inject == nil {
		return Fault{}
	}
	return d.inject(*o)
}

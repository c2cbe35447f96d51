package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/penstock-dev/penstock/runtime/event"
)

// maxGroup bounds how many writes share one transaction.
const maxGroup = 1024

// group is the backend in SQLite: one goroutine takes all writes that wait, runs them in one transaction and answers
// when that is synced. While it syncs the next ones gather.
type group struct {
	ctx      context.Context // never ends: a commit that has begun is seen through
	wdb, rdb *sql.DB
	stmts    *statements // of the writing connection
	w        *sqlTx
	idle     chan *reader // one place for each connection, nil while it isn't made

	queue chan *request
	stop  chan struct{}
	ended chan struct{}
	once  sync.Once
	last  func(tx) error
	err   error // of closing, set before ended is closed

	// broken is the write that failed; it belongs to the goroutine.
	broken error
}

// request is one write on its way.
type request struct {
	fn func(tx) error
	// taken is set by whoever decides first: the goroutine that runs it or the caller that gives up.
	taken atomic.Bool
	done  chan error
	err   error
}

var _ backend = (*group)(nil)

func startGroup(ctx context.Context, wdb, rdb *sql.DB, conn *sql.Conn) *group {
	g := &group{
		ctx: ctx, wdb: wdb, rdb: rdb, stmts: newStatements(conn),
		idle:  make(chan *reader, readers),
		queue: make(chan *request, maxGroup), stop: make(chan struct{}), ended: make(chan struct{}),
	}
	g.w = &sqlTx{sqlView: sqlView{ctx: ctx, stmt: g.stmts.get}}
	for range readers {
		g.idle <- nil
	}
	go g.loop()
	return g
}

func (g *group) loop() {
	defer close(g.ended)
	for {
		select {
		case r := <-g.queue:
			g.commit(g.gather(r))
		case <-g.stop:
			g.end()
			return
		}
	}
}

// gather takes what waits behind the first request.
func (g *group) gather(first *request) []*request {
	batch := []*request{first}
	for len(batch) < maxGroup {
		select {
		case r := <-g.queue:
			batch = append(batch, r)
		default:
			return batch
		}
	}
	return batch
}

// end runs the last write and closes the database; the readers go first, so that the writer folds the log into it.
func (g *group) end() {
	last := &request{fn: g.last, done: make(chan error, 1)}
	if g.broken == nil {
		g.commit([]*request{last})
		g.err = <-last.done
	}
	for range readers {
		if r := <-g.idle; r != nil {
			g.err = errors.Join(g.err, r.stmts.close())
		}
	}
	g.err = errors.Join(g.err, g.rdb.Close(), g.stmts.close(), g.wdb.Close())
}

// commit runs a batch in one transaction and answers it.
func (g *group) commit(batch []*request) {
	if err := g.run(batch); err != nil {
		for _, r := range batch {
			r.err = err
		}
	}
	for _, r := range batch {
		r.done <- r.err
	}
}

// run returns an error when nothing of the batch was written.
func (g *group) run(batch []*request) error {
	if g.broken != nil {
		return fmt.Errorf("%w: %w", ErrPoisoned, g.broken)
	}
	g.w.reset()
	if err := g.w.exec("BEGIN IMMEDIATE"); err != nil {
		if errors.Is(err, ErrBusy) {
			return err
		}
		return g.fail(err)
	}
	wrote := false
	for _, r := range batch {
		if !r.taken.CompareAndSwap(false, true) {
			continue
		}
		r.err = r.fn(g.w)
		if g.w.failed != nil {
			return g.fail(g.w.failed)
		}
		wrote = wrote || r.err == nil
	}
	if !wrote {
		if err := g.w.exec("ROLLBACK"); err != nil {
			return g.fail(err)
		}
		return nil
	}
	if err := g.w.flush(); err != nil {
		return g.fail(err)
	}
	if err := g.w.exec("COMMIT"); err != nil {
		return g.fail(err)
	}
	return nil
}

// fail ends all writing: after a failed write or sync the state on disk is only known by reading it anew.
func (g *group) fail(err error) error {
	g.broken = err
	// SQLite may have rolled back by itself, and nothing is written after this one: its error says nothing new
	_ = g.w.exec("ROLLBACK")
	return err
}

func (g *group) write(ctx context.Context, fn func(tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r := &request{fn: fn, done: make(chan error, 1)}
	select {
	case <-g.stop:
		return ErrClosed
	default:
	}
	select {
	case g.queue <- r:
	case <-ctx.Done():
		return ctx.Err()
	case <-g.stop:
		return ErrClosed
	}
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
		if r.taken.CompareAndSwap(false, true) {
			return ctx.Err()
		}
	case <-g.ended:
	}
	select {
	case err := <-r.done:
		return err
	case <-g.ended:
	}
	select {
	case err := <-r.done:
		return err
	default:
		return ErrClosed
	}
}

func (g *group) close(last func(tx) error) error {
	g.once.Do(func() {
		g.last = last
		close(g.stop)
	})
	<-g.ended
	return g.err
}

// sqlTx is the writer's transaction. Records are kept until it commits, so that many appends to one run cost one update.
type sqlTx struct {
	sqlView
	changed map[event.RunID]*record
}

var _ tx = (*sqlTx)(nil)

func (t *sqlTx) reset() {
	t.failed = nil
	clear(t.changed)
}

func (t *sqlTx) flush() error {
	for _, r := range t.changed {
		if err := t.writeRecord(r); err != nil {
			return err
		}
	}
	return nil
}

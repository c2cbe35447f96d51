package store

import (
	"context"
	"database/sql"
	"errors"
)

// reader is a connection that only reads.
type reader struct {
	conn  *sql.Conn
	stmts *statements
}

func (g *group) read(ctx context.Context, fn func(view) error) error {
	var r *reader
	select {
	case <-g.stop:
		return ErrClosed
	default:
	}
	select {
	case r = <-g.idle:
	case <-ctx.Done():
		return ctx.Err()
	case <-g.stop:
		return ErrClosed
	}
	defer func() { g.idle <- r }()
	if r == nil {
		conn, err := g.rdb.Conn(ctx)
		if err != nil {
			return classify(err)
		}
		r = &reader{conn, newStatements(conn)}
	}
	err := r.run(ctx, fn)
	if _, undo := r.conn.ExecContext(g.ctx, "ROLLBACK"); undo != nil {
		// the transaction may be open still, and with it an old state: the next one gets a new connection
		_ = r.stmts.close()
		r = nil
	}
	return err
}

// run leaves its transaction open. When it could not be begun, rolling it back fails.
func (r *reader) run(ctx context.Context, fn func(view) error) error {
	v := &sqlView{ctx: ctx, stmt: r.stmts.get}
	s, err := r.stmts.get(ctx, "BEGIN")
	if err == nil {
		_, err = s.ExecContext(ctx)
	}
	if err != nil {
		return classify(err)
	}
	return fn(v)
}

// statements keeps the prepared statements of one connection by their text.
type statements struct {
	conn *sql.Conn
	all  map[string]*sql.Stmt
}

func newStatements(conn *sql.Conn) *statements {
	return &statements{conn: conn, all: map[string]*sql.Stmt{}}
}

// close closes the connection. Its statements go first: SQLite keeps a connection, and with it the log, for as long as
// it has one.
func (p *statements) close() error {
	var errs []error
	for _, s := range p.all {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, p.conn.Close())...)
}

func (p *statements) get(ctx context.Context, query string) (*sql.Stmt, error) {
	if s := p.all[query]; s != nil {
		return s, nil
	}
	s, err := p.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	p.all[query] = s
	return s, nil
}

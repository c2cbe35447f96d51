package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
)

// sqlView reads through prepared statements.
type sqlView struct {
	ctx  context.Context
	stmt func(context.Context, string) (*sql.Stmt, error)
	// failed is the first error of SQLite, after which the transaction is worth nothing.
	failed error
}

var _ view = (*sqlView)(nil)

func (v *sqlView) fail(err error) error {
	err = classify(err)
	if v.failed == nil {
		v.failed = err
	}
	return err
}

// each calls scan for every row of a query. An error of scan ends it and is returned as it is.
func (v *sqlView) each(query string, args []any, scan func(*sql.Rows) error) error {
	s, err := v.stmt(v.ctx, query)
	if err != nil {
		return v.fail(err)
	}
	rows, err := s.QueryContext(v.ctx, args...)
	if err != nil {
		return v.fail(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return v.fail(err)
	}
	return nil
}

// one scans the only row of a query; it reports whether there is one.
func (v *sqlView) one(query string, args []any, into ...any) (bool, error) {
	s, err := v.stmt(v.ctx, query)
	if err != nil {
		return false, v.fail(err)
	}
	err = s.QueryRowContext(v.ctx, args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, v.fail(err)
	}
	return true, nil
}

// decode reads the JSON of an info column.
func decode(b []byte, into any) error {
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return nil
}

// list decodes the info column of every row.
func list[T any](v *sqlView, query string, args ...any) ([]T, error) {
	var out []T
	err := v.each(query, args, func(rows *sql.Rows) error {
		var b sql.RawBytes
		if err := rows.Scan(&b); err != nil {
			return v.fail(err)
		}
		var x T
		if err := decode(b, &x); err != nil {
			return err
		}
		out = append(out, x)
		return nil
	})
	return out, err
}

// single decodes the info column of the only row, nil when there is none.
func single[T any](v *sqlView, query string, args ...any) (*T, error) {
	var b []byte
	if ok, err := v.one(query, args, &b); err != nil || !ok {
		return nil, err
	}
	x := new(T)
	return x, decode(b, x)
}

// toHash takes what a hash column holds; anything but a hash becomes one that matches nothing.
func toHash(b []byte) hash {
	var h hash
	if len(b) == len(h) {
		copy(h[:], b)
	}
	return h
}

func (v *sqlView) record(run event.RunID) (*record, error) {
	var seq int64
	var h, info []byte
	ok, err := v.one("SELECT seq, hash, info FROM runs WHERE id = ?", []any{string(run)}, &seq, &h, &info)
	if err != nil || !ok {
		return nil, err
	}
	r := &record{seq: uint64(seq), hash: toHash(h)}
	return r, decode(info, &r.RunInfo)
}

func (v *sqlView) records(f Filter) ([]RunInfo, error) {
	where, args := []string{"1"}, []any{}
	if f.Pipeline != "" {
		where, args = append(where, "pipeline = ?"), append(args, f.Pipeline)
	}
	if f.Env != "" {
		where, args = append(where, "EXISTS (SELECT 1 FROM json_each(info, '$.environments') WHERE value = ?)"), append(args, f.Env)
	}
	if f.Active {
		where, args = append(where, "state <> ?"), append(args, string(Ended))
	}
	limit := -1
	if f.Limit > 0 {
		limit = f.Limit
	}
	query := "SELECT info FROM runs WHERE " + strings.Join(where, " AND ") + " ORDER BY started DESC, id DESC LIMIT ?"
	return list[RunInfo](v, query, append(args, limit)...)
}

func (v *sqlView) rows(run event.RunID, from uint64, yield func(row) error) error {
	const query = "SELECT seq, bytes, hash FROM events WHERE run = ? AND seq >= ? ORDER BY seq"
	return v.each(query, []any{string(run), int64(from)}, func(rows *sql.Rows) error {
		var seq int64
		var b, h sql.RawBytes
		if err := rows.Scan(&seq, &b, &h); err != nil {
			return v.fail(err)
		}
		return yield(row{uint64(seq), b, toHash(h)})
	})
}

func (v *sqlView) lease(run event.RunID) (lease, error) {
	var fence int64
	var owner []byte
	ok, err := v.one("SELECT fence, owner FROM leases WHERE run = ?", []any{string(run)}, &fence, &owner)
	if err != nil || !ok {
		return lease{}, err
	}
	l := lease{fence: uint64(fence)}
	if len(owner) == 0 {
		return l, nil
	}
	l.owner = new(Owner)
	return l, decode(owner, l.owner)
}

func (v *sqlView) document(kind docKind, id string) ([]byte, error) {
	var b []byte
	ok, err := v.one("SELECT bytes FROM documents WHERE kind = ? AND id = ?", []any{string(kind), id}, &b)
	if err != nil || !ok {
		return nil, err
	}
	return append([]byte{}, b...), nil
}

func (v *sqlView) outline(id plan.ID) (*outline, error) {
	return single[outline](v, "SELECT info FROM outlines WHERE id = ?", string(id))
}

func (v *sqlView) release(id string) (*Release, error) {
	return single[Release](v, "SELECT info FROM releases WHERE id = ?", id)
}

func (v *sqlView) releases(pipeline string) ([]Release, error) {
	return list[Release](v, "SELECT info FROM releases WHERE pipeline = ?1 OR ?1 = '' ORDER BY created DESC, id DESC", pipeline)
}

func (v *sqlView) deployments(env string) ([]Deployment, error) {
	return list[Deployment](v, "SELECT info FROM deployments WHERE env = ? ORDER BY n DESC", env)
}

func (v *sqlView) message(id MessageID) (*Message, bool, error) {
	var acked bool
	var info []byte
	ok, err := v.one("SELECT acknowledged, info FROM inbox WHERE id = ?", []any{int64(id)}, &acked, &info)
	if err != nil || !ok {
		return nil, false, err
	}
	m := &Message{}
	err = decode(info, m)
	m.ID = id
	return m, acked, err
}

func (v *sqlView) messages(run event.RunID) ([]Message, error) {
	var out []Message
	const query = "SELECT id, info FROM inbox WHERE run = ? AND acknowledged = 0 ORDER BY id"
	err := v.each(query, []any{string(run)}, func(rows *sql.Rows) error {
		var id int64
		var b sql.RawBytes
		if err := rows.Scan(&id, &b); err != nil {
			return v.fail(err)
		}
		var m Message
		if err := decode(b, &m); err != nil {
			return err
		}
		m.ID = MessageID(id)
		out = append(out, m)
		return nil
	})
	return out, err
}

func (v *sqlView) ticks(run event.RunID, mon plan.MonitorID) ([][]byte, error) {
	var out [][]byte
	const query = "SELECT bytes FROM ticks WHERE run = ? AND monitor = ? ORDER BY n"
	err := v.each(query, []any{string(run), string(mon)}, func(rows *sql.Rows) error {
		var b sql.RawBytes
		if err := rows.Scan(&b); err != nil {
			return v.fail(err)
		}
		out = append(out, append([]byte{}, b...))
		return nil
	})
	return out, err
}

package store

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strconv"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Format is the version of the database that this package writes. Older released ones are migrated, newer ones refused.
const Format = 1

// applicationID marks the file as penstock's ("pnst").
const applicationID = 0x706e7374

const (
	// busyTimeout is how long one connection waits for another process's lock.
	busyTimeout = 10 * time.Second
	// openRetry is the pause between tries to open, where SQLite itself doesn't wait (switching to WAL).
	openRetry = 20 * time.Millisecond
	// readers bounds the connections that read at the same time.
	readers = 4
)

//go:embed schema.sql
var schemaSQL string

// dsn names a database file with the settings of a connection.
func dsn(path string, pragmas ...string) string {
	q := url.Values{"_pragma": append([]string{"busy_timeout(" + strconv.FormatInt(busyTimeout.Milliseconds(), 10) + ")"}, pragmas...)}
	return (&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: q.Encode()}).String()
}

// openSQLite opens or creates the database at an absolute path and starts its writer.
func openSQLite(ctx context.Context, path string) (*group, error) {
	if err := checkWritable(path); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	wdb, err := sql.Open("sqlite", dsn(path, "journal_mode(WAL)", "synchronous(FULL)"))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	wdb.SetMaxOpenConns(1)
	conn, err := connect(ctx, wdb)
	if err == nil {
		err = prepareFormat(ctx, conn)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, classify(err)), wdb.Close())
	}
	rdb, err := sql.Open("sqlite", dsn(path, "query_only(1)"))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), wdb.Close())
	}
	rdb.SetMaxOpenConns(readers)
	rdb.SetMaxIdleConns(readers)
	return startGroup(context.WithoutCancel(ctx), wdb, rdb, conn), nil
}

// checkWritable says what is wrong with the file before SQLite says it in fewer words. It must not open the file: closing
// it again would release the locks that this process may hold on it.
func checkWritable(path string) error {
	st, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !st.Mode().IsRegular() {
		return fmt.Errorf("it is not a file: %w", ErrCorrupt)
	}
	return accessible(path)
}

// connect makes the first connection. Switching a new database to WAL fails at once while another process does the
// same, so it is tried until the busy timeout is over.
func connect(ctx context.Context, db *sql.DB) (*sql.Conn, error) {
	tries := int(busyTimeout / openRetry)
	for {
		conn, err := db.Conn(ctx)
		if err == nil {
			return conn, nil
		}
		if tries--; tries == 0 || !errors.Is(classify(err), ErrBusy) {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(openRetry):
		}
	}
}

// prepareFormat creates the tables of a new database and refuses what is not one of ours or newer than this program.
func prepareFormat(ctx context.Context, conn *sql.Conn) error {
	if version, err := formatOf(ctx, conn); err != nil || version == Format {
		return err
	}
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := createTables(ctx, conn)
	if err != nil {
		_, undo := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		return errors.Join(err, undo)
	}
	_, err = conn.ExecContext(ctx, "COMMIT")
	return err
}

func createTables(ctx context.Context, conn *sql.Conn) error {
	// another process may have been first
	if version, err := formatOf(ctx, conn); err != nil || version == Format {
		return err
	}
	if _, err := conn.ExecContext(ctx, schemaSQL); err != nil {
		return err
	}
	_, err := conn.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id=%d; PRAGMA user_version=%d", applicationID, Format))
	return err
}

// formatOf returns the version of the database, 0 for an empty one.
func formatOf(ctx context.Context, conn *sql.Conn) (int, error) {
	var version, app, tables int
	for query, into := range map[string]*int{
		"PRAGMA user_version": &version, "PRAGMA application_id": &app, "SELECT count(*) FROM sqlite_schema": &tables,
	} {
		if err := conn.QueryRowContext(ctx, query).Scan(into); err != nil {
			return 0, err
		}
	}
	switch {
	case tables == 0 && version == 0:
		return 0, nil
	case app != applicationID:
		return 0, fmt.Errorf("it is not a database of penstock: %w", ErrCorrupt)
	case version > Format:
		return 0, fmt.Errorf("format %d, this one reads up to %d: %w", version, Format, ErrFormat)
	case version < 1:
		return 0, fmt.Errorf("format %d: %w", version, ErrCorrupt)
	}
	return version, nil
}

// classify wraps an error of SQLite with the sentinel that callers branch on.
func classify(err error) error {
	var se *sqlite.Error
	if !errors.As(err, &se) {
		return err
	}
	switch se.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return fmt.Errorf("%w: %w", ErrBusy, err)
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return err
}

package store

import (
	"errors"
	"fmt"

	"github.com/penstock-dev/penstock/runtime/event"
)

// What callers branch on. All of them come wrapped.
var (
	// ErrNotFound means that nothing is stored under this id.
	ErrNotFound = errors.New("not found")
	// ErrConflict means that something else is stored under this id.
	ErrConflict = errors.New("something else is stored under this id")
	// ErrInvalid means that what was given cannot be stored, whatever the state of the store.
	ErrInvalid = errors.New("cannot be stored")
	// ErrFenced means that the writer's lease was given back or taken over.
	ErrFenced = errors.New("another process has taken over this run")
	// ErrAcknowledged means that a message has already taken effect.
	ErrAcknowledged = errors.New("the message was acknowledged before")
	// ErrTampered means that the chain of a run's events is broken.
	ErrTampered = errors.New("the journal was changed after it was written")
	// ErrPoisoned means that an earlier write failed; the store must be opened again before it takes another.
	ErrPoisoned = errors.New("an earlier write failed")
	// ErrBusy means that other processes kept the database locked for too long; nothing was written.
	ErrBusy = errors.New("the database is locked by another process")
	// ErrFormat means that a newer penstock wrote the database.
	ErrFormat = errors.New("written by a newer penstock")
	// ErrCorrupt means that the database, or a file beside it, is damaged.
	ErrCorrupt = errors.New("damaged")
	// ErrClosed means that the store was closed.
	ErrClosed = errors.New("the store is closed")
)

// HeldError says that a living process, or one that this host cannot see, writes the run.
type HeldError struct {
	Run   event.RunID
	Owner Owner
}

func (e *HeldError) Error() string {
	s := fmt.Sprintf("run %s is held by process %d on %s", e.Run, e.Owner.PID, e.Owner.Host)
	if e.Owner.Command != "" {
		s += fmt.Sprintf(" (%s)", e.Owner.Command)
	}
	return s
}

package cli

import (
	"errors"
	"fmt"

	"github.com/penstock-dev/penstock/runtime/event"
)

// Exit codes of every command.
const (
	ExitFine       = 0 // did what was asked
	ExitFindings   = 1 // diagnostics, a denial, drift
	ExitUsage      = 2 // wrong flags or arguments
	ExitFailed     = 3 // could not do the job
	ExitRolledBack = 4 // the run ended with the old version
	ExitParked     = 5 // the run waits; resume goes on
	ExitUnsettled  = 6 // a persistent fault: the lock is kept, resume settles it
)

// exitError carries an exit code. A nil Err means that everything was said already.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// silent ends a command with a code; its output has already told why.
func silent(code int) error {
	if code == ExitFine {
		return nil
	}
	return &exitError{code: code}
}

// usagef is a wrong call.
func usagef(format string, args ...any) error {
	return &exitError{code: ExitUsage, err: fmt.Errorf(format, args...)}
}

// codeOf returns the exit code that an error asks for.
func codeOf(err error) int {
	var e *exitError
	switch {
	case err == nil:
		return ExitFine
	case errors.As(err, &e):
		return e.code
	}
	return ExitFailed
}

// outcomeCode is the exit code for how a run ended; undone says that it had to go back.
func outcomeCode(o event.Outcome, undone bool) int {
	switch o {
	case event.Succeeded:
		return ExitFine
	case event.RolledBack:
		return ExitRolledBack
	case event.Unsettled:
		return ExitUnsettled
	case event.Aborted:
		if undone {
			return ExitRolledBack
		}
	case "":
		return ExitParked
	}
	return ExitFailed
}

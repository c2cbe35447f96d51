package compiler

import (
	"fmt"
	"time"

	"github.com/penstock-dev/penstock/compiler/load"
	"github.com/penstock-dev/penstock/internal/watch"
)

// MaxFile is how many bytes a CUE file may have.
const MaxFile = load.MaxFile

// beyond is the result of work that was given up: nothing but a diagnostic that says so.
func beyond(l watch.Limits, e *watch.Exceeded) *work {
	w := &work{}
	switch e.Reason {
	case watch.Time:
		w.list.Errorf("took-too-long", e.Place, "", "this is not evaluated within %s", e.Timeout.Round(100*time.Millisecond)).
			Hint = "look for loops, choices or references that multiply each other; --timeout allows it longer"
	case watch.Memory:
		bound := "the memory that there is"
		if l.Memory > 0 {
			bound = Size(l.Memory) + " of memory"
		}
		w.list.Errorf("too-much-memory", e.Place, "", "this is not evaluated within %s", bound).
			Hint = "look for lists or texts that multiply each other; --max-memory allows it more"
	case watch.Depth:
		w.list.Errorf("too-deep", e.Place, "", "this goes deeper and deeper into itself").
			Hint = "look for a definition that refers to itself"
	}
	w.unread = w.list
	return w
}

// Size writes a number of bytes in the largest unit of which it is a whole number.
func Size(n int64) string {
	for _, unit := range []struct {
		name  string
		bytes int64
	}{{"GiB", 1 << 30}, {"GB", 1e9}, {"MiB", 1 << 20}, {"MB", 1e6}, {"KiB", 1 << 10}} {
		if n >= unit.bytes && n%unit.bytes == 0 {
			return fmt.Sprintf("%d %s", n/unit.bytes, unit.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}

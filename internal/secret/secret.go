// Package secret holds values that must not be seen: a type that never shows what is in it, the places such values are
// read from, and a writer that masks them in the output of others.
//
// A secret is read when it is needed and forgotten after the call. It refuses places that this build cannot read, values
// that are empty, and files that other users may read.
package secret

import (
	"fmt"
	"io"
	"log/slog"
)

// Shown is what every rendering of a secret says.
const Shown = "•••"

// Value is a secret. However it is printed, logged or marshalled it shows as [Shown]; [Value.Reveal] is the only way to
// what is in it. Its zero value is the absent secret.
type Value struct{ v string }

// New makes a secret of a string.
func New(s string) Value { return Value{s} }

// Reveal returns what is in it, for the call that needs it.
func (v Value) Reveal() string { return v.v }

// IsZero reports whether there is nothing in it.
func (v Value) IsZero() bool { return v.v == "" }

// String returns [Shown].
func (Value) String() string { return Shown }

// GoString returns [Shown], for %#v.
func (Value) GoString() string { return Shown }

// Format writes [Shown] for every verb.
func (Value) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Shown) }

// MarshalText returns [Shown]; JSON, maps' keys and flags go through it.
func (Value) MarshalText() ([]byte, error) { return []byte(Shown), nil }

// LogValue returns [Shown].
func (Value) LogValue() slog.Value { return slog.StringValue(Shown) }

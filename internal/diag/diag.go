// Package diag holds the one shape in which penstock tells users what is wrong with what they wrote.
//
// It sits at the bottom of the module: every package may import it and it imports none of them. A [List] is what the
// user wrote wrongly; an error is what penstock could not do (disk, network, cluster). Functions that can meet both
// return both.
package diag

import (
	"cmp"
	"fmt"
	"slices"
)

// Code names a kind of diagnostic, such as "needs-cycle". `penstock explain` knows every one of them.
type Code string

// Severity says whether a diagnostic stops the work.
type Severity string

// The severities. Only SeverityError stops the following phase.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
	SeverityInfo    Severity = "info"
)

// Position is a place in a file. Line and Column count from 1, Column in bytes; Line 0 means unknown.
type Position struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// Range is a span in one of the user's files. End is exclusive and may be zero when only the start is known.
type Range struct {
	// File is slash-separated and relative to the directory the command was started in, where that is possible.
	File  string   `json:"file"`
	Start Position `json:"start"`
	End   Position `json:"end,omitzero"`
}

// IsZero reports whether the range points nowhere.
func (r Range) IsZero() bool { return r.File == "" && r.Start.Line == 0 }

// String renders the start as file:line:col, leaving out what is unknown.
func (r Range) String() string {
	switch {
	case r.Start.Line == 0:
		return r.File
	case r.Start.Column == 0:
		return fmt.Sprintf("%s:%d", r.File, r.Start.Line)
	}
	return fmt.Sprintf("%s:%d:%d", r.File, r.Start.Line, r.Start.Column)
}

// Related is a second place that explains a diagnostic, with a short text of its own.
type Related struct {
	Range   Range  `json:"range"`
	Message string `json:"message"`
}

// Diagnostic is one thing that is wrong, in the user's words.
type Diagnostic struct {
	Code     Code     `json:"code"`
	Severity Severity `json:"severity"`
	// Message is one line, lower case, without a final stop, names quoted with %q.
	Message string `json:"message"`
	// Hint says what would be right; empty when the message already does.
	Hint string `json:"hint,omitempty"`
	// Range is where the user wrote it.
	Range Range `json:"range"`
	// Path is the definition path inside the pipeline, such as stages.production.deploy.canary.steps[0].
	Path    string    `json:"path,omitempty"`
	Related []Related `json:"related,omitempty"`
	// Conceal says that the line holds a secret: it is named and never quoted.
	Conceal bool `json:"conceal,omitempty"`
}

// String renders file:line:col: message [code].
func (d Diagnostic) String() string {
	if d.Range.IsZero() {
		return fmt.Sprintf("%s [%s]", d.Message, d.Code)
	}
	return fmt.Sprintf("%s: %s [%s]", d.Range, d.Message, d.Code)
}

// Allowed is a diagnostic that a comment in the user's file allows: it stops nothing.
type Allowed struct {
	Diagnostic
	// Reason is what the comment says, Comment where.
	Reason  string `json:"reason"`
	Comment Range  `json:"comment"`
}

// List is a collection of diagnostics. Phases append in any order; [List.Normalize] makes the order the same each time.
type List []Diagnostic

// Errorf appends an error diagnostic and returns it for further filling in.
func (l *List) Errorf(code Code, r Range, path, format string, args ...any) *Diagnostic {
	return l.add(SeverityError, code, r, path, fmt.Sprintf(format, args...))
}

// Warnf appends a warning and returns it for further filling in.
func (l *List) Warnf(code Code, r Range, path, format string, args ...any) *Diagnostic {
	return l.add(SeverityWarning, code, r, path, fmt.Sprintf(format, args...))
}

func (l *List) add(s Severity, code Code, r Range, path, msg string) *Diagnostic {
	*l = append(*l, Diagnostic{Code: code, Severity: s, Message: msg, Range: r, Path: path})
	return &(*l)[len(*l)-1]
}

// HasErrors reports whether any diagnostic stops the work.
func (l List) HasErrors() bool {
	return slices.ContainsFunc(l, func(d Diagnostic) bool { return d.Severity == SeverityError })
}

// Count returns how many diagnostics have the severity.
func (l List) Count(s Severity) int {
	n := 0
	for _, d := range l {
		if d.Severity == s {
			n++
		}
	}
	return n
}

// Normalize returns the list sorted by file, line, column, code and message, without duplicates.
func (l List) Normalize() List {
	out := slices.Clone(l)
	slices.SortStableFunc(out, Compare)
	return slices.CompactFunc(out, func(a, b Diagnostic) bool { return Compare(a, b) == 0 })
}

// Compare orders diagnostics by file, line, column, code and message.
func Compare(a, b Diagnostic) int {
	return cmp.Or(
		cmp.Compare(a.Range.File, b.Range.File),
		cmp.Compare(a.Range.Start.Line, b.Range.Start.Line),
		cmp.Compare(a.Range.Start.Column, b.Range.Start.Column),
		cmp.Compare(a.Code, b.Code),
		cmp.Compare(a.Message, b.Message),
	)
}

package allow

import (
	"strings"

	"github.com/penstock-dev/penstock/internal/diag"
	"github.com/penstock-dev/penstock/internal/names"
)

// The codes of this package. None of them may be allowed.
const (
	CodeReason  diag.Code = "allow-without-reason"
	CodeUnknown diag.Code = "allow-unknown"
	CodeRefused diag.Code = "allow-refused"
	CodeUnused  diag.Code = "allow-unused"
)

const where = "it stands at the end of the line that is found, or on a line of its own directly above"

// Problems says what is wrong with the comments themselves, once everything has been filtered. A comment in a file that
// complete refuses is not called unused: something was not looked at there.
func (s *Set) Problems(complete func(file string) bool) diag.List {
	var list diag.List
	for _, f := range s.files {
		for _, c := range f.comments {
			if !s.wrong(&list, c) && !c.used && !f.imported && complete(f.name) {
				d := list.Warnf(CodeUnused, c.at, "", "nothing at line %d is found to be %q", c.line, c.code)
				d.Hint = "take the comment away; " + where
			}
		}
	}
	return list
}

// wrong reports a comment that can allow nothing.
func (s *Set) wrong(list *diag.List, c *comment) bool {
	switch {
	case c.word != "allow":
		s.misspelt(list, c)
	case c.code == "":
		d := list.Errorf(CodeReason, c.at, "", "the comment allows nothing: it names no code and gives no reason")
		d.Hint = "write // penstock:allow CODE and why"
	case s.doc(c.code).Code == "":
		s.unknown(list, c)
	case c.refused != nil:
		d := list.Errorf(CodeRefused, c.at, "", "%q may not be allowed here: what follows relies on it", c.code)
		d.Hint = "mend what was found, and take the comment away"
		d.Related = []diag.Related{{Range: c.refused.Range, Message: c.refused.Message}}
	case s.elsewhere(c.code):
		d := list.Errorf(CodeRefused, c.at, "", "%q may not be allowed: it is not about a line of this file", c.code)
		d.Hint = "take the comment away"
	case c.reason == "":
		d := list.Errorf(CodeReason, c.at, "", "the comment allows %q without a reason", c.code)
		d.Hint = "say behind the code why it is right here"
	default:
		return false
	}
	return true
}

// elsewhere reports whether a code is never about a line of a pipeline, or about comments such as these.
func (s *Set) elsewhere(code diag.Code) bool {
	switch s.doc(code).Phase {
	case "allow", "bind", "policy":
		return true
	}
	return false
}

func (s *Set) unknown(list *diag.List, c *comment) {
	d := list.Errorf(CodeUnknown, c.at, "", "nothing that is found has the code %q", c.code)
	if near, ok := names.Nearest(string(c.code), s.known()); ok {
		d.Message += " (did you mean \"" + near + "\"?)"
		return
	}
	d.Hint = "`penstock explain` lists all codes; what a policy says is waived under waivers"
}

// misspelt reports a comment that is nearly one of these. Others may be for other tools.
func (s *Set) misspelt(list *diag.List, c *comment) {
	if _, ok := names.Nearest(strings.ToLower(c.word), []string{"allow"}); ok && c.word != "" {
		list.Errorf(CodeUnknown, c.at, "", "penstock knows no comment %q (did you mean %q?)", prefix+c.word, prefix+"allow")
	}
}

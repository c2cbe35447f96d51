package load

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"cuelang.org/go/cue/errors"

	"github.com/penstock-dev/penstock/internal/diag"
)

// dashed is a label with a dash that lacks its quotes, up to where CUE gives up.
var dashed = regexp.MustCompile(`(?:^|[\s{,:])([A-Za-z_][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)+)\s*:?$`)

// syntax explains the first syntax error of a file; what the parser says after it only follows from it.
func (x *explainer) syntax(e errors.Error) {
	pos := e.Position()
	file := pos.Filename()
	if x.broken[file] {
		return
	}
	x.broken[file] = true
	src := x.source(file)
	r := x.places.At(pos)
	format, args := e.Msg()
	if label := dashedLabel(src, r.Start); label != "" {
		r.Start.Column -= len(label)
		r.End = diag.Position{Line: r.Start.Line, Column: r.Start.Column + len(label)}
		x.out.Errorf("syntax", r, "", "the name %s has a dash and stands without quotes", label).Hint = fmt.Sprintf("write it %q", label)
		return
	}
	o, open := unclosed(src)
	if stray(src, r.Start) && !open {
		_, rest := around(src, r.Start)
		x.out.Errorf("syntax", r, "", "this %q closes nothing", string(rest[:1])).Hint = "remove it, or open it above"
		return
	}
	if x.habitual(src, r) {
		return
	}
	if open && structural(format, args) {
		at := diag.Range{File: r.File, Start: o.pos, End: diag.Position{Line: o.pos.Line, Column: o.pos.Column + 1}}
		d := x.out.Errorf("syntax", at, "", "this %q is never closed", o.tok.String())
		d.Hint = fmt.Sprintf("add a %q", closes(o.tok).String())
		d.Related = []diag.Related{{Range: r, Message: "noticed here"}}
		return
	}
	x.out.Errorf("syntax", r, "", "%s", syntaxText(format, args)).Hint = syntaxHint(format)
}

// stray reports whether a closing bracket stands at a place.
func stray(src []byte, at diag.Position) bool {
	_, rest := around(src, at)
	return len(rest) > 0 && bytes.IndexByte([]byte("]})"), rest[0]) >= 0
}

// syntaxHint says what would be right, for what the parser says about texts.
func syntaxHint(format string) string {
	switch {
	case strings.HasPrefix(format, "unknown escape sequence"):
		return `a backslash is written \\`
	case strings.Contains(format, "multiline"):
		return `the text starts on the line below """, and stands as far in as the """ that end it`
	case strings.HasPrefix(format, "string literal not terminated"):
		return `close it with a "`
	}
	return ""
}

// structural reports whether a parse error can come from a bracket that is missing.
func structural(format string, args []any) bool {
	if strings.Contains(format, "multiline") {
		return false
	}
	return strings.HasPrefix(format, "expected") || strings.HasPrefix(format, "missing ','")
}

// dashedLabel finds the unquoted label with a dash that ends at the place of an error.
func dashedLabel(src []byte, at diag.Position) string {
	lines := bytes.Split(src, []byte("\n"))
	if at.Line < 1 || at.Line > len(lines) || at.Column < 1 || at.Column > len(lines[at.Line-1])+1 {
		return ""
	}
	line := lines[at.Line-1]
	if rest := bytes.TrimLeft(line[at.Column-1:], " "); len(rest) == 0 || rest[0] != ':' {
		return ""
	}
	m := dashed.FindSubmatch(line[:at.Column-1])
	if m == nil {
		return ""
	}
	return string(m[1])
}

// syntaxText is what the parser said, without the names of its tokens.
func syntaxText(format string, args []any) string {
	words := make([]any, len(args))
	for i, a := range args {
		words[i] = a
		if w := tokenWord(fmt.Sprint(a)); w != "" {
			words[i] = w
		}
	}
	msg := firstLine(fmt.Sprintf(format, words...))
	msg = wordInQuotes.ReplaceAllString(msg, "$1")
	return strings.TrimSpace(singleQuotes.ReplaceAllString(msg, `"$1"`))
}

var (
	wordInQuotes = regexp.MustCompile(`'((?:the|a) [a-z ]+)'`) // a token by its word
	singleQuotes = regexp.MustCompile(`'([^' ]+)'`)
)

// tokenWord says in words what CUE's parser calls by the name of a token.
func tokenWord(name string) string {
	switch name {
	case "STRING", "INTERPOLATION":
		return "the text"
	case "INT", "FLOAT":
		return "the number"
	case "IDENT":
		return "the name"
	case "EOF":
		return "the end of the file"
	case "ATTRIBUTE":
		return "the attribute"
	case "COMMENT":
		return "a comment"
	}
	return ""
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

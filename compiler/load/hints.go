package load

import (
	"bytes"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/penstock-dev/penstock/internal/diag"
)

// habit is a way of writing that other languages taught. CUE's parser stumbles over it, mostly somewhere behind it, and
// names a token that the user never thought of.
//
// The table is asked from top to bottom.
type habit struct {
	// line matches the line up to where the parser stopped, rest what follows on it; nil matches everything.
	line, rest *regexp.Regexp
	// message replaces the parser's where it isn't empty; it and hint may hold %s, the line's first submatch.
	message, hint string
}

func habits() []habit {
	re := regexp.MustCompile
	return []habit{
		{line: re(`^\s*#\s?$`), message: `a comment is written with "#"`, hint: "comments start with //"},
		{line: re(`^\s*$`), rest: re(`^/\*`), message: `a comment is written with "/*"`, hint: "comments start with //, each line its own"},
		{line: re(`^\s*import\s+[("]?$`), message: "an import stands below a field", hint: "imports stand right below the package clause"},
		{line: re(`^\s*import\s+([A-Za-z][\w/.-]*)$`), rest: re(`^$`), message: "an import stands without quotes", hint: `write import "%s"`},
		{line: re(`^(?:<<<<<<|======|>>>>>>)`), message: "a merge conflict is not resolved", hint: "choose one of the two sides"},
		{line: re(`(#\w+)\s+$`), rest: re(`^\{`), message: `a "&" is missing behind %s`, hint: "a definition and what you add are joined: %s & {…}"},
		{line: re(`^package\s+[\w-]*$`), message: "that can't be the name of a package", hint: "it has letters, digits and _, and no quotes"},
		{line: re(`^\s*([\w"-]+)\s*=\s*.*$`), rest: re(`^$`), message: `%s is followed by "="`, hint: "a field is written %s: and its value"},
		{line: re(`[\s:,\[{(]([0-9]+)$`), rest: re(`^[A-Za-z][\w-]*\s*:`), message: "a name that starts with a digit stands without quotes", hint: "write it in quotes"},
		{line: re(`[\s:,\[{(]([0-9]+)$`), rest: re(`^(ms|[smhdw])\b`), message: "a duration stands without quotes", hint: `write it in quotes: "%s"`},
		{rest: re("^`"), message: "a text stands in backquotes", hint: "a text is written in double quotes"},
		{rest: re(`^[“”„‟]`), message: "a text stands in curly quotes", hint: `write straight ones: "`},
		{rest: re(`^%`), message: "a percent sign stands outside of a text", hint: "a percentage is a number without a sign"},
		{rest: re(`^\x{00a0}`), message: "there is a no-break space", hint: "write a plain one"},
		{rest: re(`^;`), message: `";" ends nothing here`, hint: "fields end with a comma or with their line"},
		{line: re(`[{:,]?\s*([A-Za-z_]\w*)\s+$`), rest: re(`^["{]|^[A-Za-z_"][^:,}]*:`), hint: `is the ":" behind %s missing?`},
	}
}

// habitual explains a syntax error by a habit, if it looks like one.
func (x *explainer) habitual(src []byte, r diag.Range) bool {
	before, rest := around(src, r.Start)
	for _, h := range habits() {
		word := ""
		if h.line != nil {
			m := h.line.FindSubmatch(before)
			if m == nil {
				continue
			}
			if len(m) > 1 {
				word = string(m[1])
			}
		}
		if h.rest != nil {
			m := h.rest.FindSubmatch(rest)
			if m == nil {
				continue
			}
			if len(m) > 1 {
				word += string(m[1])
			}
		}
		if i := bytes.IndexByte(before, '='); i >= 0 && len(rest) == 0 {
			r = diag.Range{File: r.File, Start: diag.Position{Line: r.Start.Line, Column: i + 1}}
		}
		if h.message == "" {
			x.out.Errorf("syntax", r, "", `a ":" or a "," is missing`).Hint = filled(h.hint, word)
			return true
		}
		x.out.Errorf("syntax", r, "", "%s", filled(h.message, word)).Hint = filled(h.hint, word)
		return true
	}
	return false
}

func filled(text, word string) string { return strings.ReplaceAll(text, "%s", word) }

// around is the line of a position, up to it and from it on, without its end.
func around(src []byte, at diag.Position) (before, rest []byte) {
	lines := bytes.Split(src, []byte("\n"))
	if at.Line < 1 || at.Line > len(lines) {
		return nil, nil
	}
	line := bytes.TrimSuffix(lines[at.Line-1], []byte("\r"))
	if at.Column < 1 || at.Column > len(line)+1 {
		return nil, nil
	}
	return line[:at.Column-1], line[at.Column-1:]
}

// notText finds the first byte of a file that isn't UTF-8. CUE would put another character in its place.
func notText(src []byte) (diag.Position, bool) {
	if utf8.Valid(src) {
		return diag.Position{}, false
	}
	at := diag.Position{Line: 1, Column: 1}
	for len(src) > 0 {
		r, n := utf8.DecodeRune(src)
		if r == utf8.RuneError && n == 1 {
			return at, true
		}
		if at.Column += n; r == '\n' {
			at = diag.Position{Line: at.Line + 1, Column: 1}
		}
		src = src[n:]
	}
	return at, false
}

// notText reports the files of a package that aren't UTF-8.
func (s *session) notText(p *pkg) (out diag.List) {
	for _, f := range p.inst.Files {
		src := s.stdin
		if f.Filename != "-" {
			var err error
			if src, err = s.disk.read(f.Filename); err != nil {
				continue // CUE has read it from somewhere else
			}
		}
		if at, bad := notText(src); bad {
			r := diag.Range{File: p.places.File(f.Filename), Start: at}
			out.Errorf("syntax", r, "", "this byte is no UTF-8").Hint = "save the file as UTF-8: CUE would put another character here"
		}
	}
	return out
}

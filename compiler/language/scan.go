package language

import (
	"cuelang.org/go/cue/literal"
	"cuelang.org/go/cue/scanner"
	"cuelang.org/go/cue/token"
)

// lexeme is one token. A string with interpolations is a single one, of kind token.INTERPOLATION.
type lexeme struct {
	kind       token.Token
	text       string
	start, end int
	// line and indent say where it stands; first that it is the first of its line.
	line, indent int
	first        bool
	// doc is the comment right above it.
	doc string
}

// isLabel reports whether a lexeme can be a field's name as it stands: keywords can.
func (l lexeme) isLabel() bool {
	switch l.kind {
	case token.IDENT, token.STRING, token.TRUE, token.FALSE, token.NULL:
		return true
	}
	return l.kind.IsKeyword()
}

// name is what a label or a string literal says; a literal that isn't closed says what is there.
func (l lexeme) name() string {
	if l.kind != token.STRING {
		return l.text
	}
	if s, err := literal.Unquote(l.text); err == nil {
		return s
	}
	s := l.text
	for len(s) > 0 && (s[0] == '"' || s[0] == '\'' || s[0] == '#') {
		s = s[1:]
	}
	return s
}

// lines maps offsets to lines.
type lines struct {
	text   []byte
	starts []int
}

func newLines(text []byte) lines {
	starts := []int{0}
	for i, c := range text {
		if c == '\n' {
			starts = append(starts, i+1)
		}
	}
	return lines{text, starts}
}

// of is the index of the line that an offset is in.
func (l lines) of(offset int) int {
	lo, hi := 0, len(l.starts)
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; l.starts[mid] <= offset {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// end is the offset of the end of a line, its line break not included.
func (l lines) end(line int) int {
	if line+1 >= len(l.starts) {
		return len(l.text)
	}
	end := l.starts[line+1] - 1
	if end > l.starts[line] && l.text[end-1] == '\r' {
		end--
	}
	return end
}

// indent is how many blanks a line starts with.
func (l lines) indent(line int) int {
	n := 0
	for i := l.starts[line]; i < len(l.text) && (l.text[i] == ' ' || l.text[i] == '\t'); i++ {
		n++
	}
	return n
}

// scan splits a text into lexemes; the last is token.EOF. What CUE can't read is left out.
func scan(text []byte) []lexeme {
	var s scanner.Scanner
	s.Init(token.NewFile("", 0, len(text)), text, func(token.Pos, string, []any) {}, scanner.ScanComments)
	r := &lexer{Scanner: &s, lines: newLines(text)}
	for {
		l := r.next()
		r.out = append(r.out, l)
		if l.kind == token.EOF {
			return r.out
		}
	}
}

type lexer struct {
	*scanner.Scanner
	lines lines
	out   []lexeme
	doc   string
	// docLine is the line that doc's last comment is in.
	docLine int
}

// next is the next lexeme that isn't a comment.
func (r *lexer) next() lexeme {
	for {
		l := r.one()
		switch l.kind {
		case token.COMMENT:
			r.comment(l)
			continue
		case token.ILLEGAL, token.ATTRIBUTE:
			continue
		case token.INTERPOLATION:
			l.end = r.interpolation()
		}
		if l.first && r.docLine == l.line-1 {
			l.doc = r.doc
		}
		if l.kind != token.COMMA || l.text == "," {
			r.doc = ""
		}
		return l
	}
}

func (r *lexer) one() lexeme {
	pos, kind, text := r.Scan()
	l := lexeme{kind: kind, text: text, start: pos.Offset(), end: r.Offset()}
	if kind == token.EOF || kind == token.COMMA && text != "," {
		l.start = min(l.start, len(r.lines.text))
		l.end = l.start
	}
	l.line = r.lines.of(l.start)
	l.indent = r.lines.indent(l.line)
	l.first = l.start == r.lines.starts[l.line]+l.indent
	return l
}

func (r *lexer) comment(l lexeme) {
	if !l.first {
		return
	}
	text := l.text
	for len(text) > 0 && (text[0] == '/' || text[0] == ' ') {
		text = text[1:]
	}
	if r.doc != "" && r.docLine == l.line-1 {
		text = r.doc + " " + text
	}
	r.doc, r.docLine = text, l.line
}

// interpolation reads the rest of a string behind its first `\(` and returns where it ends. One that is not closed ends with
// its line: the brackets behind it are worth more than the chance that it goes on.
func (r *lexer) interpolation() int {
	for depth := 0; ; {
		l := r.one()
		switch l.kind {
		case token.EOF:
			return l.start
		case token.COMMA:
			if l.text != "," {
				return l.start
			}
		case token.INTERPOLATION:
			r.interpolation()
		case token.LPAREN:
			depth++
		case token.RPAREN:
			depth--
			if depth > 0 {
				continue
			}
			rest := r.ResumeInterpolation()
			if len(rest) == 0 || rest[len(rest)-1] != '(' {
				return r.Offset()
			}
			depth = 0
		}
	}
}

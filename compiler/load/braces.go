package load

import (
	"cuelang.org/go/cue/scanner"
	"cuelang.org/go/cue/token"

	"github.com/penstock-dev/penstock/internal/diag"
)

// opener is a bracket that waits for its end.
type opener struct {
	tok    token.Token
	pos    diag.Position
	indent int  // of the line it stands on
	inText bool // it is the parenthesis of an interpolation
}

// unclosed finds the bracket that was probably not closed. Indentation tells: a closing bracket at the start of a line
// belongs to a bracket on a line with the same indentation, so if the innermost open one stands deeper, that is the one
// whose end is missing. Without such a hint it is the innermost that is open at the end.
func unclosed(src []byte) (opener, bool) {
	b := balance{lines: lineStarts(src), src: src}
	f := token.NewFile("", -1, len(src))
	b.scan.Init(f, src, func(token.Pos, string, []any) {}, scanner.DontInsertCommas)
	for {
		pos, tok, _ := b.scan.Scan()
		if tok == token.EOF {
			break
		}
		b.take(tok, pos.Offset())
	}
	switch {
	case b.suspect != nil && len(b.open) > 0:
		return *b.suspect, true
	case len(b.open) > 0:
		return b.open[len(b.open)-1], true
	}
	return opener{}, false
}

// balance matches brackets.
type balance struct {
	scan    scanner.Scanner
	src     []byte
	lines   []int
	open    []opener
	suspect *opener
}

func (b *balance) take(tok token.Token, offset int) {
	switch tok {
	case token.LBRACE, token.LBRACK, token.LPAREN:
		line, col, indent := b.place(offset)
		o := opener{tok: tok, pos: diag.Position{Line: line, Column: col}, indent: indent}
		o.inText = tok == token.LPAREN && offset > 0 && b.inText(offset)
		b.open = append(b.open, o)
	case token.RBRACE, token.RBRACK, token.RPAREN:
		b.closing(tok, offset)
	}
}

func (b *balance) closing(tok token.Token, offset int) {
	if len(b.open) == 0 {
		return
	}
	top := b.open[len(b.open)-1]
	if closes(top.tok) != tok {
		if b.suspect == nil {
			b.suspect = &top
		}
		return
	}
	b.open = b.open[:len(b.open)-1]
	if top.inText {
		b.scan.ResumeInterpolation() // what follows is text up to the next parenthesis, which comes as a token of its own
		return
	}
	_, col, indent := b.place(offset)
	if b.suspect == nil && col == indent+1 && indent < top.indent {
		b.suspect = &top
	}
}

// inText reports whether the parenthesis at offset starts an interpolation: `\(` or `\#(`.
func (b *balance) inText(offset int) bool {
	i := offset - 1
	for i >= 0 && b.src[i] == '#' {
		i--
	}
	return i >= 0 && b.src[i] == '\\'
}

func (b *balance) place(offset int) (line, col, indent int) {
	line = 1
	for line < len(b.lines) && b.lines[line] <= offset {
		line++
	}
	start := b.lines[line-1]
	for i := start; i < len(b.src) && (b.src[i] == ' ' || b.src[i] == '\t'); i++ {
		indent++
	}
	return line, offset - start + 1, indent
}

func closes(tok token.Token) token.Token {
	switch tok {
	case token.LBRACE:
		return token.RBRACE
	case token.LBRACK:
		return token.RBRACK
	}
	return token.RPAREN
}

func lineStarts(src []byte) []int {
	starts := []int{0}
	for i, c := range src {
		if c == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

package load

import (
	"strings"

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
	text    bool // the next parenthesis starts an interpolation
}

func (b *balance) take(tok token.Token, offset int) {
	switch tok {
	case token.INTERPOLATION:
		b.text = true
	case token.LBRACE, token.LBRACK, token.LPAREN:
		line, col, indent := b.place(offset)
		o := opener{tok: tok, pos: diag.Position{Line: line, Column: col}, indent: indent}
		if tok == token.LPAREN {
			o.inText, b.text = b.text, false
		}
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
		b.text = strings.HasSuffix(b.scan.ResumeInterpolation(), "(")
		return
	}
	_, col, indent := b.place(offset)
	if b.suspect == nil && col == indent+1 && indent < top.indent {
		b.suspect = &top
	}
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

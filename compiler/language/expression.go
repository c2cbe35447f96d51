package language

import (
	"strings"

	"cuelang.org/go/cue/token"
)

// expression reads up to a comma or a closing bracket that isn't its own. Label is what it belongs to.
func (p *reader) expression(label lexeme) *value {
	v := &value{start: p.tok().start}
	p.depth++
	defer func() { p.depth-- }()
	from, last := p.at, lexeme{}
	for {
		t := p.tok()
		if t.kind == token.EOF || t.kind == token.COMMA || isCloser(t.kind) || t.kind == token.COLON {
			break
		}
		if p.at > from && t.first && t.indent <= label.indent && p.startsField() {
			break // an operator that waits for its operand
		}
		p.operand(v, last)
		last = p.toks[p.at-1]
	}
	if p.at == from+1 {
		v.literal = &p.toks[from]
	}
	v.empty = p.at == from
	v.end = p.valueEnd(from)
	for _, s := range v.structs {
		v.end = max(v.end, s.end)
	}
	for _, l := range v.lists {
		v.end = max(v.end, l.end)
	}
	if p.tok().kind == token.COLON { // a label that couldn't be read
		p.advance()
	}
	return v
}

// valueEnd is where an expression that ends at the present lexeme ends: trailing blanks are part of it, for a cursor that
// stands there.
func (p *reader) valueEnd(from int) int {
	t := p.tok()
	behind := t.start
	if p.at > from {
		behind = p.toks[p.at-1].end
	} else if p.at > 0 {
		behind = p.toks[p.at-1].end
	}
	if line := p.file.lines.of(behind); t.line > line || t.kind == token.EOF || t.kind == token.COMMA && t.text != "," {
		return max(behind, p.file.lines.end(line))
	}
	return t.start
}

// startsField reports whether a label with its colon stands here.
func (p *reader) startsField() bool {
	n := 1
	if k := p.peek(1).kind; k == token.OPTION || k == token.NOT {
		n = 2
	}
	return p.tok().isLabel() && p.peek(n).kind == token.COLON
}

// operand reads one lexeme of an expression, or a whole bracket.
func (p *reader) operand(v *value, last lexeme) {
	t := p.advance()
	operandBefore := last.kind == token.IDENT || last.kind == token.STRING || isCloser(last.kind)
	switch {
	case p.depth >= maxDepth:
	case t.kind == token.LBRACE:
		v.structs = append(v.structs, p.body(&t))
	case t.kind == token.LBRACK && operandBefore:
		p.list(&t)
	case t.kind == token.LBRACK:
		v.lists = append(v.lists, p.list(&t))
	case t.kind == token.LPAREN:
		inner := p.expression(t)
		for p.tok().kind == token.COMMA && operandBefore {
			p.advance()
			p.expression(t)
		}
		if p.tok().kind == token.COMMA && p.tok().text != "," && p.peek(1).kind == token.RPAREN {
			p.advance()
		}
		if p.tok().kind == token.RPAREN {
			p.advance()
		}
		if !operandBefore {
			v.structs, v.lists = append(v.structs, inner.structs...), append(v.lists, inner.lists...)
			if v.definition == "" {
				v.definition = inner.definition
			}
		}
	case t.kind == token.IDENT && p.tok().kind == token.PERIOD && strings.HasPrefix(p.peek(1).text, "#") && p.file.isSchema(t.text):
		v.definition = p.peek(1).text
	}
}

// list reads elements up to the closing bracket.
func (p *reader) list(open *lexeme) *list {
	l := &list{start: open.end}
	p.depth++
	defer func() { p.depth-- }()
	for {
		t := p.tok()
		switch {
		case t.kind == token.EOF:
			l.end = len(p.file.Text)
			return l
		case t.kind == token.RBRACK:
			l.end, l.closed = t.start, true
			p.advance()
			return l
		case p.outdented(open, t) || p.broken && p.startsField() || isCloser(t.kind):
			l.end = p.file.lines.end(p.file.lines.of(p.toks[max(p.at-1, 0)].end))
			if t.line == p.file.lines.of(l.start) {
				l.end = t.start
			}
			return l
		case t.kind == token.COMMA:
			p.advance()
			continue
		case t.kind == token.FOR, t.kind == token.IF:
			p.clauses(t)
		case t.kind == token.ELLIPSIS:
			p.advance()
			continue
		}
		from := p.at
		l.elems = append(l.elems, p.expression(t))
		if p.at == from {
			p.advance()
		}
	}
}

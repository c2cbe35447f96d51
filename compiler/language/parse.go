package language

import (
	"strings"

	"cuelang.org/go/cue/token"
)

// body reads declarations up to the closing brace of open, or to the end of the file when open is nil.
func (p *reader) body(open *lexeme) *body {
	b := &body{start: p.tok().start}
	if open != nil {
		b.start = open.end
	}
	p.depth++
	defer func() { p.depth-- }()
	for {
		t := p.tok()
		switch {
		case t.kind == token.EOF:
			b.end = len(p.file.Text)
			return b
		case p.outdented(open, t):
			b.end = p.file.lines.end(max(t.line-1, 0))
			return b
		case t.kind == token.RBRACE && open != nil:
			b.end, b.closed = t.start, true
			p.advance()
			return b
		case isCloser(t.kind) && open != nil && p.awaited(t):
			b.end = t.start
			return b
		case isCloser(t.kind), t.kind == token.COMMA:
			p.advance()
		default:
			p.declaration(b)
		}
	}
}

// outdented reports whether a lexeme stands too far left to be inside the brackets that open began. That counts only where
// brackets are missing: nobody has to indent.
func (p *reader) outdented(open *lexeme, t lexeme) bool {
	if open == nil || !p.broken || !t.first || t.line == open.line || t.kind == token.COMMA {
		return false
	}
	if isCloser(t.kind) {
		return t.indent < open.indent
	}
	return t.indent <= open.indent
}

// awaited reports whether a closing bracket may be meant for something further out; it always may, when brackets are missing.
func (p *reader) awaited(lexeme) bool { return p.broken }

// declaration reads one field, embedding, comprehension or clause into b.
func (p *reader) declaration(b *body) {
	t := p.tok()
	if f, ok := p.label(); ok {
		b.fields = append(b.fields, f)
		p.fieldValue(f)
		return
	}
	switch {
	case t.kind == token.IDENT && t.text == "package" && p.depth == 1 && p.peek(1).kind == token.IDENT:
		p.advance()
		p.file.pkg = p.advance().text
		return
	case t.kind == token.IDENT && t.text == "import" && p.depth == 1:
		p.advance()
		p.importSpec()
		return
	case t.kind == token.LET && p.peek(1).kind == token.IDENT:
		p.advance()
		b.lets = append(b.lets, p.advance())
		if p.tok().kind == token.BIND {
			p.advance()
			p.expression(t)
		}
		return
	case t.kind == token.FOR, t.kind == token.IF:
		p.clauses(t)
	case t.kind == token.ELLIPSIS:
		p.advance()
	}
	from := p.at
	v := p.expression(t)
	if v.literal != nil && v.literal.isLabel() {
		b.words = append(b.words, *v.literal)
	}
	b.parts = append(b.parts, v)
	if p.at == from {
		p.advance()
	}
}

// clauses skips what stands before the struct of a comprehension.
func (p *reader) clauses(start lexeme) {
	for depth := 0; ; p.advance() {
		switch t := p.tok(); {
		case t.kind == token.EOF, t.kind == token.LBRACE && depth == 0, p.outdented(&start, t):
			return
		case t.kind == token.COMMA && depth == 0 && t.text != ",", isCloser(t.kind) && depth == 0:
			return
		case t.kind == token.LBRACK, t.kind == token.LPAREN, t.kind == token.LBRACE:
			depth++
		case isCloser(t.kind):
			depth--
		}
	}
}

// label reads a field's label with its colon, when that is what comes.
func (p *reader) label() (*field, bool) {
	n := 0
	if p.tok().kind == token.IDENT && p.peek(1).kind == token.BIND {
		n = 2 // an alias
	}
	f := &field{label: p.peek(n)}
	switch t := p.peek(n); {
	case t.isLabel():
		f.key = t.name()
		n++
	case t.kind == token.INTERPOLATION:
		f.anyKey = true
		n++
	case t.kind == token.LBRACK, t.kind == token.LPAREN:
		f.anyKey = true
		width, ok := p.bracketed(n)
		if !ok {
			return nil, false
		}
		n += width
		f.label.end = p.peek(n - 1).end
	default:
		return nil, false
	}
	if k := p.peek(n).kind; k == token.OPTION || k == token.NOT {
		n++
	}
	if p.peek(n).kind != token.COLON {
		return nil, false
	}
	f.label.doc = p.tok().doc
	for range n {
		p.advance()
	}
	f.colon = p.advance().end
	return f, true
}

// bracketed is the number of lexemes from an opening bracket to its partner in the same declaration.
func (p *reader) bracketed(n int) (int, bool) {
	depth := 0
	for i := n; i < n+maxDepth; i++ {
		switch t := p.peek(i); {
		case t.kind == token.LBRACK, t.kind == token.LPAREN, t.kind == token.LBRACE:
			depth++
		case isCloser(t.kind):
			if depth--; depth == 0 {
				return i - n + 1, true
			}
		case t.kind == token.EOF, t.kind == token.COMMA && t.text != ",":
			return 0, false
		}
	}
	return 0, false
}

// fieldValue reads what stands behind a colon: another label, an expression, or nothing yet.
func (p *reader) fieldValue(f *field) {
	t := p.tok()
	if t.line != f.label.line && t.first && t.indent <= p.file.lines.indent(f.label.line) {
		f.value = &value{empty: true, start: f.colon, end: p.file.lines.end(p.file.lines.of(f.colon))}
		return // the value is still to be written, and this is the next field
	}
	if p.depth < maxDepth {
		p.depth++
		next, ok := p.label()
		if ok {
			in := &body{start: f.colon, implicit: true, fields: []*field{next}}
			p.fieldValue(next)
			in.end = next.value.end
			f.value = &value{start: f.colon, end: in.end, structs: []*body{in}}
		}
		p.depth--
		if ok {
			return
		}
	}
	f.value = p.expression(f.label)
	f.value.start = f.colon
}

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

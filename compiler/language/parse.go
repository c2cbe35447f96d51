package language

import "cuelang.org/go/cue/token"

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
		case isCloser(t.kind) && open != nil && p.broken: // it may be meant for something further out
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

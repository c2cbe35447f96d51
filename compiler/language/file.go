package language

import (
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"

	"github.com/penstock-dev/penstock/schema"
)

// File is one file of a package as it reads now, whether or not it parses.
type File struct {
	// Path is whatever the caller knows it by.
	Path string
	Text []byte

	lines   lines
	lexemes []lexeme
	top     *body
	imports map[string]string // by the name used in the file
	pkg     string
}

// Parse reads a file.
func Parse(path string, text []byte) *File {
	f := &File{Path: path, Text: text, lines: newLines(text), lexemes: scan(text), imports: map[string]string{}}
	p := &reader{file: f, toks: f.lexemes}
	p.balance()
	f.top = p.body(nil)
	return f
}

// Package is the name in the package clause.
func (f *File) Package() string { return f.pkg }

// body is what stands between braces; the top of a file is one, and so is what follows the first label of `a: b: c`.
type body struct {
	start, end int
	closed     bool
	// implicit bodies have no braces.
	implicit bool
	fields   []*field
	// parts are bodies that merge into this one: of embeddings and comprehensions.
	parts []*value
	lets  []lexeme
	// words are lone names, such as a label without its colon.
	words []lexeme
}

// field is a label with its value.
type field struct {
	label lexeme
	// key is the plain name; empty for patterns and labels that are computed.
	key string
	// anyKey is set for those: the value stands for every key, or for one that isn't known.
	anyKey bool
	// colon is the offset behind the colon.
	colon int
	value *value
}

// value is an expression, as far as it matters here.
type value struct {
	start, end int
	// empty values are still to be written.
	empty   bool
	structs []*body
	lists   []*list
	// literal is set when the expression is a single lexeme.
	literal *lexeme
	// definition is the schema's definition that the expression names, such as "#Stage".
	definition string
}

type list struct {
	start, end int
	closed     bool
	elems      []*value
}

// reader reads what it can. Where brackets are missing, the indentation says what belongs together.
type reader struct {
	file *File
	toks []lexeme
	at   int
	// broken is set when brackets don't match.
	broken bool
	depth  int
}

// maxDepth bounds nesting: deeper text is skipped.
const maxDepth = 200

func (p *reader) tok() lexeme { return p.toks[p.at] }

func (p *reader) peek(n int) lexeme { return p.toks[min(p.at+n, len(p.toks)-1)] }

func (p *reader) advance() lexeme {
	t := p.toks[p.at]
	if t.kind != token.EOF {
		p.at++
	}
	return t
}

// balance looks whether every bracket has its partner.
func (p *reader) balance() {
	var open []token.Token
	for _, t := range p.toks {
		switch t.kind {
		case token.LBRACE, token.LBRACK, token.LPAREN:
			open = append(open, t.kind)
		case token.RBRACE, token.RBRACK, token.RPAREN:
			if len(open) == 0 || closer(open[len(open)-1]) != t.kind {
				p.broken = true
				return
			}
			open = open[:len(open)-1]
		}
	}
	p.broken = len(open) > 0
}

func closer(t token.Token) token.Token {
	switch t {
	case token.LBRACE:
		return token.RBRACE
	case token.LBRACK:
		return token.RBRACK
	}
	return token.RPAREN
}

func isCloser(t token.Token) bool {
	return t == token.RBRACE || t == token.RBRACK || t == token.RPAREN
}

// importSpec reads what follows `import`.
func (p *reader) importSpec() {
	if p.tok().kind == token.LPAREN {
		for p.advance(); p.tok().kind != token.RPAREN && p.tok().kind != token.EOF; {
			if !p.importOne() {
				return
			}
		}
		p.advance()
		return
	}
	p.importOne()
}

func (p *reader) importOne() bool {
	alias := ""
	if p.tok().kind == token.IDENT && p.peek(1).kind == token.STRING {
		alias = p.advance().text
	}
	switch p.tok().kind {
	case token.STRING:
		path := p.advance().name()
		if alias == "" {
			alias = ast.ParseImportPath(path).Qualifier
		}
		p.file.imports[alias] = path
	case token.COMMA:
		p.advance()
	default:
		return false
	}
	return true
}

// isSchema reports whether a name in the file is the schema's package.
func (f *File) isSchema(name string) bool {
	path, ok := f.imports[name]
	return ok && ast.ParseImportPath(path).Path == schema.ImportPath
}

package decode

import (
	"strconv"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/token"

	"github.com/penstock-dev/penstock/compiler/load"
	"github.com/penstock-dev/penstock/internal/diag"
)

// Limits of following references, so that a pathological package costs time and not the process.
const (
	maxDepth = 64
	maxSteps = 4_000_000
)

// A tracer finds the syntax that wrote a value. It reads the files of a package as CUE does (fields that merge, `&`,
// references, embeddings, comprehensions) without evaluating anything: where evaluation would choose, it keeps all
// candidates.
type tracer struct {
	unit    *load.Unit
	structs map[*ast.StructLit]*fields
	files   map[*build.Instance]*fields
	steps   int
}

func newTracer(u *load.Unit) *tracer {
	return &tracer{unit: u, structs: map[*ast.StructLit]*fields{}, files: map[*build.Instance]*fields{}}
}

// site is one expression that writes a value, or a part of it.
type site struct {
	expr ast.Expr
	// label is what the expression stands behind; nil for elements of lists.
	label ast.Node
	// field is the whole field of label.
	field *ast.Field
	// pkg is the package whose file it is in.
	pkg *build.Instance
	// via is the user's reference that led into a shared module; zero in the user's own files.
	via diag.Range
	// origin is the reference that led here; nil for what stands in the pipeline itself.
	origin ast.Node
	// hops counts references on the way.
	hops int
	// maybe marks what stands in a comprehension or in one arm of a disjunction: it may not have been chosen.
	maybe bool
	// env is what the expression's names refer to.
	env *scope
	// constraint marks optional and required fields, and patterns: they restrict and don't write.
	constraint bool
}

// spot is a value of the pipeline with all the sites that write it.
type spot struct {
	sites []site
	lits  []body
	open  bool // lits are known
	busy  bool // lits are being looked for
	// computed says that lits aren't the whole value: something was calculated, chosen or can't be read.
	computed bool
	settled  bool // CUE has been asked which sites count
}

// scope is a struct literal around an expression, as part of the value that it became there. A name in the literal means the
// field of that whole value: in `(_template & {port: 1}).out` it is the 1 that `port` inside _template stands for.
type scope struct {
	lit   *ast.StructLit
	spot  *spot
	outer *scope
}

// body is a struct or list literal that a site leads to.
type body struct {
	site
	decls *fields
	list  *ast.ListLit
}

func (t *tracer) structFields(x *ast.StructLit) *fields {
	fs, ok := t.structs[x]
	if !ok {
		fs = &fields{}
		readDecls(x.Elts, fs)
		t.structs[x] = fs
	}
	return fs
}

// packageFields is the top level of a package: all its files together.
func (t *tracer) packageFields(pkg *build.Instance) *fields {
	fs, ok := t.files[pkg]
	if !ok {
		fs = &fields{}
		for _, f := range pkg.Files {
			readDecls(f.Decls, fs)
		}
		t.files[pkg] = fs
	}
	return fs
}

// pipeline is the spot of one pipeline of the unit.
func (t *tracer) pipeline(p load.Pipeline) *spot {
	e := expansion{tracer: t}
	fs := t.ownFields()
	here := site{pkg: t.unit.Package}
	for _, emb := range fs.embeds {
		e.site(here.with(emb))
	}
	top := &spot{open: true, lits: append([]body{{site: here, decls: fs}}, e.out...)}
	if p.Key == "" {
		s := t.child(top, "pipeline")
		s.computed = e.computed
		return s
	}
	all := t.child(top, "pipelines")
	t.expand(all)
	s := t.child(all, p.Key)
	s.computed = e.computed || all.computed
	return s
}

// ownFields is the top level of the user's package, without the file that load added.
func (t *tracer) ownFields() *fields {
	fs, ok := t.files[t.unit.Package]
	if !ok {
		fs = &fields{}
		for _, f := range t.unit.Files {
			readDecls(f.Decls, fs)
		}
		t.files[t.unit.Package] = fs
	}
	return fs
}

// child is the spot of a field or map key.
func (t *tracer) child(s *spot, name string) *spot {
	t.expand(s)
	c := &spot{}
	for _, l := range s.lits {
		if l.decls == nil {
			continue
		}
		for _, f := range l.decls.named[name] {
			c.sites = append(c.sites, l.at(f))
		}
		for _, f := range l.decls.dynamic {
			if matches(f.Label, name) {
				d := l.at(f)
				d.maybe = true
				c.sites = append(c.sites, d)
			}
		}
		for _, f := range l.decls.pattern {
			p := l.at(f)
			p.constraint = true
			c.sites = append(c.sites, p)
		}
	}
	return c
}

// element is the spot of a list element. Behind a comprehension the count is not known: all that could be it is kept.
func (t *tracer) element(s *spot, i int) *spot {
	t.expand(s)
	c := &spot{}
	for _, l := range s.lits {
		if l.list == nil {
			continue
		}
		n, certain := 0, true
		for _, e := range l.list.Elts {
			el := l.site
			el.expr, el.label, el.field = e, nil, nil
			switch x := e.(type) {
			case *ast.Ellipsis:
				continue
			case *ast.Comprehension:
				certain = false
				el.maybe = true
				el.expr = x.Value
				c.sites = append(c.sites, el)
				continue
			}
			if certain && n == i || !certain && n <= i {
				el.maybe = el.maybe || !certain
				c.sites = append(c.sites, el)
			}
			n++
		}
	}
	return c
}

// at is the site of a field inside a literal.
func (l body) at(f *ast.Field) site {
	s := l.site
	s.expr, s.label, s.field = f.Value, f.Label, f
	s.constraint = f.Constraint != token.ILLEGAL
	return s
}

// step is the spot of a field or an element, by the text of its selector.
func (t *tracer) step(s *spot, sel string) *spot {
	if n, ok := listIndex(sel); ok && t.isList(s) {
		return t.element(s, n)
	}
	return t.child(s, unquote(sel))
}

func listIndex(sel string) (int, bool) {
	n, err := strconv.Atoi(sel)
	return n, err == nil && n >= 0
}

func (t *tracer) isList(s *spot) bool {
	t.expand(s)
	for _, l := range s.lits {
		if l.list != nil {
			return true
		}
	}
	return false
}

func unquote(sel string) string {
	if len(sel) > 1 && sel[0] == '"' {
		if s, err := strconv.Unquote(sel); err == nil {
			return s
		}
	}
	return sel
}

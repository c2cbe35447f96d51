package load

import (
	"context"
	"io"
	"path/filepath"
	"slices"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"

	"github.com/penstock-dev/penstock/internal/diag"
)

const (
	// MaxFile is how many bytes a CUE file may have: ten times what 5,000 stages take. CUE needs a hundred times as much
	// memory to read a file.
	MaxFile = 16 << 20
	// maxDepth is how deep syntax may nest, operators included. A struct in a struct counts twice, an operand of a long sum
	// once. CUE follows the syntax recursively, and for some of it needs time that grows with the square of the depth.
	maxDepth = 2000
)

// Formats of errors, by which explain knows them.
const (
	deepFormat  = "this is nested more than %d levels deep"
	largeFormat = "the file has more than %d MiB"
	// parserDeep is CUE's own bound, for what it can't even parse.
	parserDeep = "expression exceeds maximum nesting depth of %d"
)

// parseFile reads one file for CUE's loader: the user's own and those of packages that are imported.
func (s *session) parseFile(places Places) func(string, any, parser.Config) (*ast.File, error) {
	return func(name string, src any, cfg parser.Config) (*ast.File, error) {
		if cfg.Mode&parser.ImportsOnly != 0 { // it comes again as a whole
			return parser.ParseFile(name, src, cfg)
		}
		if text, ok := src.([]byte); ok {
			s.opts.Doing.Read(len(text))
			if len(text) > MaxFile {
				return nil, errors.Newf(token.NewFile(name, -1, len(text)).Pos(0, token.NoRelPos), largeFormat, MaxFile>>20)
			}
		}
		defer s.opts.Doing.Begin(diag.Range{File: places.File(name)}, false)()
		f, err := parser.ParseFile(name, src, cfg)
		if err != nil {
			return f, err
		}
		if n := tooDeep(f); n != nil {
			return nil, errors.Newf(n.Pos(), deepFormat, maxDepth)
		}
		if s.opts.Trial != nil && multiplies(f) {
			r := diag.Range{File: places.File(name)}
			s.multiplying.CompareAndSwap(nil, &r)
		}
		return f, nil
	}
}

// tooDeep finds the first node that lies deeper than CUE should follow; nil if there is none.
func tooDeep(f *ast.File) (found ast.Node) {
	depth := 0
	ast.Walk(f, func(n ast.Node) bool {
		if depth++; depth > maxDepth && found == nil {
			found = n
		}
		if found != nil {
			depth-- // no call after it
		}
		return found == nil
	}, func(ast.Node) { depth-- })
	return found
}

// multiplies reports whether a file calls for what makes much of little in one step. All else grows gradually, so that
// whoever watches the memory sees it in time.
func multiplies(f *ast.File) (found bool) {
	ast.Walk(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			name, _, err := ast.LabelName(n.Sel)
			found = found || err == nil && slices.Contains([]string{"Repeat", "Replace", "Lsh", "SetBit"}, name)
		case *ast.BinaryExpr:
			found = found || n.Op == token.MUL && !small(n.X) && !small(n.Y)
		}
		return !found
	}, nil)
	return found
}

// dies asks for the trial of what a file multiplies.
func (s *session) dies(ctx context.Context, at diag.Range) bool {
	defer s.opts.Doing.Begin(at, false)()
	return s.opts.Trial(ctx)
}

// small reports whether an expression is a number of few digits.
func small(e ast.Expr) bool {
	lit, ok := e.(*ast.BasicLit)
	return ok && (lit.Kind == token.INT || lit.Kind == token.FLOAT) && len(lit.Value) <= 3
}

// tooLarge says in which words a bound on files was passed, and reports whether one was.
func (x *explainer) tooLarge(e errors.Error) bool {
	format, args := e.Msg()
	switch format {
	case deepFormat, parserDeep:
		if x.broken[e.Position().Filename()] {
			return true
		}
		x.broken[e.Position().Filename()] = true
		x.out.Errorf("too-deep", x.places.At(e.Position()), "", deepFormat, args...).Hint = "give the inner parts names of their own"
	case largeFormat:
		r := diag.Range{File: x.places.File(e.Position().Filename())}
		x.out.Errorf("file-too-large", r, "", largeFormat, args...).Hint = "split it: files of one package are one pipeline"
	default:
		return false
	}
	return true
}

// readStdin reads standard input, and no more of it than shows that it is too large.
func readStdin(r io.Reader) ([]byte, error) { return io.ReadAll(io.LimitReader(r, MaxFile+1)) }

// whereabouts is how a bound that an evaluation passes names a package: its file, or its directory where it has several.
func whereabouts(inst *build.Instance, places Places) diag.Range {
	if len(inst.BuildFiles) == 1 {
		return diag.Range{File: places.File(inst.BuildFiles[0].Filename)}
	}
	return diag.Range{File: places.File(inst.Dir)}
}

// around is how a bound that loading passes names a group: its module file, or the directory.
func (s *session) around(g group) diag.Range {
	places := Places{cwd: s.cwd, root: g.root}
	if r := g.reqs[0]; len(r.files) == 1 {
		return diag.Range{File: places.File(r.files[0])}
	}
	if mod := filepath.Join(g.root, "cue.mod", "module.cue"); s.disk.isFile(mod) {
		return diag.Range{File: places.File(mod)}
	}
	return diag.Range{File: places.File(g.root)}
}

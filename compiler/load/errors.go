package load

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/load"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"

	"github.com/penstock-dev/penstock/internal/diag"
	"github.com/penstock-dev/penstock/internal/names"
	"github.com/penstock-dev/penstock/schema"
)

// explainer turns what CUE says about a package that can't be read or compiled into diagnostics.
type explainer struct {
	inst   *build.Instance
	places Places
	disk   *disk
	stdin  []byte
	broken map[string]bool // files with a syntax error
	meant  []string        // the names that misspelt ones most likely stand for
	out    diag.List
}

func (s *session) translate(inst *build.Instance, err errors.Error, places Places) diag.List {
	x := &explainer{inst: inst, places: places, disk: s.disk, stdin: s.stdin, broken: map[string]bool{}}
	for _, e := range errors.Errors(err) {
		x.explain(e)
	}
	return x.usedUnderAnotherName(x.out).Normalize()
}

// usedUnderAnotherName drops what is called unused only because its use is misspelt.
func (x *explainer) usedUnderAnotherName(l diag.List) diag.List {
	return slices.DeleteFunc(l, func(d diag.Diagnostic) bool {
		if d.Code != "unused-let" && d.Code != "unused-import" {
			return false
		}
		name, _, _ := strings.Cut(d.Message, " ")
		if p, err := strconv.Unquote(name); err == nil {
			name = ast.ParseImportPath(p).Qualifier
		}
		return slices.ContainsFunc(x.meant, func(m string) bool { return m == name })
	})
}

func (x *explainer) explain(e errors.Error) {
	format, args := e.Msg()
	var none *load.NoFilesError
	switch {
	case x.tooLarge(e):
	case errors.As(e, &none):
		x.noFiles(none)
	case format == "import failed":
		x.importFailed(e)
	case format == "builtin package %q undefined", strings.HasPrefix(format, "package %q imported but not defined"):
		x.unknownPackage(e.Position(), fmt.Sprint(args[0]), "")
	case strings.HasPrefix(format, "imported and not used"):
		x.unusedImport(e.Position(), args)
	case format == "reference %q not found":
		x.unknownReference(e.Position(), fmt.Sprint(args[0]))
	case strings.HasPrefix(format, "unreferenced alias or let clause"):
		x.out.Errorf("unused-let", x.token(e.Position()), "", "%s is never used", args[0]).Hint = "remove it"
	case strings.HasPrefix(format, "%s redeclared as imported package name") && x.importedTwice(e.Position()):
		x.out.Errorf("unused-import", x.token(e.Position()), "", "%s is imported twice", args[0]).Hint = "remove one of the imports"
	case strings.HasPrefix(format, "%s redeclared as imported package name"):
		x.out.Errorf("conflict", x.token(e.Position()), "", "the field %s has the name of an imported package", args[0]).
			Hint = "rename the field, or import the package under another name: import other \"…\""
	case x.inModuleFile(e):
		x.badModule(e)
	case e.Position().IsValid() && x.unparsable(e.Position().Filename()):
		x.syntax(e)
	case e.Position().IsValid():
		x.out.Errorf("bad-declaration", x.token(e.Position()), "", "%s", plain(e))
	case strings.Contains(e.Error(), "cannot find package"):
		x.out.Errorf("unknown-package", diag.Range{}, "", "%s", plain(e))
	default:
		x.badModule(e)
	}
}

// unparsable reports whether a file can't be read as CUE at all.
func (x *explainer) unparsable(file string) bool {
	_, err := parser.ParseFile(file, x.source(file))
	return err != nil
}

// plain is an error's message on one line, without positions, and with that of the error it wraps.
func plain(err error) string {
	msg := ""
	var e errors.Error
	if errors.As(err, &e) {
		format, args := e.Msg()
		msg = firstLine(fmt.Sprintf(format, args...))
	}
	if msg == "" {
		return firstLine(err.Error())
	}
	if in := errors.Unwrap(e); in != nil {
		if more := plain(in); more != msg {
			msg += ": " + more
		}
	}
	return msg
}

// noFiles says why a directory is no package.
func (x *explainer) noFiles(e *load.NoFilesError) {
	dir := x.places.File(x.inst.Dir)
	ignored := slices.ContainsFunc(e.Package.IgnoredFiles, func(f *build.File) bool { return isSource(path.Base(f.Filename)) })
	d := x.out.Errorf("no-pipeline", diag.Range{File: dir}, "", "no CUE files in %s", dir)
	if ignored {
		d.Message = "all CUE files in " + dir + " are left out by their @if conditions"
		d.Hint = "give the tags that they ask for"
	}
}

// token is the range of the syntax that starts at pos.
func (x *explainer) token(pos token.Pos) diag.Range {
	r := x.places.At(pos)
	x.walk(pos, func(n ast.Node, _ []ast.Node) {
		switch n := n.(type) {
		case *ast.Ident, *ast.BasicLit:
			r = x.places.Node(n)
		case *ast.LetClause:
			r = x.places.Node(n.Ident)
		}
	})
	return r
}

// walk calls f for each node that starts at pos, with the nodes around it.
func (x *explainer) walk(pos token.Pos, f func(n ast.Node, around []ast.Node)) {
	for _, file := range x.files() {
		if file.Filename != pos.Filename() {
			continue
		}
		var around []ast.Node
		ast.Walk(file, func(n ast.Node) bool {
			if n.Pos().IsValid() && n.Pos().Offset() == pos.Offset() {
				f(n, around)
			}
			around = append(around, n)
			return true
		}, func(ast.Node) { around = around[:len(around)-1] })
	}
}

// files are the files of the package and of all it imports.
func (x *explainer) files() []*ast.File {
	all := slices.Clone(x.inst.Files)
	for _, p := range x.inst.Dependencies() {
		all = append(all, p.Files...)
	}
	return all
}

func (x *explainer) source(file string) []byte {
	if file == "-" {
		return x.stdin
	}
	src, err := x.disk.read(file)
	if err != nil {
		return nil
	}
	return src
}

func (x *explainer) unusedImport(pos token.Pos, args []any) {
	quoted := fmt.Sprint(args[0])
	x.out.Errorf("unused-import", x.token(pos), "", "%s is imported and never used", quoted).Hint = "remove the import"
}

// importFailed explains an import whose package is not there, or has errors of its own.
func (x *explainer) importFailed(e errors.Error) {
	inner := errors.Unwrap(e)
	text := ""
	if inner != nil {
		text = inner.Error()
	}
	name := x.importAt(e.Position())
	var none *load.NoFilesError
	switch {
	case x.otherName(e.Position(), name):
	case strings.Contains(text, "import cycle"):
		x.out.Errorf("import-cycle", x.token(e.Position()), "", "%q imports itself in a circle", name)
	case errors.As(inner, &none) || strings.Contains(text, "cannot find ") || strings.Contains(text, "cannot fetch ") || strings.Contains(text, "no files"):
		x.unknownPackage(e.Position(), name, text)
	default:
		for _, sub := range errors.Errors(inner) {
			if sub.Position().IsValid() && sub.Position() != e.Position() {
				x.explain(sub)
				return
			}
		}
		x.out.Errorf("unknown-package", x.token(e.Position()), "", "%q can't be imported: %s", name, plain(inner))
	}
}

// importAt is the path of the import that starts at pos.
func (x *explainer) importAt(pos token.Pos) string {
	name := ""
	x.walk(pos, func(n ast.Node, _ []ast.Node) {
		if spec, ok := n.(*ast.ImportSpec); ok {
			name, _ = strconv.Unquote(spec.Path.Value)
		}
	})
	return name
}

// sameHost reports whether two import paths begin with nearly the same word: example.com and its packages are near to every
// other path of example.com by the number of letters alone.
func sameHost(a, b string) bool {
	a, _, _ = strings.Cut(strings.ReplaceAll(a, ".", "/"), "/")
	b, _, _ = strings.Cut(strings.ReplaceAll(b, ".", "/"), "/")
	_, near := names.Nearest(a, []string{b})
	return a == b || near
}

func (x *explainer) unknownPackage(pos token.Pos, name, why string) {
	r := x.token(pos)
	d := x.out.Errorf("unknown-package", r, "", "there is no package %q", name)
	known := append(x.knownPackages(), standard()...)
	if near, ok := names.Nearest(name, known); ok && sameHost(name, near) {
		d.Hint = fmt.Sprintf("did you mean %q?", near)
		return
	}
	if first, _, _ := strings.Cut(name, "/"); strings.Contains(first, ".") {
		d.Hint = "penstock looks in cue.mod/pkg and in CUE's module cache, never on the network: vendor the module or run `cue mod get` once"
	}
}

// unknownReference explains a name that nothing declares.
func (x *explainer) unknownReference(pos token.Pos, name string) {
	d := x.out.Errorf("unknown-reference", x.token(pos), "", "nothing is called %q here", name)
	if word := strings.ToLower(name); word != name && slices.Contains([]string{"true", "false", "null"}, word) {
		d.Hint = fmt.Sprintf("did you mean %s?", word)
		return
	}
	for _, p := range append(standard(), schema.ImportPath) {
		if path.Base(p) == name {
			d.Message = fmt.Sprintf("package %q is used and not imported", name)
			d.Hint = fmt.Sprintf("add: import %q", p)
			if as := x.importedAs(pos, p); as != "" {
				d.Message, d.Hint = fmt.Sprintf("package %q is used under another name than it is imported", name), fmt.Sprintf("it is imported as %s", as)
				x.meant = append(x.meant, name)
			}
			return
		}
	}
	if near, ok := names.Nearest(name, x.inScope(pos)); ok {
		x.meant = append(x.meant, near)
		d.Hint = fmt.Sprintf("did you mean %q?", near)
		return
	}
	d.Hint = x.elsewhere(pos, name)
	if d.Hint == "" && x.wholeValue(pos) {
		d.Hint = fmt.Sprintf("write %q if it is a text", name)
	}
}

package load

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"

	"github.com/penstock-dev/penstock/internal/names"
)

// neighbours are the readable CUE files of a directory, in the order of their names.
func (x *explainer) neighbours(dir string) []*ast.File {
	list, err := x.disk.names(dir)
	if err != nil {
		return nil
	}
	slices.Sort(list)
	var out []*ast.File
	for _, name := range list {
		file := filepath.Join(dir, name)
		if !isSource(name) || !x.disk.isFile(file) {
			continue
		}
		if f, err := parser.ParseFile(file, x.source(file)); err == nil {
			out = append(out, f)
		}
	}
	return out
}

// elsewhere says that a name is declared in a file beside, which belongs to another package or to none.
func (x *explainer) elsewhere(pos token.Pos, name string) string {
	if pos.Filename() == "-" || x.inst.Dir == "" {
		return ""
	}
	for _, f := range x.neighbours(filepath.Dir(pos.Filename())) {
		if f.PackageName() == x.inst.PkgName || !slices.Contains(declared(f.Decls), name) {
			continue
		}
		file := x.places.File(f.Filename)
		if f.PackageName() == "" {
			return fmt.Sprintf("%s declares it, and belongs to no package: begin it with \"package %s\"", file, x.inst.PkgName)
		}
		return fmt.Sprintf("%s declares it, and belongs to package %q", file, f.PackageName())
	}
	return ""
}

// wholeValue reports whether the name at pos is all that stands behind a label or as an element.
func (x *explainer) wholeValue(pos token.Pos) bool {
	whole := false
	x.walk(pos, func(n ast.Node, around []ast.Node) {
		id, ok := n.(*ast.Ident)
		if !ok || len(around) == 0 {
			return
		}
		switch up := around[len(around)-1].(type) {
		case *ast.Field:
			whole = up.Value == id
		case *ast.ListLit:
			whole = true
		}
	})
	return whole
}

// otherName explains an import of a directory whose package has another name than the directory, or of one that is named
// by its path on disk.
func (x *explainer) otherName(pos token.Pos, name string) bool {
	module, _, _ := strings.Cut(x.inst.Module, "@")
	if module == "" {
		return false
	}
	if rel, ok := strings.CutPrefix(name, "./"); ok {
		d := x.out.Errorf("unknown-package", x.token(pos), "", "%q can't be imported: an import names the module, not a directory", name)
		d.Hint = fmt.Sprintf("write %q", path.Join(module, rel))
		return true
	}
	rel, ok := strings.CutPrefix(name, module+"/")
	if !ok || strings.Contains(rel, ":") {
		return false
	}
	var known []string
	for _, f := range x.neighbours(filepath.Join(x.places.root, filepath.FromSlash(rel))) {
		if f.PackageName() != "" {
			known = append(known, f.PackageName())
		}
	}
	slices.Sort(known)
	if known = slices.Compact(known); len(known) == 0 || slices.Contains(known, path.Base(rel)) {
		return false
	}
	d := x.out.Errorf("unknown-package", x.token(pos), "", "the package in %s is called %q", rel, known[0])
	d.Hint = fmt.Sprintf("import %q, or rename it", name+":"+known[0])
	return true
}

// strays reports files that were meant for the package beside them and name it wrongly: what they say is then neither a
// whole pipeline nor part of the other. Both packages are left out.
func (s *session) strays(res *result) map[*pkg]bool {
	out := map[*pkg]bool{}
	for _, p := range res.packages {
		if len(res.packages) < 2 || p.unit == nil || p.whole {
			continue
		}
		for _, o := range res.packages {
			if o == p || o.unit == nil || len(o.unit.Pipelines) == 0 || !o.whole {
				continue
			}
			if _, near := names.Nearest(p.inst.PkgName, []string{o.inst.PkgName}); !near {
				continue
			}
			d := s.diags.Errorf("unknown-package", firstPlace(p.inst, p.places), "", "package %q stands beside package %q and has no whole pipeline", p.inst.PkgName, o.inst.PkgName)
			d.Hint = fmt.Sprintf("did you mean %q?", o.inst.PkgName)
			out[p], out[o] = true, true
		}
	}
	return out
}

// whole reports whether the pipelines of a unit have what every pipeline has.
func whole(u *Unit) bool {
	return !slices.ContainsFunc(u.Pipelines, func(p Pipeline) bool {
		v := u.Value.LookupPath(p.Path)
		return !v.LookupPath(cue.MakePath(cue.Str("name"))).Exists() || !v.LookupPath(cue.MakePath(cue.Str("stages"))).Exists()
	})
}

// importedTwice reports whether a file imports a path a second time.
func (x *explainer) importedTwice(pos token.Pos) bool {
	seen := map[string]int{}
	for _, f := range x.files() {
		if f.Filename == pos.Filename() {
			for spec := range f.ImportSpecs() {
				seen[spec.Path.Value]++
			}
		}
	}
	return slices.ContainsFunc(names.Sorted(seen), func(p string) bool { return seen[p] > 1 })
}

// importedAs is the name that a file gives to the package of a path; empty when it isn't imported under another name.
func (x *explainer) importedAs(pos token.Pos, path string) string {
	for _, f := range x.files() {
		if f.Filename != pos.Filename() {
			continue
		}
		for spec := range f.ImportSpecs() {
			if spec.Name != nil && spec.Path.Value == fmt.Sprintf("%q", path) {
				return spec.Name.Name
			}
		}
	}
	return ""
}

package decode

import (
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/literal"

	"github.com/penstock-dev/penstock/compiler/load"
	"github.com/penstock-dev/penstock/internal/diag"
)

// mark remembers a field that carries @deprecated, with what the attribute says.
func (x *explainer) mark(f *ast.Field) {
	for _, a := range f.Attrs {
		if key, body := a.Split(); key == "deprecated" {
			if x.marked == nil {
				x.marked = map[*ast.Field]string{}
			}
			x.marked[f] = advice(body)
		}
	}
}

// advice is the text of an attribute: @deprecated("use scale") or @deprecated(use scale).
func advice(body string) string {
	if text, err := literal.Unquote(strings.TrimSpace(body)); err == nil {
		return text
	}
	return strings.TrimSpace(body)
}

// deprecated reports fields that the user sets and that a definition behind the pipeline marks as deprecated. It goes as deep
// as the user's own text does, and nowhere when nothing is marked.
func (x *explainer) deprecated() {
	if len(x.marked) > 0 && !x.out.HasErrors() {
		x.deprecatedIn(nil, x.root)
	}
}

func (x *explainer) deprecatedIn(path []string, s *spot) {
	x.expand(s)
	if len(path) > maxDepth {
		return
	}
	seen := map[string]bool{}
	for _, l := range s.lits {
		if l.decls == nil {
			continue
		}
		for _, name := range l.decls.order {
			if name == "" || name[0] == '_' || seen[name] {
				continue
			}
			seen[name] = true
			x.outdated(append(slices.Clone(path), name), x.child(s, name))
		}
	}
	if x.isList(s) {
		for i := range x.length(s) {
			x.outdated(append(slices.Clone(path), strconv.Itoa(i)), x.element(s, i))
		}
	}
}

// outdated looks at a spot, and below it, when the user writes it.
func (x *explainer) outdated(path []string, s *spot) {
	own := slices.IndexFunc(s.sites, x.wrote)
	if own < 0 {
		return
	}
	for _, st := range s.sites {
		text, is := x.marked[st.field]
		if !is || s.sites[own].label == nil {
			continue
		}
		d := x.out.Warnf("deprecated", x.unit.Places.Node(s.sites[own].label), definitionPath(path), "%q is deprecated", path[len(path)-1])
		d.Hint = text
		d.Related = []diag.Related{{Range: x.unit.Places.Node(st.label), Message: "it is marked here"}}
		break
	}
	x.deprecatedIn(path, s)
}

// wrote reports whether a site is the user's own value, and certain to be one.
func (x *explainer) wrote(s site) bool {
	_, marked := x.marked[s.field]
	return !marked && !s.constraint && !s.maybe && x.owner(s) == load.Own
}

package decode

import (
	"fmt"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"

	"github.com/penstock-dev/penstock/compiler/load"
	"github.com/penstock-dev/penstock/internal/diag"
)

// collections are the maps of a pipeline in which a name that is defined twice is a mistake.
func collections() []string {
	return []string{"artifacts", "slos", "environments", "workloads", "stages"}
}

// duplicates reports names that the user's own package defines twice by a block in braces. CUE merges the two in
// silence when they agree. Adding to what a shared module or another definition gives is fine, and so is the short form
// `stages: build: timeout: "5m"`.
func (x *explainer) duplicates() {
	for _, kind := range collections() {
		all := x.child(x.root, kind)
		for _, name := range x.keys(all) {
			var blocks []site
			for _, s := range x.child(all, name).sites {
				if s.origin == nil && !s.maybe && !s.constraint && s.label != nil && x.owner(s) == load.Own && block(s.expr) {
					blocks = append(blocks, s)
				}
			}
			if len(blocks) < 2 {
				continue
			}
			blocks = sortSites(blocks)
			path := []string{kind, name}
			for _, b := range blocks[1:] {
				rel := []diag.Related{{Range: x.unit.Places.Node(blocks[0].label), Message: "first defined here"}}
				msg := fmt.Sprintf("%s %q is defined twice", singular(kind), name)
				x.add("duplicate-definition", x.unit.Places.Node(b.label), path, msg, "CUE merges the two: give one another name, or join them", rel)
			}
			x.spoil(path)
		}
	}
}

// block reports whether an expression is a struct in braces that isn't empty, or a unification with one.
func block(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.StructLit:
		return e.Lbrace.IsValid() && len(e.Elts) > 0
	case *ast.ParenExpr:
		return block(e.X)
	case *ast.BinaryExpr:
		return e.Op == token.AND && (block(e.X) || block(e.Y))
	}
	return false
}

// singular is what one entry of a collection is called.
func singular(kind string) string {
	if kind == "slos" {
		return "SLO"
	}
	return kind[:len(kind)-1]
}

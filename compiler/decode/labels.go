package decode

import (
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"
)

// fields is the content of a struct literal or of a package, by label.
type fields struct {
	named   map[string][]*ast.Field
	order   []string     // the keys of named, as they are met
	dynamic []*ast.Field // (x): and "\(x)":
	pattern []*ast.Field // [x]:
	embeds  []ast.Expr
}

func readDecls(decls []ast.Decl, into *fields) {
	for _, d := range decls {
		switch d := d.(type) {
		case *ast.Field:
			into.add(d)
		case *ast.EmbedDecl:
			into.embeds = append(into.embeds, d.Expr)
		case *ast.Comprehension:
			into.embeds = append(into.embeds, d)
		}
	}
}

func (fs *fields) add(f *ast.Field) {
	label := f.Label
	if a, ok := label.(*ast.Alias); ok {
		l, ok := a.Expr.(ast.Label)
		if !ok {
			return
		}
		label = l
	}
	switch l := label.(type) {
	case *ast.ListLit:
		fs.pattern = append(fs.pattern, f)
		return
	case *ast.ParenExpr:
		if lit, ok := l.X.(*ast.BasicLit); !ok || lit.Kind != token.STRING {
			fs.dynamic = append(fs.dynamic, f)
			return
		}
	case *ast.Interpolation:
		fs.dynamic = append(fs.dynamic, f)
		return
	}
	name, ident, err := ast.LabelName(label)
	if err != nil || !ident && (name == "" || name[0] == '#' || name[0] == '_') {
		fs.dynamic = append(fs.dynamic, f) // the second kind only looks like a definition or a hidden field
		return
	}
	if fs.named == nil {
		fs.named = map[string][]*ast.Field{}
	}
	if fs.named[name] == nil {
		fs.order = append(fs.order, name)
	}
	fs.named[name] = append(fs.named[name], f)
}

// matches reports whether a computed label can come out as name.
func matches(label ast.Label, name string) bool {
	if a, ok := label.(*ast.Alias); ok {
		l, ok := a.Expr.(ast.Label)
		return ok && matches(l, name)
	}
	if _, ok := label.(*ast.BasicLit); ok {
		got, _, err := ast.LabelName(label)
		return err == nil && got == name
	}
	x, ok := label.(*ast.Interpolation)
	if !ok || len(x.Elts) < 2 {
		return true
	}
	head, ok1 := fixedPart(x.Elts[0])
	tail, ok2 := fixedPart(x.Elts[len(x.Elts)-1])
	if !ok1 || !ok2 {
		return true
	}
	return len(name) >= len(head)+len(tail) && name[:len(head)] == head && name[len(name)-len(tail):] == tail
}

// fixedPart is the text of one end of an interpolation, when it is plain.
func fixedPart(x ast.Expr) (string, bool) {
	lit, ok := x.(*ast.BasicLit)
	if !ok {
		return "", false
	}
	text := lit.Value
	if len(text) > 0 && text[0] == '"' || len(text) > 0 && text[0] == ')' {
		text = text[1:]
	}
	if n := len(text); n >= 2 && text[n-2:] == `\(` {
		text = text[:n-2]
	} else if n > 0 && text[n-1] == '"' {
		text = text[:n-1]
	}
	for i := range len(text) {
		if text[i] == '\\' || text[i] == '#' {
			return "", false
		}
	}
	return text, true
}

package decode

import (
	"fmt"
	"reflect"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/format"
	"cuelang.org/go/cue/token"

	"github.com/penstock-dev/penstock/schema"
)

// plainText is what a string is called.
const plainText = "a text in quotes"

// wanted says in words what a type accepts.
func wanted(t reflect.Type) string {
	t = deref(t)
	switch t {
	case reflect.TypeFor[schema.Duration]():
		return `a duration such as "10m"`
	case reflect.TypeFor[schema.Date]():
		return `a date such as "2026-12-31"`
	case reflect.TypeFor[schema.Timezone]():
		return `a time zone such as "Europe/Berlin"`
	case reflect.TypeFor[schema.Principal]():
		return `"group:NAME" or "user:NAME"`
	case reflect.TypeFor[schema.StageName]():
		return "the name of a stage"
	case reflect.TypeFor[schema.EnvName]():
		return "the name of an environment"
	case reflect.TypeFor[schema.WorkloadName]():
		return "the name of a workload"
	case reflect.TypeFor[schema.ArtifactName]():
		return "the name of an artifact"
	case reflect.TypeFor[schema.SLOName]():
		return "the name of an SLO"
	case reflect.TypeFor[schema.VariableName]():
		return "the name of a variable"
	}
	switch t.Kind() {
	case reflect.String:
		return plainText
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.Slice:
		return "a list"
	case reflect.Map:
		return "a struct of names and what they stand for"
	case reflect.Struct:
		return "a struct"
	}
	return "something else"
}

// wantedHint shows how the right type is written, given the syntax of the wrong one.
func wantedHint(t reflect.Type, x ast.Expr) string {
	t = deref(t)
	lit, scalar := x.(*ast.BasicLit)
	switch t.Kind() {
	case reflect.Slice:
		if scalar && lit.Kind == token.STRING {
			return "write [" + lit.Value + "]"
		}
		if _, ok := x.(*ast.StructLit); ok && deref(t.Elem()).Kind() == reflect.Struct {
			return "put it into brackets: [{…}]"
		}
		return "a list is written [first, second]"
	case reflect.Struct:
		if scalar && t == reflect.TypeFor[schema.Step]() {
			if n := strings.Trim(lit.Value, `"%`); numeric(n) {
				return "write {weight: " + n + "}"
			}
		}
		if known := fieldNames(t); len(known) == 1 {
			return "its field is " + known[0]
		}
		return "its fields are " + enumerate(fieldNames(t))
	case reflect.Int, reflect.Int64, reflect.Float64:
		if s, ok := text(x); ok && numeric(strings.TrimSuffix(s, "%")) {
			return "write " + strings.TrimSuffix(s, "%") + " without quotes"
		}
		if whole, zero, ok := strings.Cut(found(x), "."); ok && strings.Trim(zero, "0") == "" {
			return "write " + strings.TrimPrefix(whole, "the number ")
		}
	case reflect.Bool:
		if s, ok := text(x); ok && (s == "true" || s == "false") {
			return "write " + s + " without quotes"
		}
	case reflect.String:
		if scalar && strings.HasPrefix(lit.Value, "'") {
			return "write it in double quotes"
		}
		if t != reflect.TypeFor[schema.Duration]() && scalar && lit.Kind != token.STRING && lit.Kind != token.NULL {
			return fmt.Sprintf("write %q", lit.Value)
		}
	}
	return ""
}

// text is the content of a plain string literal.
func text(x ast.Expr) (string, bool) {
	lit, ok := x.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING || len(lit.Value) < 2 || lit.Value[0] != '"' || strings.ContainsAny(lit.Value, "\\\n") {
		return "", false
	}
	return strings.Trim(lit.Value, `"`), true
}

func numeric(s string) bool {
	return s != "" && strings.Trim(s, "0123456789.") == "" && strings.Count(s, ".") < 2
}

// found says in words what an expression is.
func found(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.BasicLit:
		switch x.Kind {
		case token.STRING:
			if strings.HasPrefix(x.Value, "'") {
				return "the bytes " + shorten(x.Value)
			}
			return "the text " + shorten(x.Value)
		case token.INT, token.FLOAT:
			return "the number " + x.Value
		case token.NULL, token.TRUE, token.FALSE:
			return x.Value
		}
	case *ast.StructLit, *ast.Comprehension:
		return "a struct"
	case *ast.ListLit:
		return "a list"
	case *ast.UnaryExpr:
		if lit, ok := x.X.(*ast.BasicLit); ok {
			return "the number " + x.Op.String() + lit.Value
		}
	case *ast.Interpolation:
		return "a text"
	case *ast.BottomLit:
		return "an error"
	}
	if b, err := format.Node(x); err == nil {
		return "what " + shorten(string(b)) + " is"
	}
	return "what is written here"
}

// bare is found without the kind, for messages that have named the kind already.
func bare(x ast.Expr) string {
	switch lit := x.(type) {
	case *ast.BasicLit:
		return shorten(lit.Value)
	}
	s := found(x)
	return strings.TrimPrefix(s, "the number ")
}

// Bytes of the user's text and of CUE's that a message repeats.
const (
	longestValue = 60
	longestText  = 140
)

func shorten(s string) string { return cut(s, longestValue) }

func trim(s string) string { return cut(s, longestText) }

// cut is s on one line and no longer than that many bytes.
func cut(s string, longest int) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) <= longest {
		return s
	}
	cut := longest
	for cut > 0 && s[cut]&0xc0 == 0x80 {
		cut--
	}
	return s[:cut] + "…"
}

// kindOf is the kind of Go value that a literal decodes to; Invalid for expressions that must be evaluated first.
func kindOf(x ast.Expr) reflect.Kind {
	switch x := x.(type) {
	case *ast.BasicLit:
		switch x.Kind {
		case token.STRING:
			if strings.HasPrefix(x.Value, "'") {
				return reflect.Array // bytes: nothing of the language
			}
			return reflect.String
		case token.INT:
			return reflect.Int
		case token.FLOAT:
			return reflect.Float64
		case token.TRUE, token.FALSE:
			return reflect.Bool
		case token.NULL:
			return reflect.UnsafePointer
		}
	case *ast.StructLit:
		return reflect.Struct
	case *ast.ListLit:
		return reflect.Slice
	case *ast.UnaryExpr:
		return kindOf(x.X)
	case *ast.Interpolation:
		return reflect.String
	}
	return reflect.Invalid
}

// fits reports whether a literal of a kind can be a value of a type; unknown kinds do.
func fits(k reflect.Kind, t reflect.Type) bool {
	want := deref(t).Kind()
	switch k {
	case reflect.Invalid:
		return true
	case reflect.Int:
		return want == reflect.Int || want == reflect.Int64 || want == reflect.Float64 || want == reflect.Interface
	case reflect.Struct:
		return want == reflect.Struct || want == reflect.Map || want == reflect.Interface
	}
	return want == k || want == reflect.Interface
}

// enumerate joins names for reading: "a, b and c".
func enumerate(names []string) string {
	switch len(names) {
	case 0:
		return ""
	case 1:
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// kindWords says in words what CUE calls a kind; several are joined by "|".
func kindWords(kind string) string {
	words := make([]string, 0, 2)
	for k := range strings.SplitSeq(strings.Trim(kind, "()"), "|") {
		switch strings.TrimSpace(k) {
		case "string":
			words = append(words, plainText)
		case "int":
			words = append(words, "a whole number")
		case "number", "float":
			words = append(words, "a number")
		case "bool":
			words = append(words, "true or false")
		case "list":
			words = append(words, "a list")
		case "struct":
			words = append(words, "a struct")
		default:
			words = append(words, strings.TrimSpace(k))
		}
	}
	return strings.Join(words, " or ")
}

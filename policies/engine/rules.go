package engine

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/penstock-dev/penstock/internal/diag"
)

// Rule describes one policy: a Rego package that adds to deny, warn or info.
type Rule struct {
	// Code names it in results and waivers: the annotation custom.code, or the last part of the package's name.
	Code string `json:"code"`
	// Package is the Rego package, without "data.".
	Package string `json:"package"`
	Title   string `json:"title"`
	// Description is a short paragraph.
	Description string `json:"description"`
	// Severities are the partial sets it adds to, most severe first.
	Severities []Severity `json:"severities"`
	// Waivable says whether a waiver can excuse it.
	Waivable bool `json:"waivable"`
	// Fix says what to do about a result, Waive what a waiver should say.
	Fix   string `json:"fix"`
	Waive string `json:"waive"`
	// File is where it is defined; Shipped says that it comes with penstock.
	File    string `json:"file"`
	Shipped bool   `json:"shipped"`
}

// reserved is the package under which only shipped rules stand.
const reserved = "data.penstock"

// describe reads the rules of the modules from their annotations, in the order of their codes.
func describe(s *sources, modules map[string]*ast.Module) ([]Rule, diag.List) {
	var list diag.List
	var rules []Rule
	byPackage := map[string]string{}
	for _, file := range s.shippedFirst(modules) {
		m := modules[file]
		pkg := m.Package.Path.String()
		at := location(m.Package.Location)
		if !s.shipped[file] && (pkg == reserved || strings.HasPrefix(pkg, reserved+".")) {
			list.Errorf(CodeTaken, at, "", "package %s: names under penstock belong to the rules that come with penstock", trimData(pkg))
			continue
		}
		r, ok := describeModule(&list, file, m)
		if !ok {
			continue
		}
		if first, taken := byPackage[pkg]; taken {
			list.Errorf(CodeTaken, at, "", "package %s already holds a rule in %s: one rule, one package, one file", r.Package, first)
			continue
		}
		byPackage[pkg] = file
		r.Shipped = s.shipped[file]
		if i := slices.IndexFunc(rules, func(o Rule) bool { return o.Code == r.Code }); i >= 0 {
			list.Errorf(CodeTaken, at, "", "the code %q is taken by %s", r.Code, rules[i].File)
			continue
		}
		rules = append(rules, r)
	}
	slices.SortFunc(rules, func(a, b Rule) int { return strings.Compare(a.Code, b.Code) })
	return rules, list
}

// describeModule describes the rule of one file; a file without deny, warn and info holds none.
func describeModule(list *diag.List, file string, m *ast.Module) (Rule, bool) {
	name := string(m.Package.Path[len(m.Package.Path)-1].Value.(ast.String))
	r := Rule{
		Code: strings.ReplaceAll(name, "_", "-"), File: file, Waivable: true,
		Package: trimData(m.Package.Path.String()),
	}
	for _, severity := range severities() {
		if defines(list, m, string(severity)) {
			r.Severities = append(r.Severities, severity)
		}
	}
	if len(r.Severities) == 0 {
		return Rule{}, false
	}
	for _, a := range m.Annotations {
		if a.Scope == "package" {
			r.annotate(list, a)
		}
	}
	if !isCode(r.Code) {
		list.Errorf(CodeBroken, location(m.Package.Location), "", "the code %q could not be waived: a code is small letters, digits, \"-\", \".\" and \"/\"", r.Code)
	}
	if r.Title == "" {
		r.Title = r.Code
	}
	return r, true
}

// defines reports whether the module adds to the partial set; anything else of that name is an error.
func defines(list *diag.List, m *ast.Module, set string) bool {
	found := false
	for _, rule := range m.Rules {
		if rule.Head.Ref()[0].Value.Compare(ast.Var(set)) != 0 {
			continue
		}
		found = true
		if rule.Head.RuleKind() != ast.MultiValue || len(rule.Head.Ref()) != 1 {
			list.Errorf(CodeBroken, location(rule.Location), "", "%s is not a set of messages: write `%s contains message if { … }`", set, set)
		}
	}
	return found
}

// annotate takes over what the metadata of the package says.
func (r *Rule) annotate(list *diag.List, a *ast.Annotations) {
	r.Title, r.Description = a.Title, strings.TrimSpace(a.Description)
	for _, key := range sortedKeys(a.Custom) {
		var ok bool
		switch value := a.Custom[key]; key {
		case "code":
			ok = setText(&r.Code, value)
		case "fix":
			ok = setText(&r.Fix, value)
		case "waive":
			ok = setText(&r.Waive, value)
		case "waivable":
			r.Waivable, ok = value.(bool)
		case "severity":
			var s string
			ok = setText(&s, value) && Severity(s) == r.Severities[0]
		default:
			ok = true // annotations of other tools
		}
		if !ok {
			list.Errorf(CodeBroken, location(a.Location), "", "annotation custom.%s: %v does not fit", key, a.Custom[key])
		}
	}
}

func setText(to *string, value any) bool {
	s, ok := value.(string)
	if ok {
		*to = strings.TrimSpace(s)
	}
	return ok && *to != ""
}

func location(at *ast.Location) diag.Range {
	if at == nil {
		return diag.Range{}
	}
	return diag.Range{File: at.File, Start: diag.Position{Line: at.Row, Column: at.Col}}
}

// isCode reports whether the language lets a waiver name the code.
func isCode(s string) bool {
	if s == "" || len(s) > 63 || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-./") == ""
}

// trimData writes a package as its source does.
func trimData(path string) string { return strings.TrimPrefix(path, "data.") }

// shippedFirst lists the modules' names in order, users' files last: they are told when something is taken.
func (s *sources) shippedFirst(modules map[string]*ast.Module) []string {
	var shipped, users []string
	for _, file := range sortedKeys(modules) {
		if s.shipped[file] {
			shipped = append(shipped, file)
		} else {
			users = append(users, file)
		}
	}
	return append(shipped, users...)
}

package engine

import (
	"errors"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/penstock-dev/penstock/internal/diag"
)

// forbidden are builtins that OPA does not mark as giving another answer each time, and that do or could: they look at
// the clock, make random bytes, or reach outside.
func forbidden() []string {
	return []string{
		"http.send", "net.lookup_ip_addr", "opa.runtime", "rand.intn", "time.now_ns", "uuid.rfc4122",
		"io.jwt.decode_verify", "io.jwt.encode_sign", "io.jwt.encode_sign_raw",
	}
}

// isHermetic reports whether rules may use the builtin.
func isHermetic(b *ast.Builtin) bool {
	return !b.Nondeterministic && !slices.Contains(forbidden(), b.Name)
}

// capabilities is the language without what would let a decision depend on anything but its input.
func capabilities() *ast.Capabilities {
	caps := ast.CapabilitiesForThisVersion()
	caps.Builtins = slices.DeleteFunc(caps.Builtins, func(b *ast.Builtin) bool { return !isHermetic(b) })
	caps.AllowNet = []string{}
	return caps
}

// compiler checks types strictly and knows no builtin that capabilities left out.
func compiler() *ast.Compiler {
	return ast.NewCompiler().WithCapabilities(capabilities()).WithStrict(true).WithDefaultRegoVersion(ast.RegoV1)
}

// report appends what OPA found wrong, each at its place in the rule's file.
func report(list *diag.List, code diag.Code, file string, err error) {
	var many ast.Errors
	if errors.As(err, &many) {
		for _, e := range many {
			reportOne(list, code, file, e.Location, e.Message)
		}
		return
	}
	var one *ast.Error
	if errors.As(err, &one) {
		reportOne(list, code, file, one.Location, one.Message)
		return
	}
	var eval *topdown.Error
	if errors.As(err, &eval) {
		reportOne(list, code, file, eval.Location, eval.Message)
		return
	}
	reportOne(list, code, file, nil, err.Error())
}

func reportOne(list *diag.List, code diag.Code, file string, at *ast.Location, message string) {
	r := diag.Range{File: file}
	if at != nil && at.File != "" {
		r = diag.Range{File: at.File, Start: diag.Position{Line: at.Row, Column: at.Col}}
	}
	message, _, _ = strings.Cut(message, "\n")
	d := list.Errorf(code, r, "", "policy rule: %s", message)
	for _, name := range hidden() {
		if strings.Contains(message, "undefined function "+name) {
			d.Hint = "rules see only their input: no network, no clock, no chance; input.facts.today is the day"
		}
	}
}

// hidden lists the builtins that rules may not use.
func hidden() []string {
	var out []string
	for _, b := range ast.CapabilitiesForThisVersion().Builtins {
		if !isHermetic(b) {
			out = append(out, b.Name)
		}
	}
	return out
}

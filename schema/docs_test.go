package schema_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/format"
	"cuelang.org/go/cue/parser"

	"github.com/penstock-dev/penstock/schema"
)

// eachField calls f for every definition and every field in the schema, with
// its path ("#Canary.keep") and its comment.
func eachField(t *testing.T, f func(path, name, doc string)) {
	t.Helper()
	names, err := fs.Glob(schema.FS, "*.cue")
	if err != nil || len(names) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, name := range names {
		content, err := fs.ReadFile(schema.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(name, content, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			walkDecl(decl, "", f)
		}
	}
}

func walkDecl(decl ast.Decl, prefix string, f func(path, name, doc string)) {
	field, ok := decl.(*ast.Field)
	if !ok {
		return
	}
	if _, pattern := field.Label.(*ast.ListLit); pattern {
		return
	}
	name, _, err := ast.LabelName(field.Label)
	if err != nil {
		name = fmt.Sprint(field.Label)
	}
	path := strings.TrimPrefix(prefix+"."+name, ".")
	var doc strings.Builder
	for _, group := range ast.Comments(field) {
		if group.Doc {
			doc.WriteString(group.Text())
		}
	}
	f(path, name, doc.String())
	if st, ok := field.Value.(*ast.StructLit); ok {
		for _, inner := range st.Elts {
			walkDecl(inner, path, f)
		}
	}
}

// TestEveryFieldHasADoc holds that each field has a comment that begins with
// its name, and each definition has one in some file.
func TestEveryFieldHasADoc(t *testing.T) {
	defs, fields := map[string]bool{}, 0
	eachField(t, func(path, name, doc string) {
		if strings.HasPrefix(name, "#") {
			defs[path] = defs[path] || doc != ""
			return
		}
		fields++
		if !strings.HasPrefix(doc, name+" ") {
			t.Errorf("%s: the comment %q does not begin with the field's name", path, doc)
		}
		if !strings.HasSuffix(strings.TrimSpace(doc), ".") {
			t.Errorf("%s: the comment %q is no sentence", path, doc)
		}
	})
	for name, documented := range defs {
		if !documented {
			t.Errorf("%s has no comment", name)
		}
	}
	if fields < 200 || len(defs) < 60 {
		t.Errorf("only %d fields and %d definitions seen", fields, len(defs))
	}
}

// TestDocsSayDefaults holds the Go defaults against the comments in CUE.
func TestDocsSayDefaults(t *testing.T) {
	docs := map[string]string{}
	eachField(t, func(path, _, doc string) { docs[path] = strings.ReplaceAll(doc, "\n", " ") })
	quoted := func(d schema.Duration) string {
		if _, err := d.Parse(); err != nil {
			t.Error(err)
		}
		return `"` + string(d) + `"`
	}
	for path, want := range map[string]string{
		"#Pipeline.concurrency":          `"` + string(schema.Pipeline{}.ConcurrencyOrDefault()) + `"`,
		"#Notification.interrupted":      `"` + string(schema.Notification{}.InterruptedOrDefault()) + `"`,
		"#Stage.timeout":                 quoted(schema.Stage{}.TimeoutOrDefault()),
		"#Stage.interrupted":             `"` + string(schema.Stage{}.InterruptedOrDefault()) + `"`,
		"#During.interrupted":            `"` + string(schema.During{}.InterruptedOrDefault()) + `"`,
		"#Before.interrupted":            `"` + string(schema.Before{}.InterruptedOrDefault()) + `"`,
		"#Retry.backoff":                 quoted(schema.Retry{}.BackoffOrDefault()),
		"#Approve.count":                 fmt.Sprint(schema.Approve{}.CountOrDefault()),
		"#Approve.expires":               quoted(schema.Approve{}.ExpiresOrDefault()),
		"#Gate.every":                    quoted(schema.Gate{}.EveryOrDefault()),
		"#Gate.expires":                  quoted(schema.Gate{}.ExpiresOrDefault()),
		"#AllAtOnce.keep":                quoted(schema.AllAtOnce{}.KeepOrDefault()),
		"#Rolling.keep":                  quoted(schema.Rolling{}.KeepOrDefault()),
		"#Rolling.batch":                 fmt.Sprint(schema.Rolling{}.BatchOrDefault()),
		"#Canary.keep":                   quoted(schema.Canary{}.KeepOrDefault()),
		"#Linear.keep":                   quoted(schema.Linear{}.KeepOrDefault()),
		"#BlueGreen.keep":                quoted(schema.BlueGreen{}.KeepOrDefault()),
		"#Mirror.weight":                 fmt.Sprint(schema.Mirror{}.WeightOrDefault()),
		"#Judgement.tolerate":            fmt.Sprint(schema.Judgement{}.TolerateOrDefault()),
		"#Judgement.weight":              fmt.Sprint(schema.Judgement{}.WeightOrDefault()),
		"#Analysis.require":              `"` + string(schema.Analysis{}.RequireOrDefault()) + `"`,
		"#Analysis.inconclusive":         `"` + string(schema.Analysis{}.InconclusiveOrDefault()) + `"`,
		"#Analysis.alpha":                fmt.Sprint(schema.Analysis{}.AlphaOrDefault()),
		"#Analysis.minimum":              fmt.Sprint(schema.Analysis{}.MinimumOrDefault()),
		"#Verify.require":                `"` + string(schema.Verify{}.Analysis().RequireOrDefault()) + `"`,
		"#Verify.inconclusive":           `"` + string(schema.Verify{}.Analysis().InconclusiveOrDefault()) + `"`,
		"#Verify.alpha":                  fmt.Sprint(schema.Verify{}.Analysis().AlphaOrDefault()),
		"#Verify.minimum":                fmt.Sprint(schema.Verify{}.Analysis().MinimumOrDefault()),
		"#ProcessEnvironment.host":       `"` + schema.ProcessEnvironment{}.HostOrDefault() + `"`,
		"#ProcessWorkload.drain":         quoted(schema.ProcessWorkload{}.DrainOrDefault()),
		"#ProcessWorkload.stop":          quoted(schema.ProcessWorkload{}.StopOrDefault()),
		"#ProcessWorkload.lease":         quoted(schema.ProcessWorkload{}.LeaseOrDefault()),
		"#ProcessReady.every":            quoted(schema.ProcessReady{}.EveryOrDefault()),
		"#ProcessReady.timeout":          quoted(schema.ProcessReady{}.TimeoutOrDefault()),
		"#ProcessRestart.attempts":       fmt.Sprint(schema.ProcessRestart{}.AttemptsOrDefault()),
		"#ProcessRestart.backoff":        quoted(schema.ProcessRestart{}.BackoffOrDefault()),
		"#KubernetesReady.timeout":       quoted(schema.KubernetesReady{}.TimeoutOrDefault()),
		"#KubernetesWorkload.prune":      fmt.Sprint(schema.KubernetesWorkload{}.PruneOrDefault()),
		"#LambdaWorkload.keepVersions":   fmt.Sprint(schema.LambdaWorkload{}.KeepVersionsOrDefault()),
		"#TerraformEnvironment.binary":   `"` + schema.TerraformEnvironment{}.BinaryOrDefault() + `"`,
		"#TerraformWorkload.lockTimeout": quoted(schema.TerraformWorkload{}.LockTimeoutOrDefault()),
	} {
		if !strings.Contains(docs[path], " "+want+" when absent") {
			t.Errorf("%s: the default in Go is %s, the comment says %q", path, want, docs[path])
		}
	}
}

// TestFormatted holds the files to CUE's own formatting.
func TestFormatted(t *testing.T) {
	names, err := fs.Glob(schema.FS, "*.cue")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		content, err := fs.ReadFile(schema.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		want, err := format.Source(content)
		if err != nil {
			t.Fatal(err)
		}
		if string(want) != string(content) {
			t.Errorf("%s is not formatted as cue fmt does", name)
		}
	}
}

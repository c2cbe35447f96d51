package jsonschema_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
	cueload "cuelang.org/go/cue/load"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/penstock-dev/penstock/compiler/decode"
	"github.com/penstock-dev/penstock/compiler/load"
	"github.com/penstock-dev/penstock/internal/corpus"
	"github.com/penstock-dev/penstock/internal/diag"
	"github.com/penstock-dev/penstock/schema"
	generate "github.com/penstock-dev/penstock/schema/jsonschema"
)

const file = "../pipeline.schema.json"

// TestGenerated holds the file in the repository against the schema; UPDATE=1 writes it.
func TestGenerated(t *testing.T) {
	got, err := generate.Generate()
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(got) != schema.JSONSchema {
		t.Error("schema/pipeline.schema.json is stale: run UPDATE=1 go test ./schema/jsonschema")
	}
}

// validator is the generated schema in a validator made by others.
func validator(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(schema.JSONSchema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertVocabs()
	if err := c.AddResource(schema.JSONSchemaID, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(schema.JSONSchemaID)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// validate holds a JSON document against the schema.
func validate(t *testing.T, s *jsonschema.Schema, doc []byte) error {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(v)
}

// exported are the pipelines of packages that load has unified with the schema, each as a document of its own.
func exported(t *testing.T, dir string, args ...string) map[string][]byte {
	t.Helper()
	units, diags, err := load.Load(t.Context(), load.Options{Dir: dir, Args: args})
	if err != nil || diags.HasErrors() {
		t.Fatal(err, diags)
	}
	out := map[string][]byte{}
	for _, u := range units {
		for _, p := range u.Pipelines {
			text, err := u.Value.LookupPath(p.Path).MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			doc := fmt.Sprintf(`{"pipeline": %s}`, text)
			if p.Key != "" {
				doc = fmt.Sprintf(`{"pipelines": {%q: %s}}`, p.Key, text)
			}
			out[u.Name+" "+p.Path.String()] = []byte(doc)
		}
	}
	return out
}

// TestExamples accepts every pipeline of examples.
func TestExamples(t *testing.T) {
	s := validator(t)
	all := exported(t, "../../examples", "./...")
	for name, doc := range all {
		if err := validate(t, s, doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(all) < 10 {
		t.Errorf("only %d pipelines", len(all))
	}
	t.Logf("%d pipelines of examples accepted", len(all))
}

// TestGood accepts every package of the corpus in which vet finds nothing.
func TestGood(t *testing.T) {
	s := validator(t)
	archives, err := corpus.Glob("../../compiler/testdata/good/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	pipelines := 0
	for _, a := range archives {
		dir := t.TempDir()
		if err := a.Write(dir); err != nil {
			t.Fatal(err)
		}
		for name, doc := range exported(t, dir, a.Args...) {
			pipelines++
			if err := validate(t, s, doc); err != nil {
				t.Errorf("%s: %s: %v", a.Name, name, err)
			}
		}
	}
	t.Logf("%d pipelines in %d good packages accepted", pipelines, len(archives))
}

// TestBroken refuses what vet refuses for reasons that a schema can give: packages that are data once CUE has evaluated them
// without any schema, and in which a mistake of a field, a value or a choice is marked. What remains is gone once a package is
// data (two definitions that CUE merged), compares two places, or isn't in the pipeline.
func TestBroken(t *testing.T) {
	s := validator(t)
	archives, err := corpus.Glob("../../compiler/testdata/broken/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	refused, data := 0, 0
	for _, a := range archives {
		doc, ok := plain(t, a)
		if !ok || !slices.ContainsFunc(a.Wants, ofSchema) {
			continue
		}
		data++
		if validate(t, s, doc) != nil {
			refused++
			continue
		}
		t.Logf("accepted: %s: %s", a.Name, a.Wants[0].Part)
	}
	t.Logf("%d of %d broken packages with mistakes of the schema's kind refused", refused, data)
	if refused < 40 {
		t.Error("fewer than 40 are refused")
	}
	if refused*10 < data*9 {
		t.Error("more than a tenth is accepted")
	}
}

// ofSchema reports whether a diagnostic is about the shape of the data.
func ofSchema(w corpus.Want) bool {
	if w.Code == "exactly-one" || w.Code == "no-bound" {
		return true
	}
	return slices.ContainsFunc(decode.Docs(), func(d decode.Doc) bool { return d.Code == diag.Code(w.Code) })
}

// plain evaluates a package without the schema and exports it; ok is false where it isn't data then.
func plain(t *testing.T, a corpus.Archive) (doc []byte, ok bool) {
	t.Helper()
	dir := t.TempDir()
	if err := a.Write(dir); err != nil {
		t.Fatal(err)
	}
	args := a.Args
	if len(args) == 0 {
		args = []string{"."}
	}
	over := map[string]cueload.Source{}
	if _, err := os.Stat(filepath.Join(dir, "cue.mod")); err != nil {
		over[filepath.Join(dir, "cue.mod", "module.cue")] = cueload.FromString("module: \"a.example\"\nlanguage: version: \"" + schema.Language + "\"\n")
	}
	insts := cueload.Instances(args, &cueload.Config{Dir: dir, ModuleRoot: dir, Overlay: over, Package: "*"})
	if len(insts) != 1 || insts[0].Err != nil {
		return nil, false
	}
	v := cuecontext.New().BuildInstance(insts[0])
	fields := map[string]json.RawMessage{}
	for _, name := range []string{"pipeline", "pipelines"} {
		one := v.LookupPath(cue.MakePath(cue.Str(name)))
		if !one.Exists() {
			continue
		}
		text, err := one.MarshalJSON()
		if err != nil {
			return nil, false
		}
		fields[name] = text
	}
	if len(fields) == 0 {
		return nil, false
	}
	doc, err := json.Marshal(fields)
	return doc, err == nil
}

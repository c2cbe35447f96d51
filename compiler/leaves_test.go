package compiler_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/penstock-dev/penstock/compiler"
	"github.com/penstock-dev/penstock/compiler/bind"
	"github.com/penstock-dev/penstock/compiler/inspect"
	"github.com/penstock-dev/penstock/compiler/lower"
	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/compiler/source"
	"github.com/penstock-dev/penstock/internal/names"
	"github.com/penstock-dev/penstock/schema"
)

// documentation are the fields that nothing is executed by: changing one keeps the plan's id. Owner, reasons and
// messages are not among them: policies ask for an owner, and people are shown the others.
var documentation = map[string]bool{
	"Pipeline.Description": true, "Pipeline.Labels": true, "Stage.Description": true, "Artifact.Description": true,
	"Environment.Description": true, "Environment.Labels": true, "Workload.Description": true,
	"SLO.Description": true, "SLO.Labels": true, // labels go to generated alert rules, which no plan carries
	"ProcessReady.TCP": true, // it says in words what is done without it
}

// TestLeaves changes every leaf of every example and strategy archive, one at a time. The id of the plan has to change
// with it, but for documentation. The archives together have to reach every field that the language has.
func TestLeaves(t *testing.T) {
	reached := map[string]bool{}
	for _, dir := range leafDirs(t) {
		res, list, err := compiler.Vet(t.Context(), compiler.Options{Dir: dir})
		if err != nil || list.HasErrors() {
			t.Fatal(err, list)
		}
		for _, v := range res.Pipelines {
			t.Run(v.Name, func(t *testing.T) { changeLeaves(t, dir, v.Pipeline, reached) })
		}
	}
	for _, f := range fields(reflect.TypeFor[schema.Pipeline](), map[reflect.Type]bool{}) {
		if !reached[f] {
			t.Errorf("no archive sets %s: whether it is part of a plan is not known", f)
		}
	}
}

// leafDirs are the examples and the archives, written out.
func leafDirs(t *testing.T) []string {
	dirs := examples(t)
	files, err := filepath.Glob("testdata/strategies/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		ar, err := txtar.ParseFile(f)
		if err != nil {
			t.Fatal(err)
		}
		dirs = append(dirs, extract(t, ar))
	}
	return dirs
}

func changeLeaves(t *testing.T, dir string, p *schema.Pipeline, reached map[string]bool) {
	before, err := idOf(dir, p)
	if err != nil {
		t.Fatal(err)
	}
	work := clone(t, p)
	n := 0
	leaves(reflect.ValueOf(work).Elem(), "", "Pipeline", func(path, field string, set func(reflect.Value), old reflect.Value) {
		reached[field] = true
		n++
		set(changed(t, path, old))
		after, err := idOf(dir, work)
		set(old)
		switch {
		case err != nil:
			if !refers(old.Type(), path) {
				t.Errorf("%s (%s): %v", path, field, err)
			}
		case documentation[field] != (after == before):
			t.Errorf("%s (%s): documentation %v, the id changed %v", path, field, documentation[field], after != before)
		}
	})
	if again, err := idOf(dir, work); err != nil || again != before {
		t.Fatalf("the leaves were not put back: %v", err)
	}
	t.Logf("%d leaves", n)
}

// idOf compiles a pipeline from where decode has left it.
func idOf(dir string, p *schema.Pipeline) (plan.ID, error) {
	files, _, err := inspect.Run(p, nil, inspect.Options{Dir: dir})
	if err != nil {
		return "", err
	}
	out, prov, err := lower.Lower(lower.Input{Pipeline: p, Source: &source.Map{}, Digests: files.Digests})
	if err != nil {
		return "", err
	}
	if err := bind.Workloads(out, p, files); err != nil {
		return "", err
	}
	f, err := plan.Seal(out, prov)
	return f.ID, err
}

func clone(t *testing.T, p *schema.Pipeline) *schema.Pipeline {
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	out := &schema.Pipeline{}
	if err := json.Unmarshal(b, out); err != nil {
		t.Fatal(err)
	}
	return out
}

// leaves calls f for each leaf below v that is set. Field is the struct field that holds it, as "Type.Field".
func leaves(v reflect.Value, path, field string, f func(path, field string, set func(reflect.Value), old reflect.Value)) {
	walkLeaves(v, path, field, func(x reflect.Value) { v.Set(x) }, f)
}

func walkLeaves(v reflect.Value, path, field string, set func(reflect.Value), f func(string, string, func(reflect.Value), reflect.Value)) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return
		}
		inner := reflect.New(v.Elem().Type()).Elem()
		inner.Set(v.Elem())
		if v.Kind() == reflect.Pointer && empty(v.Elem()) {
			return // a variant without settings
		}
		walkLeaves(inner, path, field, func(x reflect.Value) {
			if v.Kind() == reflect.Interface {
				set(x)
				return
			}
			p := reflect.New(v.Type().Elem())
			p.Elem().Set(x)
			set(p)
		}, f)
	case reflect.Struct:
		was := reflect.New(v.Type()).Elem() // v itself may be what is being changed
		was.Set(v)
		for i := range was.NumField() {
			sf := was.Type().Field(i)
			x := was.Field(i)
			if x.IsZero() && x.Kind() != reflect.Struct {
				continue
			}
			walkLeaves(x, path+"."+sf.Name, was.Type().Name()+"."+sf.Name, func(y reflect.Value) {
				cp := reflect.New(was.Type()).Elem()
				cp.Set(was)
				cp.Field(i).Set(y)
				set(cp)
			}, f)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			walkLeaves(v.MapIndex(key), fmt.Sprintf("%s.%v", path, key), field, func(y reflect.Value) {
				cp := reflect.MakeMap(v.Type())
				for _, k := range v.MapKeys() {
					cp.SetMapIndex(k, v.MapIndex(k))
				}
				cp.SetMapIndex(key, y)
				set(cp)
			}, f)
		}
	case reflect.Slice:
		for i := range v.Len() {
			walkLeaves(v.Index(i), fmt.Sprintf("%s[%d]", path, i), field, func(y reflect.Value) {
				cp := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
				reflect.Copy(cp, v)
				cp.Index(i).Set(y)
				set(cp)
			}, f)
		}
	default:
		f(path, field, set, v)
	}
}

func empty(v reflect.Value) bool { return v.Kind() == reflect.Struct && v.NumField() == 0 }

// others are the values of types that are enumerations.
var others = map[reflect.Type][]string{
	reflect.TypeFor[schema.Concurrency]():  {"queue", "reject"},
	reflect.TypeFor[schema.Tier]():         {"development", "test"},
	reflect.TypeFor[schema.Require]():      {"no-harm", "proven-safe"},
	reflect.TypeFor[schema.Inconclusive](): {"rollback", "approve"},
	reflect.TypeFor[schema.Interrupted]():  {"fail", "rerun"},
	reflect.TypeFor[schema.Weekday]():      {"sat", "sun"},
	reflect.TypeFor[schema.Occasion]():     {"started", "unsettled"},
}

// changed is another valid value.
func changed(t *testing.T, path string, v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	switch v.Kind() {
	case reflect.String:
		s := v.String()
		switch list := others[v.Type()]; {
		case list != nil && s == list[0]:
			out.SetString(list[1])
		case list != nil:
			out.SetString(list[0])
		case v.Type() == reflect.TypeFor[schema.Duration]():
			out.SetString(string(schema.FormatDuration(schema.Duration(s).Value() + time.Second)))
		default:
			out.SetString(s + "x")
		}
	case reflect.Bool:
		out.SetBool(!v.Bool())
	case reflect.Int:
		out.SetInt(v.Int() + 1)
	case reflect.Float64:
		out.SetFloat(v.Float() + 0.03125)
	default:
		t.Fatalf("%s: leaf of kind %s", path, v.Kind())
	}
	return out
}

// refers says that a value names something else in the pipeline: another value is refused instead of being executed.
func refers(t reflect.Type, path string) bool {
	switch t {
	case reflect.TypeFor[schema.StageName](), reflect.TypeFor[schema.EnvName](), reflect.TypeFor[schema.WorkloadName](),
		reflect.TypeFor[schema.ArtifactName](), reflect.TypeFor[schema.SLOName](), reflect.TypeFor[schema.VariableName]():
		return true
	}
	return false
}

// fields lists every field that can hold a leaf, as "Type.Field".
func fields(t reflect.Type, seen map[reflect.Type]bool) []string {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return fields(t.Elem(), seen)
	case reflect.Struct:
	default:
		return nil
	}
	if seen[t] {
		return nil
	}
	seen[t] = true
	var out []string
	for i := range t.NumField() {
		f := t.Field(i)
		inner := f.Type
		for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice || inner.Kind() == reflect.Map {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct {
			out = append(out, fields(inner, seen)...)
			continue
		}
		out = append(out, t.Name()+"."+f.Name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TestDocumentationIsKnown holds that the list names fields that exist.
func TestDocumentationIsKnown(t *testing.T) {
	all := fields(reflect.TypeFor[schema.Pipeline](), map[reflect.Type]bool{})
	for _, f := range names.Sorted(documentation) {
		if !slices.Contains(all, f) {
			t.Errorf("%s is no field", f)
		}
	}
	if strings.Join(all, "") == "" {
		t.Error("the language has no fields")
	}
}

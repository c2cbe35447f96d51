package examples_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/penstock-dev/penstock/schema"
)

// TestEveryFieldIsShown holds that each field of the language, and so each
// action, strategy, step, gate and target, occurs in some example.
func TestEveryFieldIsShown(t *testing.T) {
	shown := map[string]bool{}
	for dir := range examples() {
		for _, p := range pipelines(t, dir) {
			markShown(reflect.ValueOf(p), shown)
		}
	}
	all := map[string]bool{}
	markAll(reflect.TypeFor[schema.Pipeline](), all)
	notShown := map[string]string{
		"ProcessReady.tcp":           "http says more",
		"LambdaEnvironment.endpoint": "for stand-ins in tests",
		"Approve.allowOSUser":        "weakens a protection",
		"Promote.from":               "the artifact's own repository is the usual case",
		"Before.approve":             "the same as a step's",
		"Before.interrupted":         "the same as a step's",
		"Rolling.keep":               "the same for every strategy",
		"Linear.keep":                "the same for every strategy",
		"AllAtOnce.keep":             "the same for every strategy",
		"Verify.require":             "the same as in an analysis",
		"Verify.alpha":               "the same as in an analysis",
		"Verify.minimum":             "the same as in an analysis",
		"Verify.sticky":              "the same as in an analysis",
		"Exec.dir":                   "scripts find their own folder",
		"Command.dir":                "scripts find their own folder",
		"Command.env":                "the same as in exec",
		"Command.inject":             "the same as in exec",
		"Command.container":          "the same as in exec",
		"ProcessWorkload.dir":        "the same as in exec",
		"ProcessWorkload.env":        "the same as in exec",
		"ProcessWorkload.inject":     "the same as in exec",
		"ProcessWorkload.secrets":    "the same as in exec",
		"ErrorBudget.in":             "the stage's own environment is the usual case",
		"GateQuery.in":               "the stage's own environment is the usual case",
		"GateQuery.below":            "the same as in a limit",
		"GateAlert.in":               "the stage's own environment is the usual case",
		"ValueMatch.regex":           "exact and prefix say more plainly what is meant",
		"Overlay.process":            "the same as another target's",
		"Overlay.lambda":             "the same as another target's",
	}
	for field := range all {
		_, excused := notShown[field]
		if !shown[field] && !excused {
			t.Errorf("%s occurs in no example", field)
		}
		if shown[field] && excused {
			t.Errorf("%s occurs in an example; take it off the list", field)
		}
	}
	if len(all) < 200 {
		t.Errorf("only %d fields are known", len(all))
	}
}

// markShown records each field of a struct below v that is set.
func markShown(v reflect.Value, shown map[string]bool) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			markShown(v.Elem(), shown)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if !v.Field(i).IsZero() {
				shown[fieldName(v.Type(), i)] = true
				markShown(v.Field(i), shown)
			}
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			markShown(v.MapIndex(key), shown)
		}
	case reflect.Slice:
		for i := range v.Len() {
			markShown(v.Index(i), shown)
		}
	}
}

// markAll records each field of the struct types below typ.
func markAll(typ reflect.Type, all map[string]bool) {
	switch typ.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		markAll(typ.Elem(), all)
	case reflect.Struct:
		for i := range typ.NumField() {
			if name := fieldName(typ, i); !all[name] {
				all[name] = true
				markAll(typ.Field(i).Type, all)
			}
		}
	}
}

func fieldName(typ reflect.Type, i int) string {
	name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
	return typ.Name() + "." + name
}

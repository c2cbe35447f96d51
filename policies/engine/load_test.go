package engine

import (
	"fmt"
	"strings"
	"testing"
)

func TestLoadBroken(t *testing.T) {
	tests := map[string]struct {
		files map[string]string
		want  string
		hint  string
	}{
		"syntax":           {map[string]string{"a.rego": "package a\n\ndeny contains \"x\" if {\n"}, "a.rego:4: policy rule: unexpected eof", ""},
		"unknown name":     {map[string]string{"a.rego": "package a\n\ndeny contains x if {\n\tx := input.plan.pipeline\n\ty == 1\n}\n"}, "a.rego:5:2: policy rule: var y is unsafe", ""},
		"network":          {map[string]string{"a.rego": "package a\n\ndeny contains \"x\" if http.send({\"method\": \"get\", \"url\": \"http://example.com\"})\n"}, "a.rego:3:22: policy rule: undefined function http.send", "no network"},
		"clock":            {map[string]string{"a.rego": "package a\n\ndeny contains \"x\" if time.now_ns() > 0\n"}, "a.rego:3:22: policy rule: undefined function time.now_ns", "input.facts.today"},
		"chance":           {map[string]string{"a.rego": "package a\n\ndeny contains \"x\" if rand.intn(\"a\", 3) > 0\n"}, "a.rego:3:22: policy rule: undefined function rand.intn", "no chance"},
		"environment":      {map[string]string{"a.rego": "package a\n\ndeny contains \"x\" if opa.runtime().env\n"}, "undefined function opa.runtime", "see only their input"},
		"addresses":        {map[string]string{"a.rego": "package a\n\ndeny contains \"x\" if net.lookup_ip_addr(\"example.com\")\n"}, "undefined function net.lookup_ip_addr", "no network"},
		"not a set":        {map[string]string{"a.rego": "package a\n\ndeny := true\n"}, "a.rego:3:1: deny is not a set of messages", ""},
		"object":           {map[string]string{"a.rego": "package a\n\nwarn[\"x\"] := \"y\"\n"}, "a.rego:3:1: warn is not a set of messages", ""},
		"reserved package": {map[string]string{"a.rego": "package penstock.mine\n\ndeny contains \"x\"\n"}, "a.rego:1:1: package penstock.mine: names under penstock belong", ""},
		"shipped package":  {map[string]string{"a.rego": "package penstock.production_slo\n\nhas_slo(_)\n"}, "a.rego:1:1: package penstock.production_slo", ""},
		"taken code":       {map[string]string{"a.rego": "package a.production_slo\n\ndeny contains \"x\"\n"}, "a.rego:1:1: the code \"production-slo\" is taken by penstock/policies/production_slo.rego", ""},
		"one package":      {map[string]string{"a.rego": "package a\n\ndeny contains \"x\"\n", "b.rego": "package a\n\ndeny contains \"y\"\n"}, "b.rego:1:1: package a already holds a rule in", ""},
		"wrong severity":   {map[string]string{"a.rego": "# METADATA\n# custom:\n#   severity: deny\npackage a\n\nwarn contains \"x\"\n"}, "a.rego:1:1: annotation custom.severity: deny does not fit", ""},
		"code no text":     {map[string]string{"a.rego": "# METADATA\n# custom:\n#   code: 3\npackage a\n\nwarn contains \"x\"\n"}, "annotation custom.code: 3 does not fit", ""},
		"code in capitals": {map[string]string{"a.rego": "package a.Team\n\nwarn contains \"x\"\n"}, "a.rego:1:1: the code \"Team\" could not be waived", ""},
		"broken metadata":  {map[string]string{"a.rego": "# METADATA\n# title: [\npackage a\n\nwarn contains \"x\"\n"}, "a.rego:", ""},
		"empty":            {map[string]string{"a.rego": "# nothing\n"}, "a.rego: policy rule: empty module", ""},
		"data":             {map[string]string{"data.json": "{\n  \"a\": 1,\n  b\n}"}, "data.json:3:4: data file: want one JSON object", ""},
		"reserved data":    {map[string]string{"data.json": `{"penstock": {"lib": {}}}`}, "data.json: data file: the key \"penstock\" is taken", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, tt.files)
			e, list, err := Load(t.Context(), Options{Dirs: []string{dir}})
			if err != nil || e != nil || !list.HasErrors() {
				t.Fatalf("Load = %v, %v, %v; want diagnostics", e, list, err)
			}
			if got := fmt.Sprint(list); !strings.Contains(got, tt.want) {
				t.Errorf("diagnostics %s, want %s", got, tt.want)
			}
			if !strings.Contains(list[0].Hint, tt.hint) {
				t.Errorf("hint %q, want something about %q", list[0].Hint, tt.hint)
			}
		})
	}
}

func TestLoadMissingDirectory(t *testing.T) {
	if _, _, err := Load(t.Context(), Options{Dirs: []string{"testdata/none"}}); err == nil {
		t.Error("a directory that is not there is read")
	}
}

func TestLoadTwice(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"a.rego": "package a\n\ninfo contains \"x\"\n", "lib.rego": "package lib\n\nx := 1\n"})
	e := load(t, Options{Dirs: []string{dir, dir + "/."}, NoShipped: true})
	if len(e.Rules()) != 1 {
		t.Errorf("rules %v", e.Rules())
	}
}

func TestRulesAreComplete(t *testing.T) {
	rules := load(t, Options{}).Rules()
	if len(rules) < 8 {
		t.Fatalf("%d rules are shipped", len(rules))
	}
	for _, r := range rules {
		if r.Title == "" || r.Description == "" || r.Fix == "" || r.Waive == "" || len(r.Severities) == 0 || !r.Shipped {
			t.Errorf("the annotations of %s are not complete: %+v", r.File, r)
		}
		if want := "penstock." + strings.ReplaceAll(r.Code, "-", "_"); r.Package != want {
			t.Errorf("code %s stands in package %s, want %s", r.Code, r.Package, want)
		}
	}
}

func TestHidden(t *testing.T) {
	got := strings.Join(hidden(), " ")
	for _, name := range forbidden() {
		if !strings.Contains(got, name) {
			t.Errorf("rules may use %s", name)
		}
	}
	if strings.Contains(got, "time.parse") || len(hidden()) > 20 {
		t.Errorf("hidden builtins: %s", got)
	}
	t.Log(got)
}

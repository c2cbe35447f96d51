package language_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/penstock-dev/penstock/compiler/language"
)

// files reads texts in which the first "|" of the last one stands for the cursor.
func files(t *testing.T, texts ...string) (p language.Package, path string, offset int) {
	t.Helper()
	for i, text := range texts {
		path = string(rune('a'+i)) + ".cue"
		if i == len(texts)-1 {
			offset = strings.IndexByte(text, '|')
			if offset < 0 {
				t.Fatalf("no cursor in %q", text)
			}
			text = text[:offset] + text[offset+1:]
		}
		p.Files = append(p.Files, language.Parse(path, []byte(text)))
	}
	return p, path, offset
}

func labels(c language.Completion) []string {
	var out []string
	for _, it := range c.Items {
		out = append(out, it.Label)
	}
	return out
}

const names = `package p

pipeline: {
	name: "p"
	groups: release: members: ["user:ann", "user:bob"]
	artifacts: {app: file: path: "app", "my-lib": file: path: "lib"}
	slos: availability: {objective: 99, over: "1d", sli: requests: workload: "web"}
	environments: {
		staging: {tier: "staging", variables: url: "http://x", process: {}}
		// where users are
		production: {tier: "production", process: {}}
	}
	workloads: web: {process: {artifact: "app", listen: ":80"}}
	stages: {
		build: exec: {command: ["make"], produces: app: {}}
		deploy: {description: "to users", needs: ["build"], deploy: {workload: "web", in: "production", allAtOnce: {}}}
	}
}
`

// TestComplete asks in text as it is while somebody types: most of it doesn't parse.
func TestComplete(t *testing.T) {
	l := language.New(func() []language.Code { return []language.Code{{Name: "production-approval", Doc: "asks people"}} })
	for name, tc := range map[string]struct {
		text string
		want []string // all of them
		has  []string // some of them
		not  []string
	}{
		"top":                    {text: "package p\n|", want: []string{"pipeline", "pipelines"}},
		"stage names":            {text: `pipeline: stages: x: needs: ["|"]`, want: []string{"build", "deploy"}},
		"stage names, open":      {text: "pipeline: stages: {\n\tx: {\n\t\tneeds: [\"|\n\t\texec: command: [\"a\"]\n\t}\n}\n", want: []string{"build", "deploy"}},
		"second stage name":      {text: `pipeline: stages: x: needs: ["build", |]`, want: []string{"deploy"}},
		"list not begun":         {text: "pipeline: stages: x: {\n\tneeds: |\n}\n", want: []string{"build", "deploy"}},
		"waivers.stages":         {text: `pipeline: waivers: "production-approval": stages: [|]`, want: []string{"build", "deploy"}},
		"rollback":               {text: `pipeline: stages: x: onFailure: rollback: ["|`, want: []string{"build", "deploy"}},
		"environments":           {text: `pipeline: stages: x: deploy: in: "|"`, want: []string{"production", "staging"}},
		"environments, no quote": {text: "pipeline: stages: x: deploy: {\n\tin: pro|\n\tworkload: \"web\"\n}", want: []string{"production", "staging"}},
		"requires.after":         {text: `pipeline: environments: production: requires: after: |`, want: []string{"production", "staging"}},
		"after, in braces":       {text: `pipeline: environments: production: requires: after: {|}`, want: []string{"production", "staging"}},
		"workload in":            {text: `pipeline: workloads: web: in: {staging: {}, |}`, want: []string{"production"}},
		"gate in":                {text: `pipeline: stages: x: gates: b: errorBudget: in: "|"`, want: []string{"production", "staging"}},
		"gate slo":               {text: `pipeline: stages: x: gates: b: errorBudget: slo: "|"`, want: []string{"availability"}},
		"analysis slos":          {text: `pipeline: stages: x: deploy: canary: analysis: slos: {|}`, want: []string{"availability"}},
		"workloads":              {text: `pipeline: stages: x: verify: workload: "|"`, want: []string{"web"}},
		"produces":               {text: `pipeline: stages: x: exec: produces: {|}`, want: []string{"app", "my-lib"}},
		"inject artifact":        {text: `pipeline: stages: x: exec: inject: D: artifact: "|"`, want: []string{"app", "my-lib"}},
		"inject variable":        {text: `pipeline: stages: x: exec: inject: D: variable: "|"`, want: []string{"url"}},
		"images":                 {text: `pipeline: workloads: web: kubernetes: images: ["app", "|"]`, want: []string{"my-lib"}},
		"container artifact":     {text: `pipeline: stages: x: exec: container: artifact: "|"`, want: []string{"app", "my-lib"}},
		"promote artifact":       {text: `pipeline: stages: x: promote: artifact: "|"`, want: []string{"app", "my-lib"}},
		"approvers":              {text: `pipeline: stages: x: approve: by: ["|"]`, want: []string{"group:release", "user:ann", "user:bob"}},
		"members":                {text: `pipeline: groups: more: members: ["user:ann", "|"]`, want: []string{"user:bob"}},
		"waiver":                 {text: `pipeline: waivers: |`, want: []string{"production-approval"}},
		"tier":                   {text: `pipeline: environments: e: tier: "|"`, want: []string{"development", "test", "staging", "preproduction", "production"}},
		"weekday":                {text: `pipeline: environments: e: calendar: c: allow: days: ["mon", |]`, want: []string{"tue", "wed", "thu", "fri", "sat", "sun"}},
		"occasion":               {text: `pipeline: notify: n: on: ["|"]`, has: []string{"failed", "rolledBack"}},
		"concurrency":            {text: "pipeline: {\n\tconcurrency: |\n}", want: []string{"queue", "reject", "supersede"}},
		"require":                {text: `pipeline: stages: x: verify: require: "|`, want: []string{"no-harm", "proven-safe"}},
		"interrupted":            {text: `pipeline: stages: x: interrupted: "|"`, want: []string{"rerun", "fail", "check"}},
		"inline choice":          {text: `pipeline: workloads: web: lambda: architecture: "|"`, want: []string{"x86_64", "arm64"}},
		"bool":                   {text: `pipeline: stages: x: approve: notAuthor: |`, want: []string{"true", "false"}},
		"stage fields":           {text: "pipeline: stages: {\n\tx: {\n\t\tneeds: [\"build\"]\n\t\t|\n\t}\n}\n", has: []string{"deploy", "exec", "timeout", "gates"}, not: []string{"needs", "stages"}},
		"begun field":            {text: "pipeline: stages: {\n\tx: {\n\t\tneeds: [\"build\"]\n\t\ttim|\n\t}\n}\n", has: []string{"timeout"}},
		"chained":                {text: "pipeline: stages: x: deploy: |", has: []string{"workload", "in", "canary"}},
		"pattern":                {text: "pipeline: stages: [Name=string]: {\n\t|\n}", has: []string{"timeout"}},
		"comprehension":          {text: "pipeline: {\n\tfor r in [\"a\"] {\n\t\tstages: (r): {\n\t\t\tdeploy: {|}\n\t\t}\n\t}\n}\n", has: []string{"workload", "in"}},
		"definition":             {text: "import \"penstock.dev/schema\"\n\n#S: schema.#Stage & {\n\t|\n}\n", has: []string{"deploy", "needs"}},
		"definition by alias":    {text: "import s \"penstock.dev/schema\"\n\n_c: (s.#Canary & {\n\t|\n})\n", has: []string{"steps", "analysis"}},
		"unclosed brace":         {text: "pipeline: stages: {\n\tx: {\n\t\tdeploy: {\n\t\t\t|\n\t\tneeds: [\"build\"]\n\t}\n\ty: exec: command: [\"a\"]\n}\n", has: []string{"workload", "in"}, not: []string{"timeout"}},
		"behind an unclosed":     {text: "pipeline: stages: {\n\tx: {\n\t\tdeploy: {\n\t\tneeds: [\"build\"]\n\t}\n\ty: {\n\t\t|\n\t}\n}\n", has: []string{"exec", "needs"}, not: []string{"workload"}},
		"steps":                  {text: "pipeline: stages: x: deploy: canary: steps: [{weight: 5, |}]", has: []string{"hold", "match"}, not: []string{"weight", "workload"}},
		"comment":                {text: "pipeline: stages: x: {\n\t// say |\n}"},
		"behind a text":          {text: `pipeline: stages: x: deploy: in: "production"|`},
		"unknown":                {text: "other: {\n\t|\n}\n"},
		"parameters":             {text: "pipeline: #with: {|}"},
		"map of texts":           {text: "pipeline: labels: {|}"},
		"command":                {text: `pipeline: stages: x: exec: command: ["|"]`},
	} {
		t.Run(name, func(t *testing.T) {
			p, path, offset := files(t, names, tc.text)
			c, err := l.Complete(p, path, offset)
			if err != nil {
				t.Fatal(err)
			}
			got := labels(c)
			for _, n := range tc.has {
				if !slices.Contains(got, n) {
					t.Errorf("%q is missing in %q", n, got)
				}
			}
			for _, n := range tc.not {
				if slices.Contains(got, n) {
					t.Errorf("%q doesn't belong into %q", n, got)
				}
			}
			if tc.has == nil {
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

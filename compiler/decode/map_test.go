package decode

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/penstock-dev/penstock/compiler/load"
)

var marker = regexp.MustCompile(`«(\w+)»`)

// marked removes the markers «name» from sources and returns where each stood, as file:line:col.
func marked(files map[string]string) (overlay map[string][]byte, places map[string]string) {
	overlay, places = map[string][]byte{}, map[string]string{}
	for name, src := range files {
		for {
			m := marker.FindStringSubmatchIndex(src)
			if m == nil {
				break
			}
			before := src[:m[0]]
			line := strings.Count(before, "\n") + 1
			col := len(before) - strings.LastIndexByte(before, '\n')
			places[src[m[2]:m[3]]] = fmt.Sprintf("%s:%d:%d", name, line, col)
			src = before + src[m[1]:]
		}
		overlay[filepath.Join("/m", filepath.FromSlash(name))] = []byte(src)
	}
	return overlay, places
}

// decodeMarked decodes the only package in files.
func decodeMarked(t *testing.T, files map[string]string) ([]Decoded, map[string]string) {
	t.Helper()
	overlay, places := marked(files)
	units, diags, err := load.Load(t.Context(), load.Options{Dir: "/m", Overlay: overlay})
	if err != nil || len(diags) > 0 || len(units) != 1 {
		t.Fatalf("load: %v, %v, %d units", err, diags, len(units))
	}
	out := Decode(units[0])
	for _, d := range out {
		if d.Pipeline == nil {
			t.Fatalf("%s: %v", d.Name, d.Diags)
		}
	}
	return out, places
}

// where is what a test expects of one path: the markers of label and value, and of further places behind a slash.
type where struct{ path, key, value string }

func holdPlaces(t *testing.T, d Decoded, places map[string]string, tests []where) {
	t.Helper()
	for _, tc := range tests {
		if got, want := d.Source.Key(tc.path).String(), places[tc.key]; got != want {
			t.Errorf("Key(%s) = %s, want %s", tc.path, got, want)
		}
		if got, want := d.Source.Value(tc.path).String(), places[tc.value]; got != want {
			t.Errorf("Value(%s) = %s, want %s", tc.path, got, want)
		}
	}
}

func TestMapOfLiterals(t *testing.T) {
	ds, places := decodeMarked(t, map[string]string{"p.cue": `package web

«pk»pipeline: «p»{
	«name»name: «nameV»"web"
	«envs»environments: «e»"eu-1": «eV»{«tier»tier: «tierV»"staging", process: {}}
	workloads: web: process: {artifact: "app", listen: ":1", «args»args: «argsV»[«arg0»"a", «arg1»"b"]}
	stages: {
		«b»build: «bV»exec: {«cmd»command: «cmdV»["make"]}
		release: deploy: {
			workload: "web"
			in: "eu-1"
			canary: steps: [«s0»{«w0»weight: «w0V»5, hold: "1m"}, «s1»{weight: 50, «h1»hold: «h1V»"2m"}]
		}
	}
}
`})
	holdPlaces(t, ds[0], places, []where{
		{"", "pk", "p"},
		{"name", "name", "nameV"},
		{"environments", "envs", "e"},
		{"environments.eu-1", "e", "eV"},
		{"environments.eu-1.tier", "tier", "tierV"},
		{"environments.eu-1.region", "e", "eV"}, // not written: its environment is
		{"workloads.web.process.args", "args", "argsV"},
		{"workloads.web.process.args[0]", "arg0", "arg0"},
		{"workloads.web.process.args[1]", "arg1", "arg1"},
		{"stages.build", "b", "bV"},
		{"stages.build.exec.command", "cmd", "cmdV"},
		{"stages.release.deploy.canary.steps[0]", "s0", "s0"},
		{"stages.release.deploy.canary.steps[0].weight", "w0", "w0V"},
		{"stages.release.deploy.canary.steps[1]", "s1", "s1"},
		{"stages.release.deploy.canary.steps[1].hold", "h1", "h1V"},
	})
}

func TestMapThroughReferences(t *testing.T) {
	ds, places := decodeMarked(t, map[string]string{"p.cue": `package web

_owner: {«team»team: «teamV»"web"}

#Make: {
	#target: string
	let all = «all»["make", «target»#target]
	«exec»exec: «execV»{«cmd»command: «cmdV»all}
	timeout: *"5m" | string
	...
}

_template: {
	port: int
	extra: {...}
	out: {
		«outexec»exec: «outexecV»{command: ["serve", "\(port)"]}
		extra
	}
}

pipeline: {
	name: "web"
	«owner»owner: «ownerV»_owner
	stages: {
		«a»a: «aV»#Make & {#target: "x", «needs»needs: «needsV»["b"], «to»timeout: «toV»"9m"}
		«b»b: «bV»(_template & {port: 1, extra: {«desc»description: «descV»"d"}}).out
	}
}
`})
	holdPlaces(t, ds[0], places, []where{
		{"owner", "owner", "ownerV"},
		{"owner.team", "team", "teamV"},
		{"stages.a", "a", "aV"},
		{"stages.a.exec", "exec", "execV"},
		{"stages.a.exec.command", "cmd", "cmdV"},
		{"stages.a.exec.command[1]", "target", "target"},
		{"stages.a.needs", "needs", "needsV"},
		{"stages.a.timeout", "to", "toV"}, // what the stage says, before the definition's default
		{"stages.b", "b", "bV"},
		{"stages.b.exec", "outexec", "outexecV"},
		{"stages.b.description", "desc", "descV"}, // given to the template by whoever uses it
	})
}

func TestMapThroughLoops(t *testing.T) {
	ds, places := decodeMarked(t, map[string]string{"p.cue": `package web

pipeline: {
	name: "web"
	stages: build: exec: command: ["make"]
	for i, r in ["eu", "us"] {
		environments: «env»(r): «envV»{«tier»tier: «tierV»"staging", process: host: r}
		stages: «rel»"release-\(r)": «relV»{
			if i == 0 {«n0»needs: «n0V»["build"]}
			if i > 0 {«n1»needs: «n1V»[«n10»"release-eu"]}
			exec: command: ["x"]
		}
		stages: «same»("same-" + r): «sameV»{exec: command: ["1"]}
		stages: «alike»("alike-" + r): «alikeV»{exec: command: ["2"]}
		stages: «chk»"check-\(r)": «chkV»{exec: command: ["y"]}
	}
}
`})
	holdPlaces(t, ds[0], places, []where{
		{"environments.eu", "env", "envV"},
		{"environments.us.tier", "tier", "tierV"},
		{"stages.release-eu", "rel", "relV"},
		{"stages.release-us", "rel", "relV"},
		{"stages.release-eu.needs", "n0", "n0V"},
		{"stages.release-us.needs", "n1", "n1V"}, // the branch that was taken
		{"stages.release-us.needs[0]", "n10", "n10"},
		{"stages.same-us", "same", "sameV"},
		{"stages.alike-us", "alike", "alikeV"},
		{"stages.check-us", "chk", "chkV"}, // not the other name that is put together
	})
}

func TestMapOfSharedModule(t *testing.T) {
	ds, places := decodeMarked(t, map[string]string{
		"cue.mod/module.cue": "module: \"m.example.com@v0\"\nlanguage: version: \"v0.17.0\"\n",
		"cue.mod/pkg/g.example.com/g/g.cue": `package g

import "penstock.dev/schema"

#Service: schema.#Pipeline & {
	#with: {region!: string}
	name: string
	environments: live: {«gtier»tier: "production", region: #with.region, process: {}}
	«gbuildst»stages: «gbuild»build: «gbuildV»exec: command: ["make", name]
}
`,
		"p.cue": `package web

import "g.example.com/g"

«pk»pipeline: «ref»g.#Service & {
	«name»name: «nameV»"web"
	#with: «region»region: «regionV»"eu"
	«st»stages: «test»test: «testV»{needs: ["build"], exec: command: ["t"]}
	stages: «build»build: «to»timeout: «toV»"1m"
}
`})
	d := ds[0]
	holdPlaces(t, d, places, []where{
		{"", "pk", "ref"},
		{"name", "name", "nameV"},
		{"stages.test", "test", "testV"},
		{"stages.build", "build", "to"},
		{"stages.build.timeout", "to", "toV"},
		{"stages.build.exec", "ref", "ref"}, // only the module wrote it: the user's line is the one that asked for the module
		{"environments.live.tier", "ref", "ref"},
		{"environments.live.region", "ref", "ref"},
	})
	all := d.Source.All("environments.live.tier")
	if len(all) != 2 || all[0].Module != "" || all[1].Key.String() != places["gtier"] || all[1].Module != "g.example.com/g" {
		t.Errorf("the module's own line doesn't follow the user's: %+v", all)
	}
	all = d.Source.All("stages.build")
	if len(all) != 2 || all[1].Key.String() != places["gbuild"] {
		t.Errorf("the module's line doesn't follow: %+v", all)
	}
}

func TestMapOfPipelines(t *testing.T) {
	ds, places := decodeMarked(t, map[string]string{
		"a.cue": "package web\n\npipelines: {\n\t«web»web: «webV»stages: «a»a: «aV»exec: command: [\"x\"]\n\t\"web-2\": stages: a: exec: command: [\"y\"]\n}\n",
		"b.cue": "package web\n\npipelines: \"web-2\": {«own»owner: «ownV»{team: \"t\"}}\n",
	})
	if len(ds) != 2 || ds[0].Name != "web" || ds[1].Name != "web-2" || ds[1].Pipeline.Name != "web-2" {
		t.Fatalf("got %+v", ds)
	}
	holdPlaces(t, ds[0], places, []where{{"", "web", "webV"}, {"stages.a", "a", "aV"}})
	holdPlaces(t, ds[1], places, []where{{"owner", "own", "ownV"}})
}

// TestMapCoversEverything holds that each path of every example has an entry, with a place in a file that exists.
func TestMapCoversEverything(t *testing.T) {
	units, diags, err := load.Load(t.Context(), load.Options{Dir: filepath.Join("..", ".."), Args: []string{"examples/..."}})
	if err != nil || len(diags) > 0 {
		t.Fatal(err, diags)
	}
	paths := 0
	for _, u := range units {
		for _, d := range Decode(u) {
			d.Source.Each(func(path string) {
				paths++
				for _, e := range d.Source.All(path) {
					if e.Key.Start.Line == 0 || !strings.HasPrefix(e.Key.File, "examples/") || e.Value.Start.Line == 0 {
						t.Errorf("%s: %s: %+v", d.Name, path, e)
					}
				}
				if first := d.Source.All(path)[0]; first.Module != "" || strings.Contains(first.Key.File, "cue.mod/") {
					t.Errorf("%s: %s: the first place is not the user's: %+v", d.Name, path, first)
				}
			})
		}
	}
	if paths < 500 {
		t.Errorf("only %d paths", paths)
	}
}

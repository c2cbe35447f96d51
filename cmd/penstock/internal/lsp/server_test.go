package lsp

import (
	"encoding/json"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const base = `package p

pipeline: {
	name: "p"
	environments: {
		// where the tests are
		staging: {tier: "staging", process: {}}
	}
	artifacts: app: file: path: "app"
	workloads: web: process: {artifact: "app", listen: ":8080"}
	stages: build: exec: {command: ["make"], produces: app: {}}
}
`

const stage = `package p

pipeline: stages: staging: {
	description: "führt 🚀 aus", needs: ["biuld"]
	deploy: {workload: "web", in: "staging", allAtOnce: {}}
}
`

// modern is what an editor of today can do.
const modern = `{"textDocument":{"completion":{"completionItem":{"snippetSupport":true}},"documentSymbol":{"hierarchicalDocumentSymbolSupport":true},"codeAction":{"codeActionLiteralSupport":{}}}}`

// TestSession is an hour of somebody's work: a mistake is shown where it is, mended, and the next one is prevented.
func TestSession(t *testing.T) {
	before := runtime.NumGoroutine()
	c := start(t, map[string]string{"base.cue": base, "stage.cue": stage}, modern)
	c.open("stage.cue", stage)
	got := c.diagnostics("stage.cue", 1)
	line := strings.Split(stage, "\n")[3]
	col := len([]rune(line[:strings.Index(line, `"biuld"`)])) + 1 // the rocket has two UTF-16 units
	if len(got) != 1 {
		t.Fatalf("findings: %+v", got)
	}
	want := diagnostic{
		Range: textRange{position{3, col}, position{3, col + len(`"biuld"`)}}, Severity: 1, Code: "unknown-stage", Source: "penstock",
		Message: got[0].Message,
	}
	if diff := cmp.Diff(want, got[0]); diff != "" || !strings.Contains(got[0].Message, `did you mean "build"?`) {
		t.Fatalf("%s\n%q", diff, got[0].Message)
	}

	var actions []codeAction
	c.call("textDocument/codeAction", map[string]any{"textDocument": documentID{c.uri("stage.cue")}, "range": got[0].Range}, &actions)
	if len(actions) != 1 || actions[0].Title != `Change to "build"` {
		t.Fatalf("actions are %+v", actions)
	}
	edit := actions[0].Edit.Changes[c.uri("stage.cue")][0]
	c.notify("textDocument/didChange", map[string]any{
		"textDocument":   map[string]any{"uri": c.uri("stage.cue"), "version": 2},
		"contentChanges": []any{map[string]any{"range": edit.Range, "text": edit.Text}},
	})
	if got := c.diagnostics("stage.cue", 2); len(got) != 0 {
		t.Fatalf("still wrong: %+v", got)
	}

	half := strings.Replace(stage, `needs: ["biuld"]`, `needs: ["|`, 1)
	c.change("stage.cue", 3, strings.Replace(half, "|", "", 1))
	var list completionList
	c.call("textDocument/completion", c.near("stage.cue", half), &list)
	var names []string
	for _, it := range list.Items {
		names = append(names, it.Edit.Text)
	}
	if diff := cmp.Diff([]string{`"build"`}, names); diff != "" {
		t.Error(diff)
	}
	at := c.near("stage.cue", half)["position"].(position)
	if r := list.Items[0].Edit.Range; r.End != at || r.Start.Character != at.Character-1 {
		t.Errorf("the proposal replaces %+v, the cursor is at %+v", r, at)
	}
	c.bye()
	for deadline := 0; runtime.NumGoroutine() > before; deadline++ {
		if deadline > 1000 {
			t.Fatalf("%d goroutines are left, there were %d", runtime.NumGoroutine(), before)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestHoverAndDefinition(t *testing.T) {
	c := start(t, map[string]string{"base.cue": base, "stage.cue": stage}, modern)
	c.open("stage.cue", stage)
	for name, tc := range map[string]struct{ at, want string }{
		"field":     {strings.Replace(stage, "needs", "ne|eds", 1), "**needs**: a list\n\nneeds are the stages that must have succeeded before."},
		"reference": {strings.Replace(stage, `"staging", all`, `"stag|ing", all`, 1), "environment **staging**: staging\n\nwhere the tests are\n\nDeclared in `base.cue:7`."},
		"dangling":  {strings.Replace(stage, "biuld", "bi|uld", 1), `No stage is called "biuld" here.`},
	} {
		var h hover
		c.call("textDocument/hover", c.near("stage.cue", tc.at), &h)
		if !strings.Contains(h.Contents.Value, tc.want) {
			t.Errorf("%s: hover says %q", name, h.Contents.Value)
		}
	}
	var found []location
	c.call("textDocument/definition", c.near("stage.cue", strings.Replace(stage, `"staging", all`, `"stag|ing", all`, 1)), &found)
	want := []location{{c.uri("base.cue"), textRange{position{6, 2}, position{6, 9}}}}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Error(diff)
	}
	params := c.near("stage.cue", strings.Replace(stage, `"web"`, `"w|eb"`, 1))
	params["context"] = map[string]bool{"includeDeclaration": true}
	c.call("textDocument/references", params, &found)
	if len(found) != 2 || found[0].URI != c.uri("stage.cue") || found[1].URI != c.uri("base.cue") {
		t.Errorf("references are %+v", found)
	}
	var syms []documentSymbol
	c.call("textDocument/documentSymbol", documentParams{documentID{c.uri("stage.cue")}}, &syms)
	if len(syms) != 1 || len(syms[0].Children) != 1 || syms[0].Children[0].Detail != "stage (deploy)" {
		t.Errorf("symbols are %+v", syms)
	}
	c.bye()
}

// TestOtherFiles: a change of one file is seen in another one, and in packages that import it.
func TestOtherFiles(t *testing.T) {
	shared := "package shared\n\n#Timeout: \"1m\"\n"
	app := "package app\n\nimport \"example.com/m/shared\"\n\npipeline: {name: \"a\", stages: a: {timeout: shared.#Timeout, exec: command: [\"x\"]}}\n"
	c := start(t, map[string]string{
		"cue.mod/module.cue": "module: \"example.com/m@v0\"\nlanguage: version: \"v0.17.0\"\n",
		"shared/s.cue":       shared, "app/a.cue": app,
	}, modern)
	c.open("app/a.cue", app)
	if got := c.diagnostics("app/a.cue", 1); len(got) != 0 {
		t.Fatalf("findings: %+v", got)
	}
	c.open("shared/s.cue", shared)
	if got := c.diagnostics("shared/s.cue", 1); len(got) != 0 {
		t.Fatalf("a shared package needs no pipeline: %+v", got)
	}
	c.change("shared/s.cue", 2, strings.Replace(shared, "1m", "soon", 1))
	for {
		if got := c.diagnostics("app/a.cue", 0); len(got) > 0 {
			if got[0].Code != "bad-duration" && got[0].Severity != 1 {
				t.Errorf("findings: %+v", got)
			}
			break
		}
	}
	c.notify("textDocument/didClose", documentParams{documentID{c.uri("app/a.cue")}})
	for len(c.diagnostics("app/a.cue", 0)) > 0 {
	}
	c.bye()
}

// TestShared: names lead into the files of packages that a pipeline is built from, vendored ones too.
func TestShared(t *testing.T) {
	golden := "package golden\n\nimport \"penstock.dev/schema\"\n\n#P: schema.#Pipeline & {\n\tstages: build: exec: command: [\"make\"]\n}\n"
	app := "package app\n\nimport \"example.com/golden\"\n\npipeline: golden.#P & {\n\tname: \"a\"\n\tstages: x: {needs: [\"build\"], exec: command: [\"y\"]}\n}\n"
	c := start(t, map[string]string{
		"cue.mod/module.cue":                   "module: \"example.com/m@v0\"\nlanguage: version: \"v0.17.0\"\n",
		"cue.mod/pkg/example.com/golden/g.cue": golden, "app/a.cue": app,
	}, modern)
	c.open("app/a.cue", app)
	if got := c.diagnostics("app/a.cue", 1); len(got) != 0 {
		t.Fatalf("findings: %+v", got)
	}
	shared := c.uri("cue.mod/pkg/example.com/golden/g.cue")
	for marked, want := range map[string]textRange{
		strings.Replace(app, `["build`, `["bu|ild`, 1): {position{5, 9}, position{5, 14}},
		strings.Replace(app, "n.#P", "n.#|P", 1):       {position{4, 0}, position{4, 2}},
	} {
		var found []location
		c.call("textDocument/definition", c.near("app/a.cue", marked), &found)
		if diff := cmp.Diff([]location{{shared, want}}, found); diff != "" {
			t.Errorf("%s: %s", marked, diff)
		}
	}
	half := strings.Replace(app, `["build"]`, `["|`, 1)
	c.change("app/a.cue", 2, strings.Replace(half, "|", "", 1))
	if got := c.diagnostics("app/a.cue", 2); len(got) != 1 || got[0].Code != "syntax" {
		t.Errorf("findings: %+v", got)
	}
	var list completionList
	c.call("textDocument/completion", c.near("app/a.cue", half), &list)
	if len(list.Items) != 1 || list.Items[0].Label != "build" {
		t.Errorf("what was known before the text broke is not proposed: %+v", list.Items)
	}
	c.bye()
}

// TestRelated: what explains a finding is a place, too, in whatever file; a warning is one.
func TestRelated(t *testing.T) {
	c := start(t, map[string]string{"base.cue": base}, modern)
	text := "package p\n\npipeline: name: \"q\"\n"
	c.open("other.cue", text)
	got := c.diagnostics("other.cue", 1)
	if len(got) != 1 || got[0].Code != "conflict" || len(got[0].Related) != 1 {
		t.Fatalf("findings: %+v", got)
	}
	want := location{c.uri("base.cue"), textRange{position{3, 7}, position{3, 10}}}
	if diff := cmp.Diff(want, got[0].Related[0].Location); diff != "" {
		t.Error(diff)
	}
	c.change("other.cue", 2, "package p\n\npipeline: stages: a: {\n\tneeds: [\"build\", \"b\"]\n\texec: command: [\"x\"]\n}\npipeline: stages: b: {needs: [\"build\"], exec: command: [\"x\"]}\n")
	got = c.diagnostics("other.cue", 2)
	if len(got) != 1 || got[0].Code != "redundant-need" || got[0].Severity != 2 {
		t.Errorf("findings: %+v", got)
	}
	c.bye()
}

// TestEncoding: a client that counts bytes gets bytes.
func TestEncoding(t *testing.T) {
	c := start(t, map[string]string{"base.cue": base}, `{"general":{"positionEncodings":["utf-8","utf-16"]}}`)
	c.open("stage.cue", stage)
	got := c.diagnostics("stage.cue", 1)
	if want := strings.Index(strings.Split(stage, "\n")[3], `"biuld"`); len(got) != 1 || got[0].Range.Start.Character != want {
		t.Errorf("want column %d: %+v", want, got)
	}
	c.bye()
}

// TestLifecycle: what is said at the wrong time, or makes no sense, has an answer and no other effect.
func TestLifecycle(t *testing.T) {
	c := start(t, nil, `{}`)
	code := func(method string, params any) int {
		m := c.response(c.request(method, params))
		if m.Error == nil {
			return 0
		}
		return m.Error.Code
	}
	if got := code("initialize", nil); got != codeInvalidRequest {
		t.Errorf("a second initialize: %d", got)
	}
	if got := code("textDocument/dance", nil); got != codeNoMethod {
		t.Errorf("an unknown method: %d", got)
	}
	if got := code("textDocument/hover", []int{1}); got != codeInvalidParams {
		t.Errorf("wrong parameters: %d", got)
	}
	if got := code("textDocument/hover", map[string]any{"textDocument": documentID{"file:///nowhere.cue"}}); got != 0 {
		t.Errorf("a file that isn't open: %d", got)
	}
	c.notify("textDocument/dance", nil)
	c.notify("$/cancelRequest", map[string]any{"id": 77})
	c.write(map[string]any{"jsonrpc": "2.0", "id": 77, "method": "textDocument/hover", "params": map[string]any{}})
	if m := c.response("77"); m.Error == nil || m.Error.Code != codeCancelled {
		t.Errorf("a request that was taken back: %+v", m)
	}
	for _, raw := range []string{"Content-Length: 1\r\n\r\n{", "Content-Length: x\r\n", "\r\n", "Content-Length: 2\r\n\r\n[]", "Content-Length: 9\r\n\r\n{\"id\":{}}"} {
		if _, err := c.to.Write([]byte(raw)); err != nil {
			t.Fatal(err)
		}
		if m := c.response("null"); m.Error == nil {
			t.Errorf("%q has no error", raw)
		}
	}
	c.call("shutdown", nil, nil)
	if got := code("textDocument/hover", nil); got != codeInvalidRequest {
		t.Errorf("after shutdown: %d", got)
	}
	c.notify("exit", nil)
	c.ended(nil)
}

func TestLeft(t *testing.T) {
	c := start(t, nil, `{}`)
	c.notify("exit", nil)
	c.ended(ErrNoShutdown)
	c = start(t, nil, `{}`)
	c.to.Close()
	c.ended(ErrNoShutdown)
}

func TestNotInitialized(t *testing.T) {
	out, err := serve(t.Context(), []byte("Content-Length: 36\r\n\r\n"+`{"id":1,"method":"textDocument/foo"}`))
	if err != ErrNoShutdown {
		t.Error(err)
	}
	_, content, _ := strings.Cut(out.String(), "\r\n\r\n")
	var m message
	if json.Unmarshal([]byte(content), &m) != nil || m.Error == nil || m.Error.Code != codeNotInitialized {
		t.Errorf("got %s", content)
	}
}

func TestHandlersOnce(t *testing.T) {
	var seen []string
	for _, h := range handlers() {
		if slices.Contains(seen, h.method) {
			t.Errorf("%s is there twice", h.method)
		}
		seen = append(seen, h.method)
	}
}

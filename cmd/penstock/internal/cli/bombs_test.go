package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/penstock-dev/penstock/internal/corpus"
	"github.com/penstock-dev/penstock/internal/diag"
)

// asPenstock makes the test binary the program, so that bombs go off in a process of their own.
const asPenstock = "PENSTOCK_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asPenstock) == "" {
		os.Exit(m.Run())
	}
	app := App{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Version: "test"}
	os.Exit(app.Main(context.Background(), os.Args[1:]))
}

// bomb is CUE that is short to write and long to evaluate.
type bomb struct {
	name    string
	imports string
	// text is added to a sound pipeline.
	text string
	// codes are the diagnostics of which one is expected, none for what only has to end. What runs into a bound may run into
	// the other one first on another machine.
	codes string
}

const beyondAny = "took-too-long too-much-memory"

// deep is what nests or goes on for very long; it is refused at once.
func deep() []bomb {
	const n = 100_000
	around := func(open, in, shut string) string {
		return "a: " + strings.Repeat(open, n) + in + strings.Repeat(shut, n)
	}
	return []bomb{
		{"structs", "", around("{a: ", "1", "}"), "too-deep"},
		{"labels", "", around("a: ", "1", ""), "too-deep"},
		{"lists", "", around("[", "", "]"), "too-deep"},
		{"lists and structs", "", around("[{a: ", "1", "}]"), "too-deep"},
		{"parentheses", "", around("(", "1", ")"), "too-deep"},
		{"minus", "", around("-", "1", ""), "too-deep"},
		{"not", "", around("!", "true", ""), "too-deep"},
		{"interpolations", "", around(`"\(`, "1", `)"`), "too-deep"},
		{"conditions", "", "a: {" + strings.Repeat("if true {", n) + "x: 1" + strings.Repeat("}", n) + "}", "too-deep"},
		{"conjunction", "", around("int & ", "1", ""), "too-deep"},
		{"disjunction", "", around("1 | ", "2", ""), "too-deep"},
		{"sum", "", around("1 + ", "1", ""), "too-deep"},
		{"selectors", "", around("a", "", ".b"), "too-deep"},
		{"indices", "", around("a", "", "[0]"), "too-deep"},
		{"calls", "", around("len", "", `("a")`), "too-deep"},
		{"brackets never closed", "", "a: " + strings.Repeat("[", n), "too-deep"},
	}
}

// wide is what runs into the bounds, or would where they are lower.
func wide() []bomb {
	double := func(first, next string, n int) string {
		var b strings.Builder
		b.WriteString(first + "\n")
		for i := range n {
			b.WriteString(strings.NewReplacer("NEW", fmt.Sprintf("a%d", i+1), "OLD", fmt.Sprintf("a%d", i)).Replace(next) + "\n")
		}
		return b.String()
	}
	return []bomb{
		{"clauses", "", "a: [for x in [1] " + strings.Repeat("for y in [1] ", 100_000) + "{x}]", beyondAny},
		{"digits", "", "a: " + strings.Repeat("9", 5_000_000), beyondAny},
		{"range", "list", "a: [for x in list.Range(0, 1000000000, 1) {x}]", beyondAny},
		{"loop in a loop", "list", "_n: [for x in list.Range(0, 1000, 1) {x}]\na: [for x in _n for y in _n for z in _n {x*y*z}]", beyondAny},
		{"texts that double", "", double(`a0: "aaaaaaaaaaaaaaaa"`, `NEW: "\(OLD)\(OLD)"`, 40), beyondAny},
		{"lets that double", "", double(`let a0 = "aaaaaaaaaaaaaaaa"`, `let NEW = "\(OLD)\(OLD)"`, 40) + "z: a40", beyondAny},
		{"lists that double", "", double(`a0: [1, 2, 3, 4]`, `NEW: [for x in [OLD, OLD] for y in x {y}]`, 30), beyondAny},
		{"structs that double", "", double(`a0: {x: 1}`, `NEW: {l: OLD, r: OLD}`, 30), ""},
		{"choices in choices", "list", double(`a0: {k: "a"} | {k: "b"} | {k: "c"} | {k: "d"}`,
			`NEW: {k: "a", n: OLD} | {k: "b", n: OLD} | {k: "c", n: OLD} | {k: "d", n: OLD}`, 10) + "xs: [for i in list.Range(0, 50, 1) {a10}]", beyondAny},
		{"choices at once", "", "x: " + strings.TrimSuffix(double("{b: 1}", " & ({NEW: 1} | {NEW: 2}) &", 40), "&\n") + "", ""},
		{"sorted", "list", "a: list.Sort([for x in list.Range(0, 3000000, 1) {3000000-x}], list.Ascending)", beyondAny},
		{"template", "text/template", `a: template.Execute("` + strings.Repeat("{{range $.x}}", 5) + "a" + strings.Repeat("{{end}}", 5) +
			`", {x: [for i in [1,2,3,4,5,6,7,8,9,0] for j in [1,2,3,4,5,6,7,8,9,0] {i*j}]})`, beyondAny},
		{"patterns", "", "a: {\n" + strings.Repeat("[=~\"^a1\"]: int\n", 3000) + double("a0: 1", "NEW: 1", 3000) + "}", ""},
		{"fields", "", "a: {" + double("a0: 1", "NEW: 1", 500_000) + "}", beyondAny},
		{"line", "", `a: "` + strings.Repeat("x", 15<<20) + `"`, ""},
		{"comment", "", "a: 1 // " + strings.Repeat("x", 15<<20), ""},
	}
}

// odd is what is refused at once.
func odd() []bomb {
	return []bomb{
		{"text of texts", "strings", "a: strings.Repeat(\"a\", 1000000)\nb: strings.Repeat(a, 1000000)", "too-much-memory"},
		{"text times", "", "a: \"a\"*1000000\nb: a*1000000", "too-much-memory"},
		{"text repeated", "strings", `a: strings.Repeat("a", 1000000000000)`, "bad-value"},
		{"list repeated", "list", "a: list.Repeat([1], 1000000000)", "bad-value"},
		{"elements", "", "a: [" + strings.Repeat("0,", 10_000_000) + "]", "file-too-large"},
		{"shift", "math/bits", "a: bits.Lsh(1, 10000000000)", "too-much-memory"},
		{"shift out of the machine", "math/bits", "a: bits.Lsh(1, 1000000000000)", "too-much-memory"},
		{"power of ten", "math", "a: math.Pow(10, 1000000000)", "bad-value"},
		{"power", "math", "a: math.Pow(1.0000001, 99999999999)", ""},
		{"exponential", "math", "a: math.Exp(100000)", "bad-value"},
		{"exponent", "", "a: 1e1000000000 + 1", ""},
		{"expression", "", `a: =~"((((((((((a{0,100}){0,100}){0,100}){0,100}))))))))"` + "\na: \"aaa\"", "bad-value"},
		{"cycle", "", "a: b\nb: a", ""},
		{"sum of itself", "", "a: a + 1", "reference-cycle"},
		{"structural cycle", "", "#A: {a: #A}\nx: #A", "reference-cycle"},
		{"recursion", "", "#L: {n: int, if n > 0 {next: #L & {\"n\": n-1}}}\nx: #L & {n: 1000000}", "reference-cycle"},
	}
}

// The bounds that the language is held to.
const (
	maxTime   = 10 * time.Second
	maxMemory = 1_000_000_000
)

// TestBombs holds that whatever a file says, vet ends in time and in memory, and says why at the file.
func TestBombs(t *testing.T) {
	if testing.Short() || runtime.GOOS != "linux" {
		t.Skip("it takes a minute, and the kernel's word on memory")
	}
	var longest time.Duration
	var largest int64
	quick := append(deep(), odd()...)
	all := append(quick, wide()...)
	for i, b := range all {
		t.Run(b.name, func(t *testing.T) {
			timeout := "5s"
			if i >= len(quick) {
				timeout = "1s"
			}
			imports := ""
			if b.imports != "" {
				imports = fmt.Sprintf("import %q\n", b.imports)
			}
			files := map[string]string{"bomb.cue": "package p\n\n" + imports + "\n" + base + b.text + "\n"}
			out, took, rss := explode(t, files, "bomb.cue", "--timeout", timeout)
			longest, largest = max(longest, took), max(largest, rss)
			found := foundIn(t, out)
			if b.codes == "" {
				return
			}
			if len(found) == 0 || !strings.Contains(b.codes, string(found[0].Code)) || found[0].Range.File != "bomb.cue" {
				t.Errorf("found %v, want one of %s in bomb.cue", found, b.codes)
			}
		})
	}
	t.Logf("%d bombs: the longest took %.1fs, the largest %d MB", len(all), longest.Seconds(), largest/1_000_000)
}

const base = `pipeline: {name: "x", stages: build: exec: command: ["make"]}` + "\n"

// TestBombPackages is TestBombs for what takes several files.
func TestBombPackages(t *testing.T) {
	if testing.Short() || runtime.GOOS != "linux" {
		t.Skip("it takes long, and the kernel's word on memory")
	}
	const module = "module: \"a.example\"\nlanguage: version: \"v0.17.0\"\n"
	many := map[string]string{}
	for i := range 1000 {
		many[fmt.Sprintf("f%d.cue", i)] = fmt.Sprintf("package p\n\nf%d: {a: 1, b: f%d}\n", i, (i+1)%1000)
	}
	many["p.cue"] = "package p\n\n" + base
	for name, files := range map[string]map[string]string{
		"many files": many,
		"imports in a circle": {
			"cue.mod/module.cue": module, "p.cue": "package p\n\nimport \"a.example/b\"\n\n" + base + "x: b.x\n",
			"b/b.cue": "package b\n\nimport \"a.example/c\"\n\nx: c.x\n", "c/c.cue": "package c\n\nimport \"a.example/b\"\n\nx: b.x\n",
		},
		"module file":  {"cue.mod/module.cue": module + "custom: a: " + strings.Repeat("{a: ", 5000) + "1" + strings.Repeat("}", 5000), "p.cue": "package p\n\n" + base},
		"module loops": {"cue.mod/module.cue": module + "custom: a: [for x in [1] " + strings.Repeat("for y in [1, 2] ", 60) + "{x}]", "p.cue": "package p\n\n" + base},
		"embedded":     {"p.cue": "@extern(embed)\n\npackage p\n\n" + base + "x: _ @embed(file=x.txt,type=text)\n", "x.txt": strings.Repeat("x", 100<<20)},
		"embedded JSON": {
			"p.cue": "@extern(embed)\n\npackage p\n\n" + base + "x: _ @embed(file=x.json)\n", "x.json": strings.Repeat("[", 1_000_000) + strings.Repeat("]", 1_000_000),
		},
		"manifests": {
			"p.cue": "package p\n\npipeline: {name: \"x\", environments: e: {tier: \"test\", kubernetes: {context: \"c\", namespace: \"n\"}}\n" +
				"workloads: w: kubernetes: manifests: [\"x.yaml\"]\nstages: s: deploy: {workload: \"w\", in: \"e\", rolling: {}}}\n",
			"x.yaml": "a: &a [x, x, x, x, x, x, x, x, x]\n" + doubling("abcdefghij"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			out, _, _ := explode(t, files, ".", "--timeout", "1s")
			t.Log(foundIn(t, out))
		})
	}
}

// doubling is YAML in which each name is nine times the one before.
func doubling(names string) string {
	var b strings.Builder
	for i := 1; i < len(names); i++ {
		refs := strings.TrimSuffix(strings.Repeat("*"+names[i-1:i]+", ", 9), ", ")
		fmt.Fprintf(&b, "%[1]c: &%[1]c [%[2]s]\n", names[i], refs)
	}
	return b.String()
}

// explode vets files in a process of its own.
func explode(t *testing.T, files map[string]string, args ...string) (out []byte, took time.Duration, rss int64) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := corpus.Put(filepath.Join(dir, filepath.FromSlash(name)), []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, append([]string{"vet", "-o", "json", "--max-memory", "1GB"}, args...)...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), asPenstock+"=1")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	start := time.Now()
	out, err = cmd.Output()
	took = time.Since(start)
	if code := cmd.ProcessState.ExitCode(); code > ExitFindings || code < 0 {
		t.Fatalf("exit code %d, %v: %.500s", code, err, stderr.String())
	}
	rss = cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss * 1024
	if took > maxTime || rss > maxMemory {
		t.Errorf("it took %s and %d MB", took, rss/1_000_000)
	}
	return out, took, rss
}

// foundIn are the diagnostics of a JSON document of vet.
func foundIn(t *testing.T, out []byte) diag.List {
	t.Helper()
	var doc struct{ Diagnostics diag.List }
	if err := json.Unmarshal(out, &doc); err != nil {
		t.Fatalf("%v in %.200s", err, out)
	}
	return doc.Diagnostics
}

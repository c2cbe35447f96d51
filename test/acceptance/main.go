// Command acceptance reads the output of `go test -json`, prints it for people, and fails when a test failed or when a
// line of docs/acceptance.md names a test that is absent or was skipped.
//
//	go test -json ./... | go run ./test/acceptance [-tiers FILE] [-only-tests]
//
// A line of the table is `| issue.line | what | evidence |`. Evidence is one or more of `package.TestName` (relative to
// the module, in back quotes; a subtest follows a slash) and `make target`. For make targets the tiers file, which
// .ci/run writes, says what ran and how it ended.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
)

const module = "github.com/penstock-dev/penstock/"

// testEvent is the part of test2json's record that is needed.
type testEvent struct {
	Action  string
	Package string
	Test    string
	Output  string
	Elapsed float64
}

func main() {
	tiers := flag.String("tiers", "", "file with a line `target status` for each make target that ran")
	doc := flag.String("doc", "docs/acceptance.md", "the table")
	show := flag.String("show", "", "also print the output of tests whose name matches this expression")
	flag.Parse()
	if err := run(os.Stdin, os.Stdout, *doc, *tiers, *show); err != nil {
		fmt.Fprintln(os.Stderr, "acceptance:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer, doc, tiersFile, show string) error {
	var shown *regexp.Regexp
	if show != "" {
		var err error
		if shown, err = regexp.Compile(show); err != nil {
			return fmt.Errorf("-show: %w", err)
		}
	}
	res, err := read(in, out, shown)
	if err != nil {
		return err
	}
	tiers, err := readTiers(tiersFile)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(doc)
	if err != nil {
		return err
	}
	rows, missing := check(string(text), res, tiers)
	fmt.Fprintf(out, "%d passed, %d failed, %d skipped\n", res.passed, res.failed, res.skipped)
	for _, m := range missing {
		fmt.Fprintln(out, "acceptance:", m)
	}
	fmt.Fprintf(out, "acceptance: %d lines, %d without their evidence\n", rows, len(missing))
	if res.failed > 0 || len(missing) > 0 {
		return fmt.Errorf("%d failed, %d acceptance lines without evidence", res.failed, len(missing))
	}
	return nil
}

// results are the outcomes by "package.Test", relative to the module.
type results struct {
	outcome                 map[string]string
	passed, failed, skipped int
}

// read folds the stream and prints what `go test` would have printed: package lines, and the output of what failed.
func read(in io.Reader, out io.Writer, shown *regexp.Regexp) (*results, error) {
	res := &results{outcome: map[string]string{}}
	output := map[string][]string{}
	dec := json.NewDecoder(bufio.NewReaderSize(in, 1<<20))
	for {
		var e testEvent
		if err := dec.Decode(&e); err == io.EOF {
			return res, nil
		} else if err != nil {
			return nil, fmt.Errorf("read `go test -json`: %w", err)
		}
		key := strings.TrimPrefix(e.Package, module) + "." + e.Test
		switch e.Action {
		case "output", "build-output":
			if e.Test == "" && e.Action == "output" && keep(e.Output) || e.Action == "build-output" {
				fmt.Fprint(out, e.Output)
			}
			output[key] = append(output[key], e.Output)
		case "pass", "fail", "skip":
			res.add(key, e)
			if e.Test != "" && (e.Action == "fail" || shown != nil && shown.MatchString(e.Test)) {
				tell(out, output[key])
			}
			if e.Test == "" && e.Action == "fail" {
				tell(out, output[key])
			}
			delete(output, key)
		}
	}
}

// tell prints a test's output without the lines that only say when it ran.
func tell(out io.Writer, lines []string) {
	for _, l := range lines {
		if !strings.HasPrefix(l, "=== ") {
			fmt.Fprint(out, l)
		}
	}
}

// keep says which lines of a package are worth a line: its closing one.
func keep(line string) bool {
	return strings.HasPrefix(line, "ok  \t") || strings.HasPrefix(line, "FAIL\t") || strings.HasPrefix(line, "--- FAIL")
}

func (r *results) add(key string, e testEvent) {
	if e.Test == "" {
		if e.Action == "fail" {
			r.failed++
		}
		return
	}
	r.outcome[key] = e.Action
	switch e.Action {
	case "pass":
		r.passed++
	case "fail":
		r.failed++
	case "skip":
		r.skipped++
	}
}

func readTiers(file string) (map[string]string, error) {
	if file == "" {
		return nil, nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	tiers := map[string]string{}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) == 2 {
			tiers[f[0]] = f[1]
		}
	}
	return tiers, nil
}

var evidence = regexp.MustCompile("`([^`]+)`")

// check walks the table. Make targets are checked only where a tiers file was given.
func check(doc string, res *results, tiers map[string]string) (rows int, missing []string) {
	for line := range strings.Lines(doc) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 3 || !regexp.MustCompile(`^\s*\d+\.\d+\s*$`).MatchString(cells[0]) {
			continue
		}
		rows++
		id := strings.TrimSpace(cells[0])
		found := evidence.FindAllStringSubmatch(cells[2], -1)
		if len(found) == 0 {
			missing = append(missing, id+": names no evidence")
		}
		for _, m := range found {
			if why := lacks(m[1], res, tiers); why != "" {
				missing = append(missing, fmt.Sprintf("%s: %s %s", id, m[1], why))
			}
		}
	}
	slices.Sort(missing)
	return rows, missing
}

func lacks(what string, res *results, tiers map[string]string) string {
	if target, ok := strings.CutPrefix(what, "make "); ok {
		switch status, ran := tiers[target]; {
		case tiers == nil:
			return ""
		case !ran:
			return "did not run"
		case status != "ok":
			return "ended with " + status
		}
		return ""
	}
	switch res.outcome[what] {
	case "pass":
		return ""
	case "":
		return "is absent"
	case "skip":
		return "was skipped"
	}
	return "failed"
}

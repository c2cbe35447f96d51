package engine

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"

	"github.com/penstock-dev/penstock/internal/diag"
)

// DefaultTestTimeout bounds one test of a rule.
const DefaultTestTimeout = 5 * time.Second

// TestReport is what running the tests of rules showed.
type TestReport struct {
	Passed  int `json:"passed"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped"`
	// Tests come in the order of file and line. Never null.
	Tests []TestResult `json:"tests"`
	// Files is the coverage of each file with rules, by name; libraries and rules that come with penstock are left out unless they
	// are what is tested. Never null.
	Files []FileCoverage `json:"files"`
	// Coverage is the percentage of lines of all those files that a test evaluated.
	Coverage float64 `json:"coverage"`
}

// TestResult is one test: a Rego rule whose name begins with test_ (todo_test_ is skipped).
type TestResult struct {
	Name    string     `json:"name"` // package and rule, without "data."
	Range   diag.Range `json:"range"`
	Passed  bool       `json:"passed"`
	Skipped bool       `json:"skipped,omitempty"`
	// Error is why it could not be evaluated; a test that is merely not true has none.
	Error string `json:"error,omitempty"`
}

// FileCoverage is which lines of one file the tests evaluated.
type FileCoverage struct {
	File     string  `json:"file"`
	Coverage float64 `json:"coverage"` // percent of the lines that hold an expression
	// Missed are the lines that no test evaluated. Never null.
	Missed []int `json:"missed"`
}

// OK reports whether nothing failed.
func (r TestReport) OK() bool { return r.Failed == 0 }

// Test runs the tests of the rules in dirs, which may use the shipped library; without dirs those of the shipped rules.
// Tests are held to the same limits as rules. Broken files come as diagnostics.
func Test(ctx context.Context, dirs []string) (TestReport, diag.List, error) {
	src, list, err := readSources(true, dirs)
	if err != nil {
		return TestReport{}, nil, err
	}
	rules, tests := src.split()
	_, more := describe(src, rules)
	if list = append(list, more...); list.HasErrors() {
		return TestReport{}, list.Normalize(), nil
	}
	maps.DeleteFunc(tests, func(name string, _ *ast.Module) bool { return len(dirs) > 0 && src.shipped[name] })
	all := maps.Clone(rules)
	maps.Copy(all, tests)
	c := cover.New()
	results, err := runTests(ctx, src.data, all, c)
	if err != nil {
		report(&list, CodeBroken, "", err)
		return TestReport{}, list.Normalize(), nil
	}
	maps.DeleteFunc(rules, func(name string, _ *ast.Module) bool { return len(dirs) > 0 && src.shipped[name] })
	return summarize(results, rules, c), list.Normalize(), nil
}

// runTests evaluates every test once, one after the other: OPA's coverage tracer wants it so.
func runTests(ctx context.Context, data map[string]any, modules map[string]*ast.Module, c *cover.Cover) ([]*tester.Result, error) {
	store := inmem.NewFromObject(data)
	var results []*tester.Result
	err := storage.Txn(ctx, store, storage.TransactionParams{}, func(txn storage.Transaction) error {
		ch, err := tester.NewRunner().SetCompiler(compiler()).SetStore(store).SetModules(modules).
			SetCoverageQueryTracer(c).RaiseBuiltinErrors(true).SetTimeout(DefaultTestTimeout).RunTests(ctx, txn)
		if err != nil {
			return err
		}
		for r := range ch {
			results = append(results, r)
		}
		return nil
	})
	return results, err
}

func summarize(results []*tester.Result, rules map[string]*ast.Module, c *cover.Cover) TestReport {
	rep := TestReport{Tests: []TestResult{}, Files: []FileCoverage{}}
	for _, r := range results {
		t := TestResult{Range: location(r.Location), Passed: r.Pass(), Skipped: r.Skip}
		t.Name = fmt.Sprintf("%s.%s", trimData(r.Package), r.Name)
		if r.Error != nil {
			t.Error = r.Error.Error()
		}
		switch {
		case t.Skipped:
			rep.Skipped++
		case t.Passed:
			rep.Passed++
		default:
			rep.Failed++
		}
		rep.Tests = append(rep.Tests, t)
	}
	slices.SortFunc(rep.Tests, func(a, b TestResult) int {
		return cmp.Or(cmp.Compare(a.Range.File, b.Range.File), cmp.Compare(a.Range.Start.Line, b.Range.Start.Line), cmp.Compare(a.Name, b.Name))
	})
	covered, lines := 0, 0
	report := c.Report(rules)
	for _, name := range sortedKeys(rules) {
		f := report.Files[name]
		fc := FileCoverage{File: name, Coverage: 100, Missed: []int{}}
		if total := f.CoveredLines + f.NotCoveredLines; total > 0 {
			fc.Coverage = 100 * float64(f.CoveredLines) / float64(total)
		}
		for _, gap := range f.NotCovered {
			for line := gap.Start.Row; line <= gap.End.Row; line++ {
				fc.Missed = append(fc.Missed, line)
			}
		}
		slices.Sort(fc.Missed)
		fc.Missed = slices.Compact(fc.Missed)
		covered, lines = covered+f.CoveredLines, lines+f.CoveredLines+f.NotCoveredLines
		rep.Files = append(rep.Files, fc)
	}
	rep.Coverage = 100
	if lines > 0 {
		rep.Coverage = 100 * float64(covered) / float64(lines)
	}
	return rep
}

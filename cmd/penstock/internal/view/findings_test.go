package view_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/penstock-dev/penstock/cmd/penstock/internal/view"
	"github.com/penstock-dev/penstock/internal/diag"
)

// line 2 has characters of two, three and four bytes in front of what is found.
const sourceText = "package web\n\tä€😀: \"x\" // why, 100%: not\n"

func pos(line, col int) diag.Position { return diag.Position{Line: line, Column: col} }

// found is every kind of finding there is.
func found() view.Findings {
	at := diag.Range{File: "my web/p.cue", Start: pos(2, 13), End: pos(2, 16)}
	list := diag.List{
		{Code: "unknown-tag", Severity: diag.SeverityError, Message: "no file asks for the tag \"x\""},
		{Code: "needs-cycle", Severity: diag.SeverityError, Message: "a, b: 100%\nand <c> & \x01", Hint: "cut it", Range: at, Path: "stages.a",
			Related: []diag.Related{{Range: diag.Range{File: "../shared/q.cue", Start: pos(3, 1)}, Message: "the other"}}},
		{Code: "made-up", Severity: diag.SeverityWarning, Message: "over lines", Range: diag.Range{File: "my web/p.cue", Start: pos(1, 1), End: pos(2, 2)}},
		{Code: "needs-cycle", Severity: diag.SeverityInfo, Message: "a whole file", Range: diag.Range{File: "/abs/x y.cue"}},
		{Code: "needs-cycle", Severity: diag.SeverityError, Message: "twice", Range: diag.Range{File: "-", Start: pos(7, 9)}},
		{Code: "needs-cycle", Severity: diag.SeverityError, Message: "twice", Range: diag.Range{File: "-", Start: pos(8, 9)}},
	}
	allowed := diag.Allowed{
		Diagnostic: diag.Diagnostic{Code: "artifact-never-produced", Severity: diag.SeverityWarning, Message: "nobody builds it", Range: at},
		Reason:     "others do", Comment: diag.Range{File: "my web/p.cue", Start: pos(2, 20), End: pos(2, 24)},
	}
	return view.Findings{
		Pipelines: []view.Checked{{Name: "web", Package: "my web", List: list[1:]}, {Name: "api", Package: "my web"}, {Name: "x", Package: "other"}},
		Packages:  list[:1], List: list, Allowed: []diag.Allowed{allowed}, Version: "v1",
	}
}

// write shows findings twice, which must give the same bytes.
func write(t *testing.T, f view.Findings, format string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "my web"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "my web", "p.cue"), []byte(sourceText), 0o644); err != nil {
		t.Fatal(err)
	}
	var out [2]bytes.Buffer
	for i := range out {
		if err := f.Write(&out[i], view.Style{}, &view.Sources{Dir: dir}, format); err != nil {
			t.Fatal(err)
		}
	}
	if out[0].String() != out[1].String() {
		t.Errorf("%s: the bytes differ from call to call", format)
	}
	return out[0].String()
}

func contains(t *testing.T, out string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(out, p) {
			t.Errorf("missing %s in\n%s", p, out)
		}
	}
}

// TestSARIF holds logs to the standard's own schema, by a validator that is not ours.
func TestSARIF(t *testing.T) {
	const file = "testdata/sarif/sarif-2.1.0-rtm.5.json"
	schema, err := jsonschema.NewCompiler().Compile(file)
	if err != nil {
		t.Fatal(err)
	}
	based := found()
	based.Base = "services"
	for name, f := range map[string]view.Findings{"full": found(), "empty": {}, "below the workspace": based} {
		t.Run(name, func(t *testing.T) {
			doc, err := jsonschema.UnmarshalJSON(strings.NewReader(write(t, f, "sarif")))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(doc); err != nil {
				t.Error(err)
			}
		})
	}
	if schema.Validate(map[string]any{"version": "2.1.0"}) == nil {
		t.Error("the validator accepts a log without runs")
	}
}

func TestSARIFContent(t *testing.T) {
	type location struct {
		ID       int `json:"id"`
		Physical struct {
			Artifact struct{ URI, UriBaseId string } `json:"artifactLocation"`
			Region   *struct{ StartLine, StartColumn, EndLine, EndColumn int }
		} `json:"physicalLocation"`
	}
	var log struct {
		Runs []struct {
			ColumnKind string
			Tool       struct {
				Driver struct {
					Rules []struct {
						ID   string
						Help struct{ Text string }
					}
				}
			}
			Results []struct {
				RuleID           string
				RuleIndex        int
				Level            string
				Locations        []location
				RelatedLocations []location
				Suppressions     []struct{ Kind, Justification string }
				Prints           map[string]string `json:"partialFingerprints"`
			}
		}
	}
	if err := json.Unmarshal([]byte(write(t, found(), "sarif")), &log); err != nil {
		t.Fatal(err)
	}
	run := log.Runs[0]
	if run.ColumnKind != "unicodeCodePoints" || len(run.Results) != 7 || len(run.Tool.Driver.Rules) != 4 {
		t.Fatalf("%+v", run)
	}
	for i, r := range run.Results {
		rule := run.Tool.Driver.Rules[r.RuleIndex]
		if rule.ID != r.RuleID || (rule.Help.Text == "") != (r.RuleID == "made-up") {
			t.Errorf("result %d: rule %+v", i, rule)
		}
		if (i == 6) != (len(r.Suppressions) == 1) {
			t.Errorf("result %d: suppressions %v", i, r.Suppressions)
		}
	}
	if len(run.Results[0].Locations) != 0 {
		t.Errorf("a finding without a place has one: %+v", run.Results[0].Locations)
	}
	at := run.Results[1].Locations[0].Physical
	if at.Artifact.URI != "my%20web/p.cue" || at.Artifact.UriBaseId != "%SRCROOT%" || at.Region.StartColumn != 7 || at.Region.EndColumn != 10 {
		t.Errorf("columns count characters: %+v %+v", at, at.Region)
	}
	rel := run.Results[1].RelatedLocations[0]
	if rel.ID != 1 || rel.Physical.Artifact.URI != "../shared/q.cue" {
		t.Errorf("%+v", rel)
	}
	if p := run.Results[3].Locations[0].Physical; p.Artifact.URI != "file:///abs/x%20y.cue" || p.Region != nil || run.Results[3].Level != "note" {
		t.Errorf("%+v", p)
	}
	if a, b := run.Results[4].Prints["penstock/v1"], run.Results[5].Prints["penstock/v1"]; a == b || a[:32] != b[:32] {
		t.Errorf("fingerprints %s and %s", a, b)
	}
	if s := run.Results[6].Suppressions[0]; s.Kind != "inSource" || s.Justification != "others do" {
		t.Errorf("%+v", s)
	}
}

func TestGitHub(t *testing.T) {
	f := found()
	f.Base = "services"
	out := write(t, f, "github")
	contains(t, out,
		"::error title=unknown-tag::no file asks for the tag \"x\"\n",
		"::error file=services/my web/p.cue,line=2,col=7,endColumn=10,title=needs-cycle::a, b: 100%25%0Aand <c> & \x01%0Ahint: cut it%0Ashared/q.cue:3:1: the other\n",
		"::warning file=services/my web/p.cue,line=1,endLine=2,title=made-up::over lines\n",
		"::notice file=/abs/x y.cue,title=needs-cycle::",
		"::error file=-,line=7,col=9,title=needs-cycle::twice\n",
		"3 pipelines: 4 errors, 1 warning, 1 allowed\n",
	)
	odd := view.Findings{List: diag.List{{Code: "c", Severity: diag.SeverityError, Message: "m\r", Range: diag.Range{File: "a,b:c%.cue", Start: pos(1, 1)}}}}
	contains(t, write(t, odd, "github"), "::error file=a%2Cb%3Ac%25.cue,line=1,col=1,title=c::m%0D\n")
}

func TestJUnit(t *testing.T) {
	f := found()
	out := write(t, f, "junit")
	for d := xml.NewDecoder(strings.NewReader(out)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	contains(t, out,
		`<testsuites name="penstock vet" tests="4" failures="2" errors="0">`,
		`<testsuite name="." tests="1" failures="1" errors="0">`,
		`<testcase name="package" classname="." time="0">`,
		`<testsuite name="my web" tests="2" failures="1" errors="0">`,
		`<testcase name="web" classname="my web" file="my web/p.cue" time="0">`,
		`<failure message="a, b: 100%&#xA;and &lt;c&gt; &amp; �`, `(and 2 more)" type="needs-cycle">`,
		`<system-out>warning: my web/p.cue:1:1: over lines [made-up]`,
		`<testcase name="api" classname="my web" time="0"></testcase>`,
	)
	only := view.Findings{Pipelines: []view.Checked{{Name: "w", Package: ".", List: found().List[2:3]}}}
	if strings.Contains(write(t, only, "junit"), "<failure") {
		t.Error("a warning fails a case")
	}
	only.Strict = true
	contains(t, write(t, only, "junit"), `<failure message="over lines" type="made-up">`)
}

func TestJSONAndSummary(t *testing.T) {
	f := found()
	f.Since, f.Unchanged = "main", 3
	contains(t, write(t, f, "json"), `"format_version": 1`, `"since": "main"`, `"unchanged": 3`, `"reason": "others do"`)
	contains(t, write(t, view.Findings{}, "json"), `"pipelines": []`, `"diagnostics": []`, `"allowed": []`)
	contains(t, write(t, f, "text"), "3 pipelines: 4 errors, 1 warning, 1 allowed; 3 pipelines unchanged since main\n")
	contains(t, write(t, view.Findings{Since: "x", Unchanged: 1}, "text"), "0 pipelines: no findings; 1 pipeline unchanged since x\n")
}

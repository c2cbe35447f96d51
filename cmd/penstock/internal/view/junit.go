package view

import (
	"encoding/xml"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/penstock-dev/penstock/internal/diag"
)

// The elements of a JUnit report, as far as CI servers read them.
type (
	junitSuites struct {
		XMLName  xml.Name      `xml:"testsuites"`
		Name     string        `xml:"name,attr"`
		Tests    int           `xml:"tests,attr"`
		Failures int           `xml:"failures,attr"`
		Errors   int           `xml:"errors,attr"`
		Suites   []*junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name      string        `xml:"name,attr"`
		Class     string        `xml:"classname,attr"`
		File      string        `xml:"file,attr,omitempty"`
		Time      string        `xml:"time,attr"`
		Failure   *junitFailure `xml:"failure"`
		SystemOut string        `xml:"system-out,omitempty"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// junit writes a suite for each package and a case for each pipeline. What keeps a package from being read is a case of its
// own, named "package".
func (f Findings) junit(w io.Writer) error {
	doc := junitSuites{Name: "penstock vet"}
	for _, p := range f.Pipelines {
		doc.suite(p.Package).add(f.testcase(p.Package, p.Name, p.List))
	}
	var dirs []string
	unread := map[string]diag.List{}
	for _, d := range f.Packages {
		dir := path.Dir(d.Range.File)
		if !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
		unread[dir] = append(unread[dir], d)
	}
	for _, dir := range dirs {
		doc.suite(dir).add(f.testcase(dir, "package", unread[dir]))
	}
	slices.SortStableFunc(doc.Suites, func(a, b *junitSuite) int { return strings.Compare(a.Name, b.Name) })
	for _, s := range doc.Suites {
		doc.Tests, doc.Failures = doc.Tests+s.Tests, doc.Failures+s.Failures
	}
	b, err := xml.MarshalIndent(doc, "", "  ")
	if err != nil {
		return fmt.Errorf("write JUnit: %w", err)
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, b)
	return err
}

// suite returns the suite of the name, which it adds if need be.
func (s *junitSuites) suite(name string) *junitSuite {
	i := slices.IndexFunc(s.Suites, func(o *junitSuite) bool { return o.Name == name })
	if i < 0 {
		i, s.Suites = len(s.Suites), append(s.Suites, &junitSuite{Name: name})
	}
	return s.Suites[i]
}

func (s *junitSuite) add(c junitCase) {
	s.Tests++
	if c.Failure != nil {
		s.Failures++
	}
	s.Cases = append(s.Cases, c)
}

// testcase puts everything that fails into one failure, for several CI servers show only the first.
func (f Findings) testcase(pkg, name string, list diag.List) junitCase {
	c := junitCase{Name: name, Class: pkg, Time: "0"}
	var fails, others []string
	kind, first := "", ""
	for _, d := range list {
		text := f.plain(d)
		if c.File == "" && d.Range.File != "-" {
			c.File = f.file(d.Range.File)
		}
		if d.Severity != diag.SeverityError && !(f.Strict && d.Severity == diag.SeverityWarning) {
			others = append(others, string(d.Severity)+": "+text)
			continue
		}
		if first == "" {
			kind, first = string(d.Code), d.Message
		}
		fails = append(fails, text)
	}
	if len(fails) > 1 {
		first = fmt.Sprintf("%s (and %d more)", first, len(fails)-1)
	}
	if len(fails) > 0 {
		c.Failure = &junitFailure{Message: first, Type: kind, Text: strings.Join(fails, "\n")}
	}
	c.SystemOut = strings.Join(others, "\n")
	return c
}

// plain is a finding as text without colour and quotation.
func (f Findings) plain(d diag.Diagnostic) string {
	d.Range.File = f.file(d.Range.File)
	text := d.String()
	if d.Hint != "" {
		text += "\n  hint: " + d.Hint
	}
	return text
}

package view

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/penstock-dev/penstock/compiler/explain"
	"github.com/penstock-dev/penstock/internal/diag"
)

// The parts of a SARIF 2.1.0 log that penstock writes.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool     `json:"tool"`
		ColumnKind  string        `json:"columnKind"`
		Results     []sarifResult `json:"results"`
		Invocations []sarifCall   `json:"invocations"`
		Properties  any           `json:"properties"`
	}
	sarifCall struct {
		Successful bool `json:"executionSuccessful"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		InformationURI string      `json:"informationUri"`
		Version        string      `json:"version,omitempty"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID         string         `json:"id"`
		Short      *sarifText     `json:"shortDescription,omitempty"`
		Full       *sarifText     `json:"fullDescription,omitempty"`
		Help       *sarifText     `json:"help,omitempty"`
		Properties map[string]any `json:"properties,omitempty"`
	}
	sarifText struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown,omitempty"`
	}
	sarifResult struct {
		RuleID       string             `json:"ruleId"`
		RuleIndex    int                `json:"ruleIndex"`
		Level        string             `json:"level"`
		Message      sarifText          `json:"message"`
		Locations    []sarifLocation    `json:"locations,omitempty"`
		Related      []sarifLocation    `json:"relatedLocations,omitempty"`
		Suppressions []sarifSuppression `json:"suppressions"`
		Fingerprints map[string]string  `json:"partialFingerprints"`
		Properties   map[string]string  `json:"properties,omitempty"`
	}
	sarifSuppression struct {
		Kind          string         `json:"kind"`
		Justification string         `json:"justification"`
		Location      *sarifLocation `json:"location,omitempty"`
	}
	sarifLocation struct {
		ID       int           `json:"id,omitempty"`
		Physical sarifPhysical `json:"physicalLocation"`
		Message  *sarifText    `json:"message,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI  string `json:"uri"`
		Base string `json:"uriBaseId,omitempty"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn,omitempty"`
		EndLine     int `json:"endLine,omitempty"`
		EndColumn   int `json:"endColumn,omitempty"`
	}
)

const sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

// sarif writes a SARIF log. What is allowed is in it, suppressed.
func (f Findings) sarif(w io.Writer, src *Sources) error {
	log := &sarifWriter{Findings: f, src: src, prints: map[string]int{}}
	log.number()
	run := sarifRun{
		Tool:        sarifTool{sarifDriver{Name: "penstock", InformationURI: "https://github.com/penstock-dev/penstock", Version: f.Version, Rules: log.rules()}},
		ColumnKind:  "unicodeCodePoints",
		Results:     []sarifResult{},
		Invocations: []sarifCall{{Successful: true}},
		Properties:  map[string]any{"pipelines": f.names()},
	}
	for _, d := range f.List {
		run.Results = append(run.Results, log.result(d))
	}
	for _, a := range f.Allowed {
		r := log.result(a.Diagnostic)
		place := log.location(a.Comment)
		r.Suppressions = []sarifSuppression{{Kind: "inSource", Justification: a.Reason, Location: &place}}
		run.Results = append(run.Results, r)
	}
	return JSON(w, sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{run}})
}

// sarifWriter numbers the rules and tells equal results apart.
type sarifWriter struct {
	Findings
	src    *Sources
	codes  []diag.Code
	prints map[string]int
}

func (l *sarifWriter) number() {
	for _, d := range l.List {
		l.codes = append(l.codes, d.Code)
	}
	for _, a := range l.Allowed {
		l.codes = append(l.codes, a.Code)
	}
	slices.Sort(l.codes)
	l.codes = slices.Compact(l.codes)
}

// rules explain the codes that occur.
func (l *sarifWriter) rules() []sarifRule {
	out := []sarifRule{}
	for _, c := range l.codes {
		r := sarifRule{ID: string(c)}
		if d, ok := explain.Lookup(c); ok {
			r.Short, r.Full = &sarifText{Text: d.Title}, &sarifText{Text: d.What}
			r.Help = &sarifText{Text: helpText(d), Markdown: helpMarkdown(d)}
			r.Properties = map[string]any{"tags": []string{d.Phase}}
		}
		out = append(out, r)
	}
	return out
}

func helpText(d explain.Doc) string {
	text := d.What + "\n\n" + d.Why
	if d.Bad != "" {
		text += "\n\nFails:\n\n" + indent(d.Bad) + "\n\nPasses:\n\n" + indent(d.Good)
	}
	if d.Allow {
		text += "\n\nTo allow it where it is right: " + d.Waiver()
	}
	return text
}

func helpMarkdown(d explain.Doc) string {
	text := d.What + "\n\n" + d.Why
	if d.Bad != "" {
		text += "\n\nFails:\n\n```cue\n" + strings.TrimRight(d.Bad, "\n") + "\n```\n\nPasses:\n\n```cue\n" + strings.TrimRight(d.Good, "\n") + "\n```"
	}
	if d.Allow {
		text += "\n\nTo allow it where it is right: `" + d.Waiver() + "`"
	}
	return text
}

func (l *sarifWriter) result(d diag.Diagnostic) sarifResult {
	r := sarifResult{
		RuleID: string(d.Code), RuleIndex: slices.Index(l.codes, d.Code), Level: sarifLevel(d.Severity),
		Message: sarifText{Text: d.Message}, Suppressions: []sarifSuppression{}, Fingerprints: map[string]string{"penstock/v1": l.fingerprint(d)},
	}
	if d.Hint != "" {
		r.Message.Text += "\n" + d.Hint
	}
	if d.Path != "" {
		r.Properties = map[string]string{"path": d.Path}
	}
	if !d.Range.IsZero() {
		r.Locations = []sarifLocation{l.location(d.Range)}
	}
	for i, rel := range d.Related {
		place := l.location(rel.Range)
		place.ID, place.Message = i+1, &sarifText{Text: rel.Message}
		r.Related = append(r.Related, place)
	}
	return r
}

func sarifLevel(s diag.Severity) string {
	switch s {
	case diag.SeverityError:
		return "error"
	case diag.SeverityWarning:
		return "warning"
	}
	return "note"
}

// fingerprint stays the same when the lines above a finding change.
func (l *sarifWriter) fingerprint(d diag.Diagnostic) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{string(d.Code), l.file(d.Range.File), d.Path, d.Message}, "\x00")))
	print := hex.EncodeToString(sum[:16])
	l.prints[print]++
	return fmt.Sprintf("%s:%d", print, l.prints[print])
}

func (l *sarifWriter) location(r diag.Range) sarifLocation {
	out := sarifLocation{Physical: sarifPhysical{Artifact: artifact(l.file(r.File))}}
	if r.Start.Line < 1 {
		return out
	}
	region := &sarifRegion{StartLine: r.Start.Line}
	if r.Start.Column > 0 {
		region.StartColumn = l.src.column(r.File, r.Start)
		if r.End.Line > 0 && r.End.Column > 0 {
			region.EndLine, region.EndColumn = r.End.Line, l.src.column(r.File, r.End)
		}
	}
	out.Physical.Region = region
	return out
}

// artifact is a file as a URI: relative to where the sources are, or absolute when it lies elsewhere.
func artifact(file string) sarifArtifact {
	if path.IsAbs(file) {
		return sarifArtifact{URI: (&url.URL{Scheme: "file", Path: file}).String()}
	}
	return sarifArtifact{URI: (&url.URL{Path: file}).String(), Base: "%SRCROOT%"}
}

package view

import (
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/penstock-dev/penstock/internal/diag"
)

// Findings is what was found in the user's files, for every format that shows it.
type Findings struct {
	Pipelines []Checked
	// Packages is what no pipeline has: packages that can't be read, what is wrong with the command line.
	Packages diag.List
	// List is everything, sorted; Allowed what comments allow.
	List    diag.List
	Allowed []diag.Allowed
	// Unchanged is how many pipelines were left out because nothing of theirs changed since the revision Since.
	Unchanged int
	Since     string
	// Strict says that warnings count as failures.
	Strict bool
	// Base is the path from where files are looked for by who reads the output, to where the command runs; "" if they
	// are the same.
	Base string
	// Version is penstock's.
	Version string
}

// Checked is a pipeline that was looked at.
type Checked struct {
	// Package is the package it is in.
	Name, Package string
	List          diag.List
}

// FindingFormats are the formats of [Findings.Write]; the first is the default.
func FindingFormats() []string { return []string{"text", "json", "sarif", "github", "junit"} }

// Write shows the findings in one of [FindingFormats].
func (f Findings) Write(w io.Writer, st Style, src *Sources, format string) error {
	switch format {
	case "json":
		return f.json(w)
	case "sarif":
		return f.sarif(w, src)
	case "github":
		return f.github(w, src)
	case "junit":
		return f.junit(w)
	}
	Diagnostics(w, st, src, f.List)
	_, err := fmt.Fprintln(w, f.summary())
	return err
}

// Failed reports whether the findings fail the command.
func (f Findings) Failed() bool {
	return f.List.HasErrors() || f.Strict && f.List.Count(diag.SeverityWarning) > 0
}

// summary is the closing line.
func (f Findings) summary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: ", count(len(f.Pipelines), "pipeline"))
	errs, warns := f.List.Count(diag.SeverityError), f.List.Count(diag.SeverityWarning)
	if errs == 0 && warns == 0 {
		b.WriteString("no findings")
	} else {
		fmt.Fprintf(&b, "%s, %s", count(errs, "error"), count(warns, "warning"))
	}
	if n := len(f.Allowed); n > 0 {
		fmt.Fprintf(&b, ", %d allowed", n)
	}
	if f.Since != "" {
		fmt.Fprintf(&b, "; %s unchanged since %s", count(f.Unchanged, "pipeline"), f.Since)
	}
	return b.String()
}

// names are the pipelines' names, never nil.
func (f Findings) names() []string {
	out := make([]string, 0, len(f.Pipelines))
	for _, p := range f.Pipelines {
		out = append(out, p.Name)
	}
	return out
}

// file is a file as who reads the output looks for it.
func (f Findings) file(name string) string {
	if f.Base == "" || name == "" || name == "-" || path.IsAbs(name) {
		return name
	}
	return path.Join(f.Base, name)
}

func (f Findings) json(w io.Writer) error {
	doc := struct {
		Format      int            `json:"format_version"`
		Pipelines   []string       `json:"pipelines"`
		Diagnostics diag.List      `json:"diagnostics"`
		Allowed     []diag.Allowed `json:"allowed"`
		Unchanged   *int           `json:"unchanged,omitempty"`
		Since       string         `json:"since,omitempty"`
	}{1, f.names(), orEmpty(f.List), orEmpty(f.Allowed), nil, f.Since}
	if f.Since != "" {
		doc.Unchanged = &f.Unchanged
	}
	return JSON(w, doc)
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

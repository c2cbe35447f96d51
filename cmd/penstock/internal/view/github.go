package view

import (
	"fmt"
	"io"
	"strings"

	"github.com/penstock-dev/penstock/internal/diag"
)

// github writes workflow commands, which GitHub Actions shows at the lines of a pull request, and the closing line for the log.
func (f Findings) github(w io.Writer, src *Sources) error {
	for _, d := range f.List {
		message := d.Message
		if d.Hint != "" {
			message += "\nhint: " + d.Hint
		}
		for _, r := range d.Related {
			r.Range.File = f.file(r.Range.File)
			message += "\n" + r.Range.String() + ": " + r.Message
		}
		if _, err := fmt.Fprintf(w, "::%s %s::%s\n", githubLevel(d.Severity), f.properties(src, d), escapeData(message)); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(w, f.summary())
	return err
}

func githubLevel(s diag.Severity) string {
	switch s {
	case diag.SeverityError:
		return "error"
	case diag.SeverityWarning:
		return "warning"
	}
	return "notice"
}

// properties say where a finding is. Columns count only where the end is on the line of the start.
func (f Findings) properties(src *Sources, d diag.Diagnostic) string {
	var props []string
	add := func(key, value string) { props = append(props, key+"="+escapeProperty(value)) }
	r := d.Range
	if r.File != "" {
		add("file", f.file(r.File))
	}
	if r.Start.Line > 0 {
		add("line", fmt.Sprint(r.Start.Line))
		if r.End.Line > r.Start.Line {
			add("endLine", fmt.Sprint(r.End.Line))
		} else if r.Start.Column > 0 {
			add("col", fmt.Sprint(src.column(r.File, r.Start)))
			if r.End.Column > r.Start.Column {
				add("endColumn", fmt.Sprint(src.column(r.File, r.End)))
			}
		}
	}
	add("title", string(d.Code))
	return strings.Join(props, ",")
}

// escapeData escapes the text behind the second "::" of a workflow command.
func escapeData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

// escapeProperty escapes a value between the commas of a workflow command.
func escapeProperty(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}

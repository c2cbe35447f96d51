package compiler

import (
	"context"
	"maps"
	"slices"

	"github.com/penstock-dev/penstock/compiler/allow"
	"github.com/penstock-dev/penstock/internal/diag"
)

// report keeps what was found in a pipeline, less what comments allow.
func (w *work) report(p *pipeline, found diag.List) {
	left, allowed := w.allows.Filter(found)
	p.list, p.allowed = append(p.list, left...), append(p.allowed, allowed...)
	w.list = append(w.list, left...)
	p.failed = p.failed || left.HasErrors()
}

// allowAll reports what is wrong with the comments that allow findings. In a package with errors none of them is unused: not
// everything was looked at.
func allowAll(_ context.Context, w *work) error {
	failed := func(file string) bool {
		return slices.ContainsFunc(w.pipelines, func(p *pipeline) bool { return p.failed && slices.Contains(p.unit.files, file) })
	}
	list := w.allows.Problems(func(file string) bool { return !failed(file) })
	w.list = append(w.list, list...)
	for _, p := range w.pipelines {
		for _, d := range list {
			if slices.Contains(p.unit.files, d.Range.File) {
				p.list = append(p.list, d)
				p.failed = p.failed || d.Severity == diag.SeverityError
			}
		}
	}
	return nil
}

// remarks takes in the comments of the files that a pipeline names, once they have been looked at.
func (w *work) remarks(p *pipeline) {
	for _, name := range slices.Sorted(maps.Keys(p.files.Remarks)) {
		p.unit.files = append(p.unit.files, w.allows.Add([]allow.File{allow.Text(name, p.files.Remarks[name])})...)
	}
	p.files.Remarks = nil
}

package decode

import (
	"fmt"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/errors"

	"github.com/penstock-dev/penstock/compiler/load"
	"github.com/penstock-dev/penstock/internal/diag"
)

func (t *tracer) explain(p load.Pipeline, root *spot, v cue.Value) diag.List {
	return t.raw(p, root, v.Validate(cue.Concrete(true), cue.Final()))
}

func (t *tracer) undecodable(p load.Pipeline, root *spot, err error) diag.List {
	return t.raw(p, root, err)
}

func (t *tracer) raw(p load.Pipeline, root *spot, err error) diag.List {
	var l diag.List
	for _, e := range errors.Errors(err) {
		f, args := e.Msg()
		path := e.Path()
		s, _ := t.lookup(root, path[min(len(p.Path.Selectors()), len(path)):])
		r := diag.Range{}
		if es := t.places(s); len(es) > 0 {
			r = es[0].Value
		}
		l.Errorf("bad-value", r, fmt.Sprint(path), "%s", fmt.Sprintf(f, args...))
		_ = args
	}
	return l.Normalize()
}

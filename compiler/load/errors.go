package load

import (
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/errors"
	"fmt"

	"github.com/penstock-dev/penstock/internal/diag"
)

func translate(inst *build.Instance, err errors.Error, places Places, d *disk) diag.List {
	var l diag.List
	for _, e := range errors.Errors(err) {
		f, args := e.Msg()
		l.Errorf("raw", places.At(e.Position()), fmt.Sprint(e.Path()), "%T format=%q args=%q: %v", e, f, fmt.Sprint(args), e)
	}
	return l
}

package schema_test

import "cuelang.org/go/cue/errors"

// details is everything CUE says about err.
func details(err error) string { return errors.Details(err, nil) }

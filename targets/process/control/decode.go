package control

import (
	"encoding/json"
	"errors"
	"io"
)

// MaxBody bounds a request, in bytes.
const MaxBody = 4 << 20

// Checker is a request that knows what is wrong with it.
type Checker interface{ Check() error }

// Decode reads one request. Unknown fields, anything after it, and more than [MaxBody] bytes are refused, as is what
// Check refuses.
func Decode(r io.Reader, into Checker) error {
	lr := &io.LimitedReader{R: r, N: MaxBody + 1}
	dec := json.NewDecoder(lr)
	dec.DisallowUnknownFields()
	err := dec.Decode(into)
	if lr.N <= 0 {
		return Errorf(Invalid, "the request has more than %d bytes", MaxBody)
	}
	if err != nil {
		return Errorf(Invalid, "the request is not understood: %v", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Errorf(Invalid, "something follows the request")
	}
	return into.Check()
}

package all

import (
	"strings"
	"testing"

	"github.com/penstock-dev/penstock/targets"
)

// The capabilities say which kinds this build executes; the table must say the same.
func TestTableMatchesCapabilities(t *testing.T) {
	s := New(Options{Root: t.TempDir()})
	for _, k := range targets.Kinds() {
		d, err := s.Driver(t.Context(), k.Kind)
		if (err == nil) != k.Executes {
			t.Errorf("%s: executes %v, but the driver says %v", k.Kind, k.Executes, err)
		}
		if err == nil && d.Kind() != k.Kind {
			t.Errorf("the driver of %s calls itself %s", k.Kind, d.Kind())
		}
		if err != nil && !strings.Contains(err.Error(), "process") {
			t.Errorf("%s: the error doesn't list what is known: %v", k.Kind, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

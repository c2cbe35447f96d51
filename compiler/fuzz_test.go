package compiler_test

import (
	"strings"
	"testing"
	"time"

	"github.com/penstock-dev/penstock/compiler"
	"github.com/penstock-dev/penstock/internal/watch"
)

// FuzzVet gives one file to everything that vet does, and to the rest of the compiler where vet has nothing against it: they
// say something and return, in time. What only takes long is given up.
func FuzzVet(f *testing.F) {
	for _, dir := range []string{"broken", "good"} {
		for i, a := range archives(f, dir) {
			if i%12 != 0 {
				continue // package decode has them all
			}
			for _, file := range a.Files {
				if strings.HasSuffix(file.Name, ".cue") && !strings.HasSuffix(file.Name, "module.cue") {
					f.Add(file.Data)
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		if len(src) > 1<<13 {
			t.Skip("long")
		}
		o := compiler.Options{
			Dir: "/fuzz", Args: []string{"p.cue"}, Overlay: map[string][]byte{"/fuzz/p.cue": src}, Today: today,
			Limits: watch.Limits{Timeout: 10 * time.Second},
		}
		res, list, err := compiler.Vet(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range list {
			if d.Code == "took-too-long" || d.Code == "too-deep" && d.Range.Start.Line == 0 {
				t.Skip(d)
			}
			if d.Message == "" || strings.Contains(d.Message, "\n") || d.Code == "" {
				t.Errorf("message %q, code %q", d.Message, d.Code)
			}
		}
		if len(res.Pipelines) == 0 && len(list) == 0 {
			t.Error("neither a pipeline nor a diagnostic")
		}
		if list.HasErrors() {
			return
		}
		if all, _, err := compiler.Compile(t.Context(), o); err != nil || len(all) != len(res.Pipelines) {
			t.Errorf("vet has nothing against %d pipelines, compile makes %d plans: %v", len(res.Pipelines), len(all), err)
		}
	})
}

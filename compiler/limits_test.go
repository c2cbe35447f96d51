package compiler_test

import (
	"context"
	"testing"
	"time"

	"github.com/penstock-dev/penstock/compiler"
	"github.com/penstock-dev/penstock/internal/watch"
)

// TestLimits holds that those who use the compiler as a library get a finding, too, and not the end of their process.
func TestLimits(t *testing.T) {
	const head = "package p\n\nimport (\"list\", \"strings\")\n\npipeline: {name: strings.ToLower(\"P\"), stages: build: exec: command: [\"make\"]}\n"
	const loop = "_n: [for x in list.Range(0, 60, 1) {x}]\na: [for x in _n for y in _n {x + y}]\n"
	const repeat = "_n: list.Range(0, 3, 1)\na: strings.Repeat(\"a\", len(_n))\n"
	dies := func(context.Context) bool { return true }
	for name, tc := range map[string]struct {
		text   string
		limits watch.Limits
		trial  func(context.Context) bool
		want   string
	}{
		"time":     {loop, watch.Limits{Timeout: 20 * time.Millisecond}, nil, "took-too-long"},
		"memory":   {loop, watch.Limits{Memory: 1}, nil, "too-much-memory"},
		"trial":    {repeat, watch.Limits{}, dies, "too-much-memory"},
		"no trial": {repeat, watch.Limits{}, nil, ""},
		"unasked":  {"a: list.Range(0, 3, 1)\n", watch.Limits{}, dies, ""},
		"within":   {"a: list.Range(0, 3, 1)\n", watch.Limits{Timeout: time.Hour, Memory: 1 << 40}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, list, err := compiler.Vet(t.Context(), compiler.Options{
				Dir: "/limits", Args: []string{"p.cue"}, Overlay: map[string][]byte{"/limits/p.cue": []byte(head + tc.text)},
				Limits: tc.limits, Trial: tc.trial,
			})
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case tc.want == "" && len(list) == 0:
			case len(list) != 1 || string(list[0].Code) != tc.want || list[0].Range.File != "p.cue":
				t.Errorf("found %v, want %q", list, tc.want)
			}
		})
	}
}

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{1 << 30: "1 GiB", 2e9: "2 GB", 512 << 20: "512 MiB", 1500: "1500 bytes", 3 << 10: "3 KiB"} {
		if got := compiler.Size(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}

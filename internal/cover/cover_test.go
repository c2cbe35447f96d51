package cover

import (
	"fmt"
	"testing"

	"github.com/penstock-dev/penstock/internal/bitset"
)

// TestPast tries what needs order decides: which way is shown. That there is one exactly when something goes past all
// checkpoints is held by the policies' engine, on random graphs.
func TestPast(t *testing.T) {
	tests := map[string]struct {
		needs [][]int
		asks  int
		want  string
	}{
		"nobody is asked":         {[][]int{{}, {0}, {1}}, -1, "[0 1 2]"},
		"somebody is":             {[][]int{{}, {0}, {1}}, 1, "[]"},
		"a checkpoint needs none": {[][]int{{}, {0}}, 1, "[]"},
		"past it":                 {[][]int{{}, {0}, {}, {1, 2}}, 1, "[2 3]"},
		"the first of two ways":   {[][]int{{}, {}, {1, 0}}, -1, "[1 2]"},
		"what it waited for":      {[][]int{{}, {0}, {0, 1}}, 1, "[]"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			n := len(tt.needs)
			before, order := bitset.Table(n, n), make([]int, n)
			for i, needs := range tt.needs {
				order[i] = i
				for _, p := range needs {
					before[i].Join(before[p])
					before[i].Add(p)
				}
			}
			c := New(tt.needs, order, func(i int) bitset.Set { return before[i] }, func(i int) bool { return i == tt.asks })
			if got := fmt.Sprint(c.Past(n - 1)); got != tt.want {
				t.Errorf("Past = %s, want %s", got, tt.want)
			}
			if got := c.Asked(n - 1); tt.asks >= 0 && tt.asks < n-1 && !got.Has(tt.asks) {
				t.Error("the checkpoint is not among those before")
			}
		})
	}
}

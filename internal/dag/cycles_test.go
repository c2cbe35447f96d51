package dag

import (
	"fmt"
	"testing"
)

func TestCycles(t *testing.T) {
	tests := map[string]struct {
		edges [][2]string
		want  string
	}{
		"none":      {[][2]string{{"b", "a"}, {"c", "b"}}, "[]"},
		"itself":    {[][2]string{{"b", "a"}, {"b", "b"}}, "[[b]]"},
		"two knots": {[][2]string{{"y", "x"}, {"x", "y"}, {"b", "a"}, {"a", "c"}, {"c", "b"}, {"x", "a"}}, "[[a c b] [x y]]"},
		"one knot":  {[][2]string{{"a", "b"}, {"b", "a"}, {"b", "c"}, {"c", "b"}}, "[[a b]]"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			g := New[string](0)
			for _, e := range tt.edges {
				g.Add(e[0])
				g.Add(e[1])
				g.Need(e[0], e[1])
			}
			if got := fmt.Sprint(g.Cycles()); got != tt.want {
				t.Errorf("Cycles = %s, want %s", got, tt.want)
			}
		})
	}
}

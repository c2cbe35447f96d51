package dag

import (
	"errors"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// parse reads "a: b c; b: c".
func parse(s string) *Graph[string] {
	g := New[string](0)
	for part := range strings.SplitSeq(s, ";") {
		name, needs, _ := strings.Cut(part, ":")
		i := g.Add(strings.TrimSpace(name))
		for _, n := range strings.Fields(needs) {
			g.Edge(i, g.Add(n))
		}
	}
	return g
}

func namesOf(g *Graph[string], list []int) string {
	var out []string
	for _, i := range list {
		out = append(out, g.Name(i))
	}
	return strings.Join(out, " ")
}

func TestOrder(t *testing.T) {
	for _, c := range []struct{ name, graph, want, cycle string }{
		{"ties by name", "c:; a:; b:", "a b c", ""},
		{"needed first", "a: z; z:", "z a", ""},
		{"diamond", "d: b c; b: a; c: a", "a b c d", ""},
		{"name decides among the ready only", "a: m; b:; m:", "b m a", ""},
		{"edge twice", "a: b b", "b a", ""},
		{"self", "a: a", "", "cycle: a → a"},
		{"cycle from its smallest name", "z: y; y: x; x: z; a: x", "", "cycle: x → z → y → x"},
		{"shortest", "a: b c; b: d; d: a; c: a", "", "cycle: a → c → a"},
		{"of two the one with the smallest name", "m: n; n: m; b: c; c: b", "", "cycle: b → c → b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := parse(c.graph)
			order, err := g.Order()
			if c.cycle != "" {
				var cycle *CycleError
				if !errors.As(err, &cycle) || err.Error() != c.cycle {
					t.Fatalf("got %v, want %s", err, c.cycle)
				}
				return
			}
			if err != nil || namesOf(g, order) != c.want {
				t.Errorf("got %s, %v, want %s", namesOf(g, order), err, c.want)
			}
			if g.Cycle() != nil {
				t.Error("cycle in a graph with an order")
			}
		})
	}
}

func TestNeedUnknown(t *testing.T) {
	g := parse("a:")
	if g.Need("a", "b") || g.Need("b", "a") || !g.Need("a", "a") {
		t.Error("need takes known names, and no others")
	}
	if i, ok := g.Index("a"); !ok || i != 0 || g.Len() != 1 {
		t.Error("index of a")
	}
	var zero Graph[string]
	first, again := zero.Add("x"), zero.Add("x")
	if first != 0 || again != 0 || zero.Len() != 1 {
		t.Error("the zero graph takes vertices, each once")
	}
}

// random returns a graph without cycles whose edges lead from higher to lower numbers.
func random(rnd *rand.Rand, n int) *Graph[string] {
	g := New[string](n)
	for i := range n {
		g.Add(fmt.Sprintf("v%02d", rnd.IntN(1000)*100+i))
	}
	for i := 1; i < n; i++ {
		for range rnd.IntN(4) {
			g.Edge(i, rnd.IntN(i))
		}
	}
	return g
}

// dominated is the definition: i can't be reached from any root when d is taken away.
func dominated(g *Graph[string], d, i int) bool {
	if d == i {
		return true
	}
	seen := map[int]bool{i: true}
	for todo := []int{i}; len(todo) > 0; {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if len(g.Needs(at)) == 0 {
			return false
		}
		for _, n := range g.Needs(at) {
			if n != d && !seen[n] {
				seen[n] = true
				todo = append(todo, n)
			}
		}
	}
	return true
}

func TestAgainstDefinitions(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		g := random(rnd, 1+rnd.IntN(24))
		order, err := g.Order()
		if err != nil {
			t.Fatal(err)
		}
		at := make([]int, g.Len())
		for k, i := range order {
			at[i] = k
		}
		r, tree := g.NewReach(order), g.NewTree(order)
		for i := range g.Len() {
			above := g.Ancestors(i)
			if len(above) != r.Count(i) {
				t.Fatalf("%d ancestors, count says %d", len(above), r.Count(i))
			}
			for j := range g.Len() {
				needs := slices.Contains(above, j)
				if r.Needs(i, j) != needs || slices.Contains(g.Descendants(j), i) != needs {
					t.Fatalf("needs(%d, %d) is %v", i, j, needs)
				}
				if needs && at[j] > at[i] {
					t.Fatalf("order: %d before %d", i, j)
				}
				if tree.Dominates(j, i) != dominated(g, j, i) {
					t.Fatalf("dominates(%d, %d) is %v", j, i, !dominated(g, j, i))
				}
				if r.Ordered(i, j) != (i == j || r.Needs(i, j) || r.Needs(j, i)) {
					t.Fatal("ordered")
				}
			}
			if d := tree.Nearest(i); d >= 0 && !r.Needs(i, d) {
				t.Fatalf("the nearest dominator of %d is no ancestor", i)
			}
		}
		checkReduction(t, g, r)
	}
}

// checkReduction takes the redundant edges away: what remains reaches the same, and each further edge is missed.
func checkReduction(t *testing.T, g *Graph[string], r *Reach) {
	t.Helper()
	build := func(without map[[2]int]bool) *Reach {
		c := New[string](g.Len())
		for i := range g.Len() {
			c.Add(g.Name(i))
		}
		for i := range g.Len() {
			for _, n := range g.Needs(i) {
				if !without[[2]int{i, n}] {
					c.Edge(i, n)
				}
			}
		}
		order, err := c.Order()
		if err != nil {
			t.Fatal(err)
		}
		return c.NewReach(order)
	}
	gone := map[[2]int]bool{}
	for _, e := range g.Redundant(r) {
		gone[e] = true
	}
	if !slices.Equal(build(gone).bits, r.bits) {
		t.Fatal("the reduction reaches something else")
	}
	for i := range g.Len() {
		for _, n := range g.Needs(i) {
			if e := [2]int{i, n}; !gone[e] {
				gone[e] = true
				if slices.Equal(build(gone).bits, r.bits) {
					t.Fatalf("edge %v is redundant and was kept", e)
				}
				delete(gone, e)
			}
		}
	}
}

// TestDeep holds that climbing a long chain takes few steps, and that nothing recurses.
func TestDeep(t *testing.T) {
	const n = 200_000
	g := New[int](n)
	for i := range n {
		g.Add(i)
		if i > 0 {
			g.Edge(i, i-1)
		}
	}
	order, err := g.Order()
	if err != nil {
		t.Fatal(err)
	}
	tree := g.NewTree(order)
	steps := 0
	for i := n - 1; i > 0; {
		if j := tree.jump[i]; j >= 0 {
			i = j
		} else {
			i = tree.parent[i]
		}
		steps++
	}
	if steps > 3*bits.Len(n) {
		t.Errorf("%d steps to the top of a chain of %d", steps, n)
	}
	if !tree.Dominates(0, n-1) || tree.Nearest(n-1) != n-2 {
		t.Error("each vertex of a chain dominates the next")
	}
	g.Edge(0, n-1)
	if c := g.Cycle(); len(c) != n {
		t.Errorf("cycle of %d vertices, want %d", len(c), n)
	}
}

func BenchmarkOrder(b *testing.B) {
	const n = 10_000
	g := New[string](n)
	for i := range n {
		g.Add(fmt.Sprintf("v%05d", i))
		for k := 1; k < 4 && i-k >= 0; k++ {
			g.Edge(i, i-k)
		}
	}
	for b.Loop() {
		if _, err := g.Order(); err != nil {
			b.Fatal(err)
		}
	}
}

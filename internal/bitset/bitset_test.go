package bitset

import (
	"slices"
	"testing"
)

func members(s Set) []int {
	var out []int
	s.Each(func(i int) { out = append(out, i) })
	return out
}

func TestSet(t *testing.T) {
	a, b := New(200), New(200)
	for _, i := range []int{0, 63, 64, 127, 128, 199} {
		a.Add(i)
	}
	for _, i := range []int{63, 65, 199} {
		b.Add(i)
	}
	if !a.Has(127) || a.Has(126) {
		t.Error("Has is wrong about 126 or 127")
	}
	if got := members(a); !slices.Equal(got, []int{0, 63, 64, 127, 128, 199}) {
		t.Errorf("members %v", got)
	}
	both := slices.Clone(a)
	both.Meet(b)
	if got := members(both); !slices.Equal(got, []int{63, 199}) {
		t.Errorf("met %v", got)
	}
	a.Join(b)
	if got := members(a); !slices.Equal(got, []int{0, 63, 64, 65, 127, 128, 199}) {
		t.Errorf("joined %v", got)
	}
}

func TestTable(t *testing.T) {
	rows := Table(3, 70)
	rows[1].Add(69)
	if rows[0].Has(69) || rows[2].Has(69) || !rows[1].Has(69) {
		t.Error("rows are not apart")
	}
	if len(Table(0, 5)) != 0 || len(members(New(0))) != 0 {
		t.Error("empty sets have members")
	}
}

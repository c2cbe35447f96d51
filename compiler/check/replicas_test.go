package check

import "testing"

func TestWhole(t *testing.T) {
	for _, c := range []struct {
		weight float64
		n      int
		want   bool
	}{
		{25, 4, true}, {50, 4, true}, {75, 4, true}, {5, 4, false}, {26, 4, false}, {99, 4, false},
		{5, 20, true}, {2.5, 40, true}, {33.3, 3, true}, {33.33, 3, true}, {33, 3, false}, {66.7, 3, true},
		{50, 1, false}, {50, 0, false}, {0.1, 1000, true}, {0.01, 1000, false}, {99.99, 1000, false},
	} {
		if got := whole(c.weight, c.n); got != c.want {
			t.Errorf("%v %% of %d: %v", c.weight, c.n, got)
		}
	}
}

func TestPossible(t *testing.T) {
	const or = "; or split the traffic by a gateway"
	for _, c := range []struct {
		weight float64
		n      int
		want   string
	}{
		{5, 0, "by replicas, two are the least that can be split" + or},
		{5, 1, "by replicas, two are the least that can be split" + or},
		{5, 2, "with 2 replicas the only weight is 50" + or},
		{5, 3, "with 3 replicas the weights are 33.3 and 66.7" + or},
		{5, 4, "with 4 replicas the weights are 25, 50 and 75" + or},
		{12, 20, "with 20 replicas the nearest weights are 10 and 15" + or},
		{1, 20, "with 20 replicas the nearest weight is 5" + or},
		{99, 20, "with 20 replicas the nearest weight is 95" + or},
	} {
		if got := possible(c.weight, c.n); got != c.want {
			t.Errorf("%v %% of %d: %s", c.weight, c.n, got)
		}
	}
}

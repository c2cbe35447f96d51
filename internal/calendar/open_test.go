package calendar

import (
	"math/rand/v2"
	"testing"
	"time"
	_ "time/tzdata"
)

func at(t testing.TB, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestOpenByTheMinute holds the intervals against asking every window at every quarter of an hour.
func TestOpenByTheMinute(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	days := []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
	zones := []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"}
	clock := func() string { return time.Date(2000, 1, 1, r.IntN(24), 15*r.IntN(4), 0, 0, time.UTC).Format("15:04") }
	now := at(t, "2026-10-20T10:00:00Z")
	random := func() Window {
		w := Window{From: clock(), To: clock(), Timezone: zones[r.IntN(len(zones))]}
		if r.IntN(3) == 0 {
			first := now.AddDate(0, 0, r.IntN(20)-5)
			w.From, w.To = first.Format(time.DateOnly), first.AddDate(0, 0, r.IntN(5)).Format(time.DateOnly)
		}
		for _, d := range days {
			if r.IntN(2) == 0 {
				w.Days = append(w.Days, d)
			}
		}
		return w
	}
	holds := func(w Window, m time.Time) bool {
		spans, err := w.Spans(now)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range spans {
			if s.Holds(m) {
				return true
			}
		}
		return false
	}
	for range 40 {
		var allow, deny []Window
		for range r.IntN(3) {
			allow = append(allow, random())
		}
		for range r.IntN(3) {
			deny = append(deny, random())
		}
		open, err := Open(allow, deny, now)
		if err != nil {
			t.Fatal(err)
		}
		for m := now; m.Sub(now) < 20*24*time.Hour; m = m.Add(time.Duration(15+15*r.IntN(30)) * time.Minute) {
			want := len(allow) == 0
			for _, w := range allow {
				want = want || holds(w, m)
			}
			for _, w := range deny {
				want = want && !holds(w, m)
			}
			got := false
			for _, s := range open {
				got = got || s.Holds(m)
			}
			if got != want {
				t.Fatalf("%s: open %v, want %v; allow %+v, deny %+v", m, got, want, allow, deny)
			}
		}
	}
}

func TestLongest(t *testing.T) {
	office := Window{Days: []string{"mon", "tue"}, From: "09:00", To: "16:00", Timezone: "Europe/Berlin"}
	night := Window{From: "22:00", To: "04:00", Timezone: "Europe/Berlin"}
	freeze := Window{From: "2026-10-01", To: "2028-01-01", Timezone: "UTC"}
	now := at(t, "2026-10-20T10:00:00Z")
	for name, tt := range map[string]struct {
		allow, deny []Window
		want        time.Duration
	}{
		"always":                        {nil, nil, Horizon},
		"office":                        {[]Window{office}, nil, 7 * time.Hour},
		"the night of the clock change": {[]Window{night}, nil, 7 * time.Hour},
		"never":                         {[]Window{office}, []Window{freeze}, 0},
		"joined":                        {[]Window{office, {From: "16:00", To: "18:00", Timezone: "Europe/Berlin"}}, nil, 9 * time.Hour},
	} {
		open, err := Open(tt.allow, tt.deny, now)
		if got := Longest(open); err != nil || got != tt.want {
			t.Errorf("%s: longest %v, want %v (%v)", name, got, tt.want, err)
		}
	}
}

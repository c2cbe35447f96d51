package op

import (
	"testing"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
)

func TestCalendar(t *testing.T) {
	office := plan.Window{Name: "office", Days: []string{"mon", "tue", "wed", "thu"}, From: "09:00", To: "16:00", Timezone: "Europe/Berlin"}
	night := plan.Window{Name: "night", From: "22:00", To: "04:00", Timezone: "UTC"}
	yearEnd := plan.Window{Name: "yearEnd", Deny: true, From: "2026-12-18", To: "2027-01-04", Timezone: "Europe/Berlin", Reason: "nobody is here"}
	forever := plan.Window{Name: "never", Deny: true, From: "2020-01-01", To: "2040-01-01", Timezone: "UTC"}
	tests := map[string]struct {
		windows []plan.Window
		now     string
		open    bool
		next    string // "" none
	}{
		"no windows":                    {nil, "2026-11-23T21:00:00Z", true, "2026-11-23T21:00:00Z"},
		"inside":                        {[]plan.Window{office}, "2026-11-23T10:00:00+01:00", true, "2026-11-23T10:00:00+01:00"},
		"the end is exclusive":          {[]plan.Window{office}, "2026-11-23T16:00:00+01:00", false, "2026-11-24T09:00:00+01:00"},
		"over the weekend":              {[]plan.Window{office}, "2026-11-27T10:00:00+01:00", false, "2026-11-30T09:00:00+01:00"},
		"deny wins":                     {[]plan.Window{office, yearEnd}, "2026-12-21T10:00:00+01:00", false, "2027-01-05T09:00:00+01:00"},
		"a date's end is whole":         {[]plan.Window{yearEnd}, "2027-01-04T23:59:00+01:00", false, "2027-01-05T00:00:00+01:00"},
		"over midnight, before":         {[]plan.Window{night}, "2026-11-23T23:00:00Z", true, "2026-11-23T23:00:00Z"},
		"over midnight, after":          {[]plan.Window{night}, "2026-11-24T03:59:00Z", true, "2026-11-24T03:59:00Z"},
		"outside the night":             {[]plan.Window{night}, "2026-11-24T04:00:00Z", false, "2026-11-24T22:00:00Z"},
		"never":                         {[]plan.Window{office, forever}, "2026-11-24T10:00:00Z", false, ""},
		"a clock change keeps the hour": {[]plan.Window{office}, "2026-10-26T08:30:00+01:00", false, "2026-10-26T09:00:00+01:00"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			now, err := time.Parse(time.RFC3339, tt.now)
			if err != nil {
				t.Fatal(err)
			}
			open, reason, next, err := Calendar(tt.windows, now)
			if err != nil || open != tt.open {
				t.Fatalf("open %v (%s), err %v", open, reason, err)
			}
			if tt.next == "" {
				if !next.IsZero() {
					t.Errorf("next %v, want none", next)
				}
				return
			}
			if want, _ := time.Parse(time.RFC3339, tt.next); !next.Equal(want) {
				t.Errorf("next %v, want %v", next, want)
			}
		})
	}
	if _, _, _, err := Calendar([]plan.Window{{Name: "x", From: "09:00", To: "10:00", Timezone: "Nowhere/Else"}}, time.Now()); err == nil {
		t.Error("an unknown time zone was accepted")
	}
}

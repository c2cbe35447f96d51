package schema_test

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/penstock-dev/penstock/schema"
)

// durationPattern is what #Duration demands, apart from not being empty.
const durationPattern = `^([0-9]{1,3}w)?([0-9]{1,4}d)?([0-9]{1,5}h)?([0-9]{1,7}m)?([0-9]{1,9}s)?([0-9]{1,12}ms)?$`

func TestDurationParse(t *testing.T) {
	for in, want := range map[schema.Duration]time.Duration{
		"":          0,
		"0s":        0,
		"300ms":     300 * time.Millisecond,
		"90s":       90 * time.Second,
		"10m":       10 * time.Minute,
		"1h30m":     90 * time.Minute,
		"30d":       720 * time.Hour,
		"2w":        336 * time.Hour,
		"1w2d3h4ms": 9*24*time.Hour + 3*time.Hour + 4*time.Millisecond,
		"007m":      7 * time.Minute,
		"999w9999d99999h9999999m999999999s999999999999ms": 999*7*24*time.Hour + 9999*24*time.Hour + 99999*time.Hour +
			9999999*time.Minute + 999999999*time.Second + 999999999999*time.Millisecond,
	} {
		got, err := in.Parse()
		if err != nil || got != want {
			t.Errorf("%q: got %v, %v, want %v", in, got, err, want)
		}
		if in.Value() != want {
			t.Errorf("%q: Value is %v", in, in.Value())
		}
	}
}

func TestDurationRefused(t *testing.T) {
	for in, want := range map[schema.Duration]string{
		"10":        "want a whole number and a unit",
		"m":         "want a whole number and a unit",
		"1.5h":      "want a whole number and a unit",
		"-5m":       "want a whole number and a unit",
		"5m ":       "want a whole number and a unit",
		"10min":     `unit "min" is not one of`,
		"5m1h":      `unit "h" is not one of`,
		"5m5m":      `unit "m" is not one of`,
		"1000w":     "at most 3 digits before w",
		"5M":        "want a whole number and a unit",
		"１０m":       "want a whole number and a unit",
		"1h30m20":   "want a whole number and a unit",
		"99999d":    "at most 4 digits before d",
		"10000000m": "", // eight digits
	} {
		_, err := in.Parse()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", in, err, want)
		}
		if in.Value() != 0 {
			t.Errorf("%q: Value is %v", in, in.Value())
		}
	}
}

func TestFormatDuration(t *testing.T) {
	for in, want := range map[time.Duration]schema.Duration{
		0: "0s", -time.Hour: "0s", time.Microsecond: "0s", time.Millisecond: "1ms", 90 * time.Second: "1m30s",
		36 * time.Hour: "1d12h", 8 * 24 * time.Hour: "1w1d", 1500*time.Millisecond + 10: "1s500ms",
	} {
		if got := schema.FormatDuration(in); got != want {
			t.Errorf("%v: got %q, want %q", in, got, want)
		}
	}
}

// TestDurationPatternIsTheSchemas holds the copy above to the schema's text.
func TestDurationPatternIsTheSchemas(t *testing.T) {
	content, err := fs.ReadFile(schema.FS, "scalars.cue")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(content), `#Duration: !="" & =~"`+durationPattern+`"`) {
		t.Error("the schema's #Duration has another pattern")
	}
}

// FuzzDuration holds that Parse and the schema accept the same strings, that
// none overflows, and that writing and reading again changes nothing.
func FuzzDuration(f *testing.F) {
	for _, seed := range []string{"", "10m", "1h30m", "1w2d3h4m5s6ms", "5m1h", "1000w", "-1s", "1.5h", "999999999999ms"} {
		f.Add(seed)
	}
	pattern := regexp.MustCompile(durationPattern)
	f.Fuzz(func(t *testing.T, s string) {
		v, err := schema.Duration(s).Parse()
		if accepted := err == nil; accepted != pattern.MatchString(s) {
			t.Fatalf("%q: Parse says %v, the schema's pattern %v", s, err, !accepted)
		}
		if err != nil {
			return
		}
		if v < 0 {
			t.Fatalf("%q overflows to %v", s, v)
		}
		again := schema.FormatDuration(v)
		if w, err := again.Parse(); err == nil && w != v {
			t.Fatalf("%q is %v, written %q it is %v", s, v, again, w)
		}
	})
}

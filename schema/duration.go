package schema

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Duration is a length of time as the user writes it: "300ms", "10m", "1h30m",
// "30d", "2w". Units are w, d, h, m, s and ms, largest first, each at most
// once, with a whole number before it. A day is 24 hours. The zero value is "not given".
type Duration string

// durationUnits are the units in the order in which they must be written.
func durationUnits() []durationUnit {
	return []durationUnit{
		{"w", 7 * 24 * time.Hour, 3}, {"d", 24 * time.Hour, 4}, {"h", time.Hour, 5},
		{"m", time.Minute, 7}, {"s", time.Second, 9}, {"ms", time.Millisecond, 12},
	}
}

type durationUnit struct {
	name string
	size time.Duration
	// digits is how many there may be; all units at their largest still fit in a time.Duration.
	digits int
}

// Parse returns the length of d; the zero value is 0. The error names what is
// wrong; the CUE definition refuses the same strings.
func (d Duration) Parse() (time.Duration, error) {
	if d == "" {
		return 0, nil
	}
	var sum time.Duration
	units := durationUnits()
	for rest := string(d); rest != ""; {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		letters := len(rest[digits:]) - len(strings.TrimLeft(rest[digits:], "abcdefghijklmnopqrstuvwxyz"))
		name := rest[digits : digits+letters]
		n, err := strconv.ParseInt(rest[:digits], 10, 64)
		if err != nil || name == "" {
			return 0, fmt.Errorf("duration %q: want a whole number and a unit, such as \"90s\", \"10m\" or \"30d\"", string(d))
		}
		i := unitIndex(units, name)
		if i < 0 {
			return 0, fmt.Errorf("duration %q: unit %q is not one of w, d, h, m, s, ms in this order, each once", string(d), name)
		}
		if digits > units[i].digits {
			return 0, fmt.Errorf("duration %q: at most %d digits before %s", string(d), units[i].digits, name)
		}
		sum += time.Duration(n) * units[i].size
		units, rest = units[i+1:], rest[digits+letters:]
	}
	return sum, nil
}

func unitIndex(units []durationUnit, name string) int {
	for i, u := range units {
		if u.name == name {
			return i
		}
	}
	return -1
}

// Value is Parse for a duration that the schema has already accepted: what
// cannot be parsed is 0.
func (d Duration) Value() time.Duration {
	v, err := d.Parse()
	if err != nil {
		return 0
	}
	return v
}

// FormatDuration writes v in the units of Duration, rounded down to a
// millisecond. A v that is not positive is "0s".
func FormatDuration(v time.Duration) Duration {
	if v < time.Millisecond {
		return "0s"
	}
	var b strings.Builder
	for _, u := range durationUnits() {
		if n := v / u.size; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, u.name)
			v -= n * u.size
		}
	}
	return Duration(b.String())
}

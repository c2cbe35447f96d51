package check

import (
	"fmt"
	"time"

	"github.com/penstock-dev/penstock/internal/calendar"
	"github.com/penstock-dev/penstock/internal/names"
	"github.com/penstock-dev/penstock/schema"
)

func calendarDocs() []Doc {
	const freeze = `freeze: deny: {from: "2026-11-01", to: "%s", timezone: "UTC"}`
	const shut = "environments: production: calendar: {office: allow: {from: \"09:00\", to: \"16:00\", timezone: \"Europe/Berlin\"}, " + freeze + "}"
	return []Doc{
		{
			Code:  "never-open",
			Title: "a window that never opens",
			What: "A window gate, an environment's calendar, or all of a stage's window gates and its environment's calendar together are closed " +
				"for the next 400 days.",
			Why:  "The stage could never run: its release would wait, and fail.",
			Bad:  fmt.Sprintf(shut, "2029-01-01"),
			Good: fmt.Sprintf(shut, "2027-01-01"),
		},
		{
			Code:  "window-over",
			Title: "a window that is over",
			What:  "A rule of a calendar has dates that have passed.",
			Why:   "It changes nothing any more. Often the next year's dates were meant to follow.",
			Allow: true,
			Bad:   `environments: production: calendar: yearEnd: deny: {from: "2025-12-18", to: "2026-01-04", timezone: "Europe/Berlin"}`,
			Good:  `environments: production: calendar: yearEnd: deny: {from: "2026-12-18", to: "2027-01-04", timezone: "Europe/Berlin"}`,
		},
		{
			Code:  "unknown-timezone",
			Title: "a time zone that does not exist",
			What:  "A window names a time zone that is not in the IANA database.",
			Why:   "Nobody could say when it is open: it would stay closed.",
			Bad:   `stages: production: gates: hours: window: {from: "09:00", to: "16:00", timezone: "Europe/Muenchen"}`,
			Good:  `stages: production: gates: hours: window: {from: "09:00", to: "16:00", timezone: "Europe/Berlin"}`,
		},
		{
			Code:  "does-not-fit",
			Title: "a deployment does not fit its window",
			What:  "The holds of a deployment take longer than the environment's calendar and the stage's window gates are open at a time.",
			Why:   "They are asked before the deployment begins. It would still be under way, with users on two versions, when the window has closed.",
			Allow: true,
			Bad:   `environments: production: calendar: noon: allow: {from: "12:00", to: "12:15", timezone: "Europe/Berlin"}`,
			Good:  `environments: production: calendar: noon: allow: {from: "12:00", to: "13:00", timezone: "Europe/Berlin"}`,
		},
	}
}

// almanac knows when windows are open from the day of the check on.
type almanac struct {
	*pass
	now time.Time
	// zones are those that were looked up, and whether they exist.
	zones map[schema.Timezone]bool
	// spans are when windows are open, by what they say: a platform gives many stages and environments the same.
	spans map[string][]calendar.Span
	envs  map[schema.EnvName][]calendar.Span
}

// calendars checks that every window opens, that those of a stage open together, and that a deployment fits into them.
func calendars(p *pass) {
	now, err := time.Parse(time.DateOnly, p.today)
	if err != nil {
		return // nobody said which day it is
	}
	a := &almanac{
		pass: p, now: now, zones: map[schema.Timezone]bool{}, spans: map[string][]calendar.Span{}, envs: map[schema.EnvName][]calendar.Span{},
	}
	for _, env := range names.Sorted(p.pipe.Environments) {
		if c := p.pipe.Environments[schema.EnvName(env)].Calendar; len(c) > 0 {
			a.environment(schema.EnvName(env), c)
		}
	}
	for i, name := range p.stages {
		a.stage(p.paths[i], name, p.pipe.Stages[schema.StageName(name)])
	}
}

// environment notes when an environment may change. It stays unknown where a rule is wrong in itself.
func (a *almanac) environment(env schema.EnvName, rules map[schema.CalendarName]schema.CalendarRule) {
	where := root("environments").field(string(env)).field("calendar")
	var allow, deny []calendar.Window
	var over []func()
	for _, name := range names.Sorted(rules) {
		r, at := rules[schema.CalendarName(name)], where.field(name)
		w, kind := r.Allow, "allow"
		if w == nil {
			w, kind = r.Deny, "deny"
		}
		if w == nil {
			return
		}
		if !a.zone(at.field(kind), w) {
			return
		}
		if kind == "allow" {
			allow = append(allow, window(w))
		} else {
			deny = append(deny, window(w))
		}
		if a.over(w) {
			over = append(over, func() { a.tellOver(at, name, w) })
		}
	}
	open := a.open(allow, deny)
	if len(open) == 0 {
		d := a.errorKey("never-open", where, "environment %q may never change: its calendar is closed for the next 400 days", env)
		d.Hint = "let some allow lie outside every deny"
		return
	}
	for _, tell := range over {
		tell()
	}
	a.envs[env] = open
}

func (a *almanac) tellOver(at *at, name string, w *schema.Window) {
	d := a.warnKey("window-over", at, "rule %q of the calendar ended on %s", name, day10(w.To))
	d.Hint = "remove it, or give it the next dates"
}

// day10 is the date of a moment.
func day10(moment string) string { return moment[:min(len(moment), len(time.DateOnly))] }

// stage checks the window gates of a stage, alone and together, and that what it holds fits.
func (a *almanac) stage(where *at, name string, s schema.Stage) {
	var open [][]calendar.Span
	var closers []string
	for _, gate := range gatesOf(s) {
		w := s.Gates[schema.GateName(gate)].Window
		if w == nil {
			continue
		}
		at := where.field("gates").field(gate).field("window")
		if !a.zone(at, w) {
			return
		}
		own := a.open([]calendar.Window{window(w)}, nil)
		if len(own) == 0 {
			d := a.errorf("never-open", at, "gate %q never opens within the next 400 days", gate)
			d.Hint = "its window is from " + w.From + " to " + w.To
			return
		}
		open = append(open, own)
		closers = append(closers, fmt.Sprintf("gate %q", gate))
	}
	if env := environmentOf(s); s.Deploy != nil || s.Migrate != nil {
		if may, known := a.envs[env]; known {
			open = append(open, may)
			closers = append(closers, fmt.Sprintf("the calendar of environment %q", env))
		}
	}
	if len(open) > 0 {
		a.together(where, name, s, open, closers)
	}
}

// together checks what is open only for a time.
func (a *almanac) together(where *at, name string, s schema.Stage, all [][]calendar.Span, closers []string) {
	open := all[0]
	for _, other := range all[1:] {
		open = calendar.Both(open, other)
	}
	switch held, at := deployHolds(where, s); {
	case len(open) == 0:
		d := a.errorKey("never-open", where.field("gates"), "stage %q can never run: %s are never open together within the next 400 days", name, join(closers))
		d.Hint = "let them overlap"
	case held > calendar.Longest(open):
		d := a.warnKey("does-not-fit", at, "stage %q is watched for %s, and %s open for at most %s at a time", name,
			schema.FormatDuration(held), isAre(closers), schema.FormatDuration(calendar.Longest(open)))
		d.Hint = "hold for less, or open for longer: they are only asked before the deployment begins"
	}
}

func isAre(words []string) string {
	if len(words) == 1 {
		return words[0] + " is"
	}
	return join(words) + " are together"
}

// deployHolds is how long a deployment is held in all, and where it says so.
func deployHolds(stage *at, s schema.Stage) (time.Duration, *at) {
	if s.Deploy == nil {
		return 0, nil
	}
	d, where := s.Deploy, stage.field("deploy")
	switch {
	case d.AllAtOnce != nil:
		return d.AllAtOnce.Hold.Value(), where.field("allAtOnce")
	case d.Rolling != nil:
		return d.Rolling.Hold.Value(), where.field("rolling")
	case d.BlueGreen != nil && d.BlueGreen.After != nil:
		return d.BlueGreen.After.Hold.Value(), where.field("blueGreen")
	case d.Canary != nil:
		var all time.Duration
		for _, step := range d.Canary.Steps {
			all += step.Hold.Value()
		}
		return all, where.field("canary")
	case d.Linear != nil && d.Linear.Step >= leastStep && d.Linear.Step < 100:
		return time.Duration(steps(d.Linear)) * d.Linear.Every.Value(), where.field("linear")
	}
	return 0, nil
}

// open is when a calendar is open from now on.
func (a *almanac) open(allow, deny []calendar.Window) []calendar.Span {
	key := fmt.Sprint(allow, deny)
	spans, known := a.spans[key]
	if !known {
		if open, err := calendar.Open(allow, deny, a.now); err == nil {
			spans = open
		}
		a.spans[key] = spans
	}
	return spans
}

// zone reports a time zone that does not exist. The machine's own is none: another machine has another.
func (a *almanac) zone(where *at, w *schema.Window) bool {
	exists, known := a.zones[w.Timezone]
	if !known {
		_, err := time.LoadLocation(string(w.Timezone))
		exists = err == nil && w.Timezone != "Local"
		a.zones[w.Timezone] = exists
	}
	if exists {
		return true
	}
	d := a.errorf("unknown-timezone", where.field("timezone"), "there is no time zone %q", w.Timezone)
	d.Hint = "a time zone is an IANA name such as \"Europe/Berlin\", \"America/New_York\" or \"UTC\""
	return false
}

// over reports whether a window's dates have passed.
func (a *almanac) over(w *schema.Window) bool {
	return !window(w).Clock() && day10(w.To) < a.now.Format(time.DateOnly)
}

func window(w *schema.Window) calendar.Window {
	out := calendar.Window{From: w.From, To: w.To, Timezone: string(w.Timezone)}
	for _, d := range w.Days {
		out.Days = append(out.Days, string(d))
	}
	return out
}

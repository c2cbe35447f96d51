package op

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
)

// ErrNoMetrics means that an environment has no metrics provider that this build can ask.
var ErrNoMetrics = errors.New("no metrics provider")

// Ask asks a gate. What can't be asked is closed, with the reason; it is never open.
func (x *Executor) Ask(ctx context.Context, c Call, g *plan.Gate) event.GateAnswer {
	a, err := x.ask(ctx, c, g)
	if err != nil {
		return event.GateAnswer{Reason: oneLine(err.Error())}
	}
	return a
}

func (x *Executor) ask(ctx context.Context, c Call, g *plan.Gate) (event.GateAnswer, error) {
	now := x.Now()
	switch {
	case g.Calendar != nil:
		return calendarAnswer(g.Calendar.Environment, x.Plan.Envs[g.Calendar.Environment].Calendar, now)
	case g.Window != nil:
		return calendarAnswer("the window", []plan.Window{*g.Window}, now)
	case g.Soak != nil:
		return x.soak(ctx, c, g.Soak, now)
	case g.Query != nil:
		return x.queryGate(ctx, g.Query, now)
	case g.ErrorBudget != nil:
		return x.budget(ctx, g.ErrorBudget, now)
	case g.Alert != nil:
		return x.alert(ctx, g.Alert, now)
	case g.Exec != nil:
		return x.execGate(ctx, c, g.Exec)
	}
	return event.GateAnswer{}, fmt.Errorf("gate %q asks for nothing this build knows", g.Name)
}

func calendarAnswer(what string, windows []plan.Window, now time.Time) (event.GateAnswer, error) {
	open, reason, next, err := Calendar(windows, now)
	if err != nil || open {
		return event.GateAnswer{Open: open, Reason: reason}, err
	}
	a := event.GateAnswer{Reason: what + " " + reason, Next: next, Never: next.IsZero()}
	if !next.IsZero() {
		a.Reason += ", opens " + next.Format("Mon 2006-01-02 15:04 MST")
	}
	return a, nil
}

// soak is open once this release's very artifacts have run in the environment for long enough.
func (x *Executor) soak(ctx context.Context, c Call, g *plan.SoakGate, now time.Time) (event.GateAnswer, error) {
	digests := map[string]string{}
	for name := range x.Plan.Artifacts {
		if d, ok := x.artifactDigest(c, name); ok {
			digests[name] = d
		}
	}
	since, runs, err := x.Releases.RunsSince(ctx, g.Environment, digests)
	if err != nil {
		return event.GateAnswer{}, fmt.Errorf("look up what runs in %s: %w", g.Environment, err)
	}
	if !runs {
		return event.GateAnswer{Reason: "this release does not run in " + g.Environment}, nil
	}
	due := since.Add(time.Duration(g.For))
	if now.Before(due) {
		return event.GateAnswer{Reason: fmt.Sprintf("has run in %s for %s of %s", g.Environment, now.Sub(since).Round(time.Second), g.For), Next: due}, nil
	}
	return event.GateAnswer{Open: true, Reason: fmt.Sprintf("has run in %s for %s", g.Environment, now.Sub(since).Round(time.Second))}, nil
}

func (x *Executor) query(ctx context.Context, env, query string, now time.Time) (float64, error) {
	if x.Metrics == nil {
		return 0, ErrNoMetrics
	}
	return x.Metrics.Query(ctx, x.Plan.Envs[env], query, now)
}

func (x *Executor) queryGate(ctx context.Context, g *plan.QueryGate, now time.Time) (event.GateAnswer, error) {
	v, err := x.query(ctx, g.Environment, g.Query, now)
	if err != nil {
		return event.GateAnswer{}, err
	}
	if g.Below != nil && v >= *g.Below {
		return event.GateAnswer{Reason: fmt.Sprintf("%g, want below %g", v, *g.Below)}, nil
	}
	if g.Above != nil && v <= *g.Above {
		return event.GateAnswer{Reason: fmt.Sprintf("%g, want above %g", v, *g.Above)}, nil
	}
	return event.GateAnswer{Open: true, Reason: fmt.Sprintf("%g", v)}, nil
}

// budget asks how much of the SLO's error budget is left over its window, and how fast it burns over the last hour.
func (x *Executor) budget(ctx context.Context, g *plan.ErrorBudgetGate, now time.Time) (event.GateAnswer, error) {
	slo, ok := x.Plan.SLOs[g.SLO]
	if !ok {
		return event.GateAnswer{}, fmt.Errorf("the plan has no SLO %q", g.SLO)
	}
	allowed := 1 - slo.Objective/100
	ratio := func(over time.Duration) (float64, error) {
		q, err := BadRatio(slo.SLI, over)
		if err != nil {
			return 0, err
		}
		return x.query(ctx, g.Environment, q, now)
	}
	bad, err := ratio(time.Duration(slo.Over))
	if err != nil {
		return event.GateAnswer{}, err
	}
	left := 100 * (1 - bad/allowed)
	if left < g.AtLeast {
		return event.GateAnswer{Reason: fmt.Sprintf("%.1f %% of the error budget of %s is left, want %g %%", left, g.SLO, g.AtLeast)}, nil
	}
	if g.BurnRateBelow > 0 {
		hour, err := ratio(time.Hour)
		if err != nil {
			return event.GateAnswer{}, err
		}
		if burn := hour / allowed; burn >= g.BurnRateBelow {
			return event.GateAnswer{Reason: fmt.Sprintf("the budget of %s burns %.2f times as fast as it may, want below %g", g.SLO, burn, g.BurnRateBelow)}, nil
		}
	}
	return event.GateAnswer{Open: true, Reason: fmt.Sprintf("%.1f %% of the error budget of %s is left", left, g.SLO)}, nil
}

// BadRatio is the PromQL expression of an SLI's bad ratio over a time: a ratio of sums. Without traffic it is NaN or absent,
// which a gate takes for no data and not for a full budget.
func BadRatio(s plan.SLI, over time.Duration) (string, error) {
	span := fmt.Sprintf("[%ds]", int64(over/time.Second))
	switch {
	case s.Ratio != nil:
		return s.Ratio.Query, nil
	case s.Events != nil && s.Events.Bad != "":
		return fmt.Sprintf("(sum(increase(%s%s)) or vector(0)) / sum(increase(%s%s))", s.Events.Bad, span, s.Events.Total, span), nil
	case s.Events != nil:
		return fmt.Sprintf("1 - (sum(increase(%s%s)) or vector(0)) / sum(increase(%s%s))", s.Events.Good, span, s.Events.Total, span), nil
	}
	return "", errors.New("this SLI is counted by the target or needs a histogram: the budget gate asks event counters")
}

func (x *Executor) alert(ctx context.Context, g *plan.AlertGate, now time.Time) (event.GateAnswer, error) {
	matchers := fmt.Sprintf("alertname=%q,alertstate=\"firing\"", g.Name)
	var names []string
	for name := range g.Labels {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		matchers += fmt.Sprintf(",%s=%q", name, g.Labels[name])
	}
	// without any target of this environment in sight, silence is no data and not a quiet alert
	v, err := x.query(ctx, g.Environment, "(count(ALERTS{"+matchers+"}) or vector(0)) and on() count(up)", now)
	if err != nil {
		return event.GateAnswer{}, err
	}
	if v > 0 {
		return event.GateAnswer{Reason: fmt.Sprintf("alert %s fires", g.Name)}, nil
	}
	return event.GateAnswer{Open: true, Reason: fmt.Sprintf("alert %s does not fire", g.Name)}, nil
}

// execGate is open on exit 0, closed on 1; anything else is an error and so closed.
func (x *Executor) execGate(ctx context.Context, c Call, e *plan.Exec) (event.GateAnswer, error) {
	err := x.run(ctx, c, x.execCommand(e))
	var exit *exitError
	switch {
	case err == nil:
		return event.GateAnswer{Open: true}, nil
	case errors.As(err, &exit) && exit.code == 1:
		return event.GateAnswer{Reason: exit.last}, nil
	}
	return event.GateAnswer{}, err
}

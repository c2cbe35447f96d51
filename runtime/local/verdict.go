package local

import (
	"context"
	"fmt"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/judge"
	"github.com/penstock-dev/penstock/runtime/machine"
)

// report tells the owner of a tick: its time, its line and, once, that harm is proven.
func (w *watch) report(ctx context.Context, r tickRecord, line string, harm bool) bool {
	var events []event.Event
	if harm {
		events = append(events, w.harmEvent(ctx))
	}
	return w.d.send(answer{events: events, then: func() error {
		if r.Judged {
			w.spans = append(w.spans, span{r.At, time.Duration(r.Span)})
		}
		w.d.o.Tick(r.At, w.m.ID, line)
		w.d.checkHolds(w)
		return nil
	}})
}

func (w *watch) harmEvent(ctx context.Context) event.Event {
	v := event.Verdict{Verdict: "harm", Explain: w.harmed}
	w.seal(ctx, &v)
	return event.Event{Type: event.MonitorVerdict, Monitor: w.m.ID}.With(v)
}

// seal names the evidence that a verdict is based on.
func (w *watch) seal(ctx context.Context, v *event.Verdict) {
	v.Judged = plan.Duration(w.judged)
	digest, n, err := w.d.o.Evidence.Seal(ctx, w.d.run, w.m.ID)
	if err != nil {
		v.Findings = append(v.Findings, "unsealed: "+oneLine(err))
		return
	}
	v.Evidence, v.Ticks = digest, n
}

// conclude gives the final verdict; one that is inconclusive and may be extended lets the watch go on.
func (w *watch) conclude(ctx context.Context, c machine.CloseMonitor) (ended bool) {
	v := w.verdict()
	w.seal(ctx, &v)
	if v.Verdict == "inconclusive" && c.MayExtend {
		w.d.sendEvents(event.Event{Type: event.MonitorVerdict, Monitor: w.m.ID}.With(v))
		return false
	}
	w.sendClosed(v)
	return true
}

// verdict is what the whole watch says.
func (w *watch) verdict() event.Verdict {
	v := event.Verdict{Verdict: "no-harm"}
	if w.st != nil {
		c := judge.Conclude(w.cfg, w.st)
		v.Explain = explain(c.Finding)
		v.Findings = codes(c.Finding)
		switch {
		case c.Outcome == judge.Harmed:
			v.Verdict = "harm"
		case c.Outcome == judge.Unproven:
			v.Verdict = "inconclusive"
		case c.Finding.Verdict == judge.Safe:
			v.Verdict = "safe"
		}
	}
	for _, l := range w.m.Judge.Limits {
		x := w.limits[l.Name]
		if x.asked == 0 || x.last != "" || 5*x.missing > x.asked {
			v.Findings = append(v.Findings, fmt.Sprintf("no-data: limit %s was answered %d of %d times", l.Name, x.asked-x.missing, x.asked))
			if v.Verdict != "harm" {
				v.Verdict = "inconclusive"
			}
		}
	}
	if w.harmed != nil {
		v.Verdict, v.Explain = "harm", w.harmed
	}
	return v
}

// explain is one line for each SLI: of those that show harm, when any does.
func explain(f judge.Finding) []string {
	var all, harm []string
	for _, s := range f.SLIs {
		all = append(all, s.Explain())
		if s.Verdict == judge.Harm && !s.DryRun {
			harm = append(harm, s.Explain())
		}
	}
	if f.Verdict == judge.Harm && len(harm) > 0 {
		return harm
	}
	return all
}

// codes are what is missing, each once, with the SLI that it is missing of.
func codes(f judge.Finding) []string {
	var out []string
	for _, c := range f.Codes {
		out = append(out, string(c))
	}
	for _, s := range f.SLIs {
		for _, c := range s.Codes {
			out = append(out, s.Name+": "+string(c))
		}
	}
	return out
}

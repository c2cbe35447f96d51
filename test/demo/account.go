package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/test/load"
)

// account adds up what was sent and what came back, and holds it against what the journal says was exposed.
func (d *demo) account(ctx context.Context, results []load.Result) error {
	t := load.Count(results)
	fmt.Printf("sent %d requests: %d GET, %d POST; %d on kept, %d on new connections\n", t.Sent, t.Gets, t.Posts, t.Kept, t.NewConns)
	for _, v := range slices.Sorted(maps.Keys(t.ByVersion)) {
		fmt.Printf("answered by version %s: %d, of them failed %d\n", v, t.ByVersion[v], t.BadVersion[v])
	}
	fmt.Printf("answered %d of %d, lost %d\n", t.Answered, t.Sent, t.Lost)

	spans, err := d.exposure(ctx)
	if err != nil {
		return err
	}
	var windows []load.Window
	expected := 0.0
	for _, s := range spans {
		n := 0
		for _, r := range results {
			if !r.Start.Add(r.Took).Before(s.from) && r.Start.Before(s.to) {
				n++
			}
		}
		windows = append(windows, load.Window{Requests: n, Share: s.weight / 100})
		expected += float64(n) * s.weight / 100
		fmt.Printf("version 3 had %g %% of traffic for %.1f s, in which %d requests were sent\n", s.weight, s.to.Sub(s.from).Seconds(), n)
	}
	bound := load.UpperBound(windows, 0.999)
	errs := t.BadVersion["3"]
	fmt.Printf("errors of version 3: %d; its share of those requests is %.1f, with 99.9 %% certainty at most %d\n", errs, expected, bound)

	var bad []error
	if t.Lost > 0 {
		bad = append(bad, fmt.Errorf("%d requests were lost, the first at %s", t.Lost, t.FirstLoss))
	}
	if errs == 0 || errs > bound {
		bad = append(bad, fmt.Errorf("version 3's errors are %d, want 1 to %d", errs, bound))
	}
	if last := results[len(results)-1]; last.Version != "2" {
		bad = append(bad, fmt.Errorf("version %q answers now, want 2", last.Version))
	}
	if len(bad) == 0 {
		fmt.Println("\nzero requests lost; version 2 serves")
	}
	return errors.Join(bad...)
}

// span is a time in which the new version had a share of traffic.
type span struct {
	from, to time.Time
	weight   float64
}

// exposure reads from the last run's journal when its new version had which weight. Where two weights overlap the
// larger one counts.
func (d *demo) exposure(ctx context.Context) ([]span, error) {
	out, err := d.command(ctx, "logs", "--events", "-o", "json").Output()
	if err != nil {
		return nil, fmt.Errorf("penstock logs: %w", err)
	}
	var spans []span
	var open *span
	started := map[string]time.Time{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var e event.Event
		if err := dec.Decode(&e); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("read events: %w", err)
		}
		key := fmt.Sprint(e.Node, e.Undo)
		if e.Type == event.NodeDispatched {
			started[key] = e.Time
			continue
		}
		done, err := event.Payload[event.Done](e)
		if err != nil || e.Type != event.NodeDone || done.Weight == nil {
			continue
		}
		if open != nil {
			open.to = e.Time
			spans = append(spans, *open)
			open = nil
		}
		if *done.Weight > 0 {
			open = &span{from: started[key], weight: *done.Weight}
		}
	}
	if open != nil {
		return nil, fmt.Errorf("the journal never says that version 3 lost its %g %% of traffic", open.weight)
	}
	return spans, nil
}

package store

import (
	"fmt"
	"sync"
	"testing"

	"github.com/penstock-dev/penstock/runtime/event"
)

// BenchmarkAppend appends batches from one caller, each durable before the next, and single events from many callers,
// which share transactions.
func BenchmarkAppend(b *testing.B) {
	for _, tc := range []struct{ batch, callers int }{{1, 1}, {64, 1}, {1000, 1}, {1, 64}} {
		b.Run(fmt.Sprintf("batch=%d/callers=%d", tc.batch, tc.callers), func(b *testing.B) {
			ctx := b.Context()
			s, err := Open(ctx, b.TempDir())
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			w := begin(b, ctx, s, "r1")
			batch := make([]event.Event, tc.batch)
			for i := range batch {
				batch[i] = event.Event{Type: event.NodeDispatched, Time: noon, Node: "production/shift-5", Generation: 1, Attempt: 1}.
					With(event.Dispatched{Key: "r1/production/shift-5/do/1", Fence: 7})
			}
			b.ReportAllocs()
			b.ResetTimer()
			var wg sync.WaitGroup
			for c := range tc.callers {
				wg.Go(func() {
					for i := c; i < b.N; i += tc.callers {
						if _, err := w.Append(ctx, batch); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N*tc.batch)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkVerify checks the chain of a run of 10,000 events.
func BenchmarkVerify(b *testing.B) {
	m, anchor := journalOf(b, b.Context(), 10_000)
	for b.Loop() {
		if rep, err := verify(m, "r1", &anchor); err != nil || !rep.OK() {
			b.Fatal(rep.Problems, err)
		}
	}
	b.ReportMetric(float64(b.N*10_000)/b.Elapsed().Seconds(), "events/s")
}

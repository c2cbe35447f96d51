package watch_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/penstock-dev/penstock/internal/diag"
	"github.com/penstock-dev/penstock/internal/watch"
)

func at(file string) diag.Range { return diag.Range{File: file} }

// run is watch.Run for work that goes on until its context ends, or for ever where it doesn't look at it.
func run(ctx context.Context, l watch.Limits, d *watch.Doing) error {
	return watch.Run(ctx, l, d, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
}

func TestTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &watch.Doing{}
		d.Begin(at("outer.cue"), true)
		d.Begin(at("gone.cue"), false)()
		d.Begin(at("slow.cue"), false)
		d.Begin(at("later.cue"), false)
		d.Read(2_000_000)
		start := time.Now()
		err := run(t.Context(), watch.Limits{Timeout: 10 * time.Second, PerMB: 5 * time.Second, Most: time.Minute}, d)
		var e *watch.Exceeded
		if !errors.As(err, &e) || e.Reason != watch.Time || e.Place != at("slow.cue") || e.Timeout != 20*time.Second {
			t.Fatalf("%+v", err)
		}
		if took := time.Since(start); took > 20*time.Second || took < 18*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

func TestMemory(t *testing.T) {
	d := &watch.Doing{}
	d.Begin(at("outer.cue"), true)
	var e *watch.Exceeded
	if err := run(t.Context(), watch.Limits{Memory: 1}, d); !errors.As(err, &e) || e.Reason != watch.Memory || e.Place != at("outer.cue") {
		t.Fatalf("%+v", err)
	}
}

func TestDepth(t *testing.T) {
	var e *watch.Exceeded
	err := watch.Run(t.Context(), watch.Limits{Memory: 1 << 40}, nil, func(ctx context.Context) error {
		down(ctx, [64]int{}, 0)
		return nil
	})
	if !errors.As(err, &e) || e.Reason != watch.Depth {
		t.Fatalf("%+v", err)
	}
}

// down recurses until its context ends.
func down(ctx context.Context, pad [64]int, n int) int {
	if ctx.Err() != nil {
		return pad[n%64]
	}
	pad[n%64] = n
	return down(ctx, pad, n+1) + pad[(n+1)%64]
}

func TestPanic(t *testing.T) {
	defer func() {
		if s, ok := recover().(string); !ok || !strings.HasPrefix(s, "broken\n") || !strings.Contains(s, "TestPanic") {
			t.Errorf("%s", s)
		}
	}()
	_ = watch.Run(t.Context(), watch.Limits{Timeout: time.Minute}, nil, func(context.Context) error { panic("broken") })
	t.Error("it is swallowed")
}

func TestWithin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := errors.New("its own")
		err := watch.Run(t.Context(), watch.Limits{Timeout: time.Second}, nil, func(context.Context) error {
			time.Sleep(900 * time.Millisecond)
			return want
		})
		if !errors.Is(err, want) {
			t.Error(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := run(ctx, watch.Limits{Timeout: time.Minute}, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

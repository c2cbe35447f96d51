package metrics

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	// attempts bounds how often a server is asked one question.
	attempts = 3
	// attemptTimeout bounds one attempt. A gate is asked again later, a limit at the next tick: waiting longer gains nothing.
	attemptTimeout = 10 * time.Second
	// firstPause and longestPause bound the pause between attempts; the server's own wish counts up to the longest.
	firstPause   = 250 * time.Millisecond
	longestPause = 5 * time.Second
	// maxAnswer bounds an answer in bytes. One number fits into a few hundred; a query that answers with more is wrong.
	maxAnswer = 1 << 20
)

// momentary is an error that may be gone when asked again.
type momentary struct {
	err error
	// after is how long the server wants not to be asked; zero when it doesn't say.
	after time.Duration
}

func (m *momentary) Error() string { return m.err.Error() }
func (m *momentary) Unwrap() error { return m.err }

// askAgain asks until there is an answer, or none is to be expected.
func (p *Prometheus) askAgain(ctx context.Context, q question) (float64, error) {
	for n := 1; ; n++ {
		v, err := p.ask(ctx, q)
		var m *momentary
		switch {
		case err == nil:
			return v, nil
		case ctx.Err() != nil:
			return 0, fmt.Errorf("%w: %w", context.Cause(ctx), err)
		case !errors.As(err, &m):
			return 0, err
		case n == attempts:
			return 0, fmt.Errorf("asked %d times: %w", n, err)
		}
		if err := p.pause(ctx, pauseAfter(n, m.after)); err != nil {
			return 0, fmt.Errorf("%w: %w", err, m.err)
		}
	}
}

// pauseAfter is the pause after the n-th attempt, n from 1: between half of the doubled pause and all of it, so that
// several runs don't ask in step; or what the server wants, when that is longer.
func pauseAfter(n int, wish time.Duration) time.Duration {
	d := firstPause << (n - 1)
	d = d/2 + rand.N(d/2+1)
	return min(max(d, wish), longestPause)
}

func (p *Prometheus) pause(ctx context.Context, d time.Duration) error {
	if p.Pause != nil {
		return p.Pause(ctx, d)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}

// ask makes one attempt.
func (p *Prometheus) ask(ctx context.Context, q question) (float64, error) {
	ctx, stop := context.WithTimeout(ctx, attemptTimeout)
	defer stop()
	req, err := q.request(ctx)
	if err != nil {
		return 0, err
	}
	res, err := p.client().Do(req)
	if err != nil {
		return 0, &momentary{err: withoutURL(err)}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case err != nil:
		return 0, &momentary{err: fmt.Errorf("read the answer: %w", err)}
	case len(body) > maxAnswer:
		return 0, fmt.Errorf("the answer is longer than %d bytes: the query must have one number as its result", maxAnswer)
	case res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= 500:
		return 0, &momentary{err: refusal(res.Status, body), after: retryAfter(res.Header.Get("Retry-After"))}
	case res.StatusCode != http.StatusOK:
		return 0, refusal(res.Status, body)
	}
	s, err := decodeAnswer(body)
	if err != nil {
		return 0, err
	}
	return s.number(q.at)
}

// client follows no redirect: a token must not travel to where somebody else points.
func (p *Prometheus) client() *http.Client {
	c := http.Client{}
	if p.Client != nil {
		c = *p.Client
	}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

// withoutURL drops what net/http puts around an error: method and address, with the whole query.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// retryAfter reads the header in seconds; its other form, a date, is read as no wish: clocks differ.
func retryAfter(s string) time.Duration {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0
	}
	return time.Duration(min(n, int(longestPause/time.Second))) * time.Second
}

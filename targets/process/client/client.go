// Package client speaks with the process host of this machine, and starts it when none runs.
//
// A call that changes a service is repeated until the host says that it is done, through restarts and crashes of the host:
// the host recognises repetitions. A call ends early only by its context or by an error that repeating does not cure.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/penstock-dev/penstock/targets/process/control"
)

// waitSpan is how long the host may hold an answer back while a request is not done.
const waitSpan = 20 * time.Second

// ErrNoHost means that no host runs and none may be started.
var ErrNoHost = errors.New("no penstock host runs")

// Client speaks with one host. It is safe for concurrent use.
type Client struct {
	opts Options
	http *http.Client
}

// Open returns a client. It does not connect yet; with opts.Start a host is started by the first call that finds none.
func Open(opts Options) *Client {
	socket := opts.Dirs.Socket()
	return &Client{opts: opts, http: &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
		DisableKeepAlives: true, // a kept connection would lead to a host that was replaced since
	}}}
}

// Host asks who answers.
func (c *Client) Host(ctx context.Context) (control.Host, error) {
	return call[control.Host](ctx, c, http.MethodGet, "/v1/host", nil, nil)
}

// Observe asks for one service.
func (c *Client) Observe(ctx context.Context, id control.Service) (control.Status, error) {
	return call[control.Status](ctx, c, http.MethodGet, "/v1/service", query(id), nil)
}

// Counts asks for the numbers of one service, and from then on for those of requests slower than a threshold if it is
// not 0.
func (c *Client) Counts(ctx context.Context, id control.Service, slowerThan time.Duration) (control.Counts, error) {
	q := query(id)
	q.Set("slowerThan", slowerThan.String())
	return call[control.Counts](ctx, c, http.MethodGet, "/v1/counts", q, nil)
}

// Drift asks what runs differently from what was released; the zero service means all.
func (c *Client) Drift(ctx context.Context, id control.Service) ([]control.Difference, error) {
	return call[[]control.Difference](ctx, c, http.MethodGet, "/v1/drift", query(id), nil)
}

// Logs asks for the last lines of a version; without one those of the canary, else of stable.
func (c *Client) Logs(ctx context.Context, id control.Service, version string, lines int) ([]string, error) {
	q := query(id)
	q.Set("version", version)
	q.Set("lines", strconv.Itoa(lines))
	return call[[]string](ctx, c, http.MethodGet, "/v1/logs", q, nil)
}

// Stage brings a version up beside the stable one and waits until it is ready.
func (c *Client) Stage(ctx context.Context, r control.Stage) (control.Status, error) {
	r.Wait = waitSpan
	return c.do(ctx, "/v1/stage", r)
}

// Shift gives the staged version its share of traffic and returns what was read back.
func (c *Client) Shift(ctx context.Context, r control.Shift) (control.Status, error) {
	r.Wait = waitSpan
	return c.do(ctx, "/v1/shift", r)
}

// Renew prolongs the lease of the staged version.
func (c *Client) Renew(ctx context.Context, r control.Renew) (control.Status, error) {
	return c.do(ctx, "/v1/renew", r)
}

// Commit makes the staged version the stable one.
func (c *Client) Commit(ctx context.Context, r control.Commit) (control.Status, error) {
	r.Wait = waitSpan
	return c.do(ctx, "/v1/commit", r)
}

// Restore makes a version the stable one again.
func (c *Client) Restore(ctx context.Context, r control.Restore) (control.Status, error) {
	r.Wait = waitSpan
	return c.do(ctx, "/v1/restore", r)
}

// Remove ends a version that is not stable and waits until it is gone.
func (c *Client) Remove(ctx context.Context, r control.Remove) (control.Status, error) {
	r.Wait = waitSpan
	return c.do(ctx, "/v1/remove", r)
}

// Retire ends the version that was stable before and waits until it is gone.
func (c *Client) Retire(ctx context.Context, r control.Retire) (control.Status, error) {
	r.Wait = waitSpan
	return c.do(ctx, "/v1/retire", r)
}

// Acquire takes the lock of a place.
func (c *Client) Acquire(ctx context.Context, r control.Acquire) (control.Lock, error) {
	return call[control.Lock](ctx, c, http.MethodPost, "/v1/lock/acquire", nil, r)
}

// Release gives the lock of a place up, or prolongs it.
func (c *Client) Release(ctx context.Context, r control.Release) (control.Lock, error) {
	return call[control.Lock](ctx, c, http.MethodPost, "/v1/lock/release", nil, r)
}

// Lock asks for the lock of a place.
func (c *Client) Lock(ctx context.Context, place string) (control.Lock, error) {
	return call[control.Lock](ctx, c, http.MethodGet, "/v1/lock", url.Values{"place": {place}}, nil)
}

// AskLock leaves a wish with the lock of a place.
func (c *Client) AskLock(ctx context.Context, r control.AskLock) (control.Lock, error) {
	return call[control.Lock](ctx, c, http.MethodPost, "/v1/lock/wish", nil, r)
}

// Stop ends the host and, unless keep is set, its programs, and waits until both have ended.
func (c *Client) Stop(ctx context.Context, keep bool) error {
	quiet := *c
	quiet.opts.Start = false
	if _, err := call[struct{}](ctx, &quiet, http.MethodPost, "/v1/stop", nil, control.StopHost{Keep: keep}); err != nil {
		return err
	}
	lock, err := os.Open(c.opts.Dirs.Lock())
	if err != nil {
		return fmt.Errorf("stop host: %w", err)
	}
	defer lock.Close()
	for {
		err := unix.Flock(int(lock.Fd()), unix.LOCK_SH|unix.LOCK_NB) // the host holds it until its end
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return err
		}
		if err := sleep(ctx, 20*time.Millisecond); err != nil {
			return fmt.Errorf("stop host: %w", err)
		}
	}
}

// do repeats a request until it is done.
func (c *Client) do(ctx context.Context, path string, req any) (control.Status, error) {
	for {
		ans, err := call[control.Answer](ctx, c, http.MethodPost, path, nil, req)
		if err != nil || ans.Done {
			return ans.Status, err
		}
		if err := ctx.Err(); err != nil {
			return ans.Status, fmt.Errorf("%s: not done yet: %w", path, err)
		}
	}
}

// call makes one call, as often as hosts come and go meanwhile.
func call[A any](ctx context.Context, c *Client, method, path string, q url.Values, req any) (A, error) {
	var ans A
	body, err := json.Marshal(req)
	if err != nil {
		return ans, fmt.Errorf("host request: %w", err)
	}
	for {
		err := c.once(ctx, method, path+"?"+q.Encode(), body, &ans)
		switch {
		case err == nil:
			return ans, nil
		case ctx.Err() != nil:
			return ans, fmt.Errorf("host %s: %w", path, ctx.Err())
		case isDown(err):
			if !c.opts.Start {
				return ans, fmt.Errorf("%w (%s)", ErrNoHost, c.opts.Dirs.Socket())
			}
			if err := start(ctx, c, false); err != nil {
				return ans, err
			}
		case !isPassing(err):
			return ans, err
		}
		if err := sleep(ctx, 10*time.Millisecond); err != nil {
			return ans, fmt.Errorf("host %s: %w", path, err)
		}
	}
}

// once makes one HTTP request.
func (c *Client) once(ctx context.Context, method, path string, body []byte, ans any) error {
	var rd io.Reader
	if method == http.MethodPost {
		rd = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://host"+path, rd)
	if err != nil {
		return err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		e := new(control.Error)
		if err := json.NewDecoder(res.Body).Decode(e); err != nil || e.Code == "" {
			return fmt.Errorf("host answered %s", res.Status)
		}
		return e
	}
	return json.NewDecoder(res.Body).Decode(ans)
}

// query names a service in a question.
func query(id control.Service) url.Values {
	return url.Values{"place": {id.Place}, "workload": {id.Workload}}
}

// sleep waits.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

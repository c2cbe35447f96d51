package metrics

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/internal/secret"
	"github.com/penstock-dev/penstock/schema"
)

// Prometheus asks servers with Prometheus's HTTP API. Which server, with which matchers and which token, is what the
// environment says. The zero value can ask servers that want no token. It may be used by several goroutines.
type Prometheus struct {
	// Secrets resolves the tokens, anew for each query.
	Secrets secret.Resolver
	// Client sends the requests; nil is [http.DefaultClient]. Its redirect rule is not used: no redirect is followed.
	Client *http.Client
	// Pause waits between two attempts; nil sleeps.
	Pause func(ctx context.Context, d time.Duration) error
}

// Query evaluates an instant query at a time on the environment's server and returns its one number.
//
// The environment's labels are added to every selector of the query. An answer without a finite number is [ErrNoData], one
// of an earlier time is [ErrStale]; an environment that has no Prometheus, and a query that can't be confined to its
// labels, is [ErrUnsupported]. More than one series is an error. Servers that fail for the moment are asked again, at most
// three times in all. No error contains the token.
func (p *Prometheus) Query(ctx context.Context, env plan.Environment, query string, at time.Time) (float64, error) {
	cfg, err := source(env)
	if err != nil {
		return 0, err
	}
	query, err = Confine(query, cfg.Labels)
	if err != nil {
		return 0, err
	}
	token, err := p.token(ctx, cfg.Token)
	if err != nil {
		return 0, err
	}
	base, err := url.Parse(cfg.URL)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return 0, errors.New("prometheus: the url is not of the form https://host") // it may contain a password
	}
	password, _ := base.User.Password()
	q := question{base: base, token: token, query: query, at: at}
	v, err := p.askAgain(ctx, q)
	if err != nil {
		return 0, maskError(fmt.Errorf("prometheus %s: %w", base.Host, err), token, password)
	}
	return v, nil
}

// source reads where the environment's numbers come from.
func source(env plan.Environment) (*schema.Prometheus, error) {
	if len(env.Metrics) == 0 || bytes.Equal(env.Metrics, []byte("null")) {
		return nil, fmt.Errorf("the environment has no metrics provider: %w", ErrUnsupported)
	}
	var m schema.Metrics
	if err := json.Unmarshal(env.Metrics, &m); err != nil {
		return nil, fmt.Errorf("read the environment's metrics: %w", err)
	}
	if m.Prometheus == nil {
		return nil, fmt.Errorf("no metrics provider that this build can ask, only prometheus: %w", ErrUnsupported)
	}
	return m.Prometheus, nil
}

func (p *Prometheus) token(ctx context.Context, s *schema.Secret) (string, error) {
	if s == nil {
		return "", nil
	}
	ref := plan.SecretRef{Env: s.Env, File: s.File}
	if s.Vault != nil {
		ref.Vault = s.Vault.Path + "#" + s.Vault.Field
	}
	if s.Kubernetes != nil {
		ref.Kubernetes = s.Kubernetes.Name + "/" + s.Kubernetes.Key
	}
	v, err := p.Secrets.Resolve(ctx, ref)
	if err != nil {
		return "", fmt.Errorf("prometheus token: %w", err)
	}
	if strings.ContainsFunc(v.Reveal(), func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", errors.New("prometheus token: it contains control characters or several lines")
	}
	return v.Reveal(), nil
}

// question is one query to one server.
type question struct {
	base  *url.URL
	token string
	query string
	at    time.Time
}

// longURL is the length in bytes from which a query is sent in the body: proxies refuse long addresses.
const longURL = 2000

// request makes the HTTP request, which ends with ctx.
func (q question) request(ctx context.Context) (*http.Request, error) {
	form := url.Values{
		"query": {q.query},
		// milliseconds are all the server knows
		"time":    {strconv.FormatFloat(float64(q.at.UnixMilli())/1000, 'f', 3, 64)},
		"timeout": {attemptTimeout.String()},
	}.Encode()
	u := q.base.JoinPath("api", "v1", "query")
	method, body := http.MethodGet, ""
	if u.RawQuery == "" && len(form) < longURL {
		u.RawQuery = form
	} else {
		method, body = http.MethodPost, form
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "penstock")
	if q.token != "" {
		req.Header.Set("Authorization", "Bearer "+q.token)
	}
	return req, nil
}

// maskedError is an error whose text doesn't show some values.
type maskedError struct {
	err  error
	text string
}

func (e *maskedError) Error() string { return e.text }
func (e *maskedError) Unwrap() error { return e.err }

func maskError(err error, values ...string) error {
	return &maskedError{err: err, text: secret.MaskString(err.Error(), values)}
}

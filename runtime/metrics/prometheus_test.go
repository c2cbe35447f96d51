package metrics

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/internal/secret"
	"github.com/penstock-dev/penstock/schema"
)

const token = "s3cret-token-of-the-test"

var when = time.Date(2026, 3, 4, 5, 6, 7, 890_000_000, time.UTC)

// reading is an answer with one sample of the time that was asked for.
func reading(value string) string {
	return fmt.Sprintf(`{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[%d.890,%q]}]}}`, when.Unix(), value)
}

// rig is a server, a client of it, and the environment that names it.
type rig struct {
	p      *Prometheus
	env    plan.Environment
	pauses []time.Duration
	asked  atomic.Int32
}

func newRig(t *testing.T, m schema.Prometheus, h func(n int, w http.ResponseWriter, r *http.Request)) *rig {
	t.Helper()
	x := &rig{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := int(x.asked.Add(1))
		h(n, w, r)
	}))
	t.Cleanup(srv.Close)
	x.p = &Prometheus{
		Secrets: secret.Resolver{Lookup: func(name string) (string, bool) { return token, name == "TOKEN" }},
		Client:  srv.Client(),
		Pause:   func(_ context.Context, d time.Duration) error { x.pauses = append(x.pauses, d); return nil },
	}
	m.URL = srv.URL + m.URL
	raw, err := json.Marshal(schema.Metrics{Prometheus: &m})
	if err != nil {
		t.Fatal(err)
	}
	x.env = plan.Environment{Metrics: raw}
	return x
}

func (x *rig) query(t *testing.T, q string) (float64, error) {
	t.Helper()
	return x.p.Query(t.Context(), x.env, q, when)
}

func TestQueryAsks(t *testing.T) {
	m := schema.Prometheus{URL: "/prom/", Labels: map[string]string{"cluster": "a"}, Token: &schema.Secret{Env: "TOKEN"}}
	for name, q := range map[string]string{"short": "sum(up)", "long": `sum(up{job="` + strings.Repeat("x", 3000) + `"})`} {
		t.Run(name, func(t *testing.T) {
			x := newRig(t, m, func(_ int, w http.ResponseWriter, r *http.Request) {
				want := strings.ReplaceAll(strings.ReplaceAll(q, "up{", `up{cluster="a",`), "up)", `up{cluster="a"})`)
				if got := r.FormValue("query"); got != want {
					t.Errorf("query %s, want %s", got, want)
				}
				if r.URL.Path != "/prom/api/v1/query" || r.FormValue("time") != "1772600767.890" || r.FormValue("timeout") != "10s" {
					t.Errorf("asked %s with %v", r.URL.Path, r.Form)
				}
				if got := r.Header.Get("Authorization"); got != "Bearer "+token {
					t.Errorf("authorization %q", got)
				}
				if len(r.URL.RawQuery) > longURL {
					t.Errorf("an address of %d bytes", len(r.URL.RawQuery))
				}
				fmt.Fprint(w, reading("0.25"))
			})
			if v, err := x.query(t, q); v != 0.25 || err != nil {
				t.Errorf("%g, %v", v, err)
			}
		})
	}
}

func TestAnswers(t *testing.T) {
	vector := func(result string) string {
		return `{"status":"success","data":{"resultType":"vector","result":` + result + `}}`
	}
	at := func(d time.Duration, value string) string {
		return fmt.Sprintf(`{"status":"success","data":{"resultType":"scalar","result":[%d,%q]}}`, when.Add(d).Unix(), value)
	}
	for name, x := range map[string]struct {
		body string
		want float64
		is   error
		text string // of the error; empty for none
	}{
		"vector":             {body: reading("17"), want: 17},
		"scalar":             {body: at(0, "1e-3"), want: 0.001},
		"zero":               {body: reading("0"), want: 0},
		"infos":              {body: strings.Replace(reading("1"), `"data"`, `"infos":["might not be a counter"],"data"`, 1), want: 1},
		"no series":          {body: vector(`[]`), is: ErrNoData, text: "finds no series"},
		"nan":                {body: reading("NaN"), is: ErrNoData, text: "NaN"},
		"inf":                {body: reading("+Inf"), is: ErrNoData, text: "+Inf"},
		"minus inf":          {body: reading("-Inf"), is: ErrNoData, text: "-Inf"},
		"warnings":           {body: strings.Replace(reading("1"), `"data"`, `"warnings":["store gone"],"data"`, 1), is: ErrNoData, text: "store gone"},
		"old":                {body: at(-time.Hour, "1"), is: ErrStale, text: "before"},
		"a bit old":          {body: at(-time.Minute, "1"), want: 1},
		"of the future":      {body: at(time.Hour, "1"), text: "after the time"},
		"two series":         {body: vector(`[{"value":[1,"1"]},{"value":[1,"2"]}]`), text: "finds 2 series"},
		"histogram":          {body: vector(`[{"metric":{},"histogram":[1,{}]}]`), text: "histogram"},
		"matrix":             {body: `{"status":"success","data":{"resultType":"matrix","result":[]}}`, text: "matrix"},
		"string":             {body: `{"status":"success","data":{"resultType":"string","result":[1,"1"]}}`, text: "want one number"},
		"null result":        {body: vector(`null`), text: "there is none"},
		"no result":          {body: `{"status":"success","data":{"resultType":"vector"}}`, text: "read the result"},
		"no data":            {body: `{"status":"success"}`, text: "not what Prometheus answers"},
		"empty":              {body: ``, text: "not what Prometheus answers"},
		"html":               {body: `<html>log in</html>`, text: "not what Prometheus answers"},
		"cut":                {body: reading("1")[:60], text: "not what Prometheus answers"},
		"more after it":      {body: reading("1") + "{}", text: "not what Prometheus answers"},
		"a number as value":  {body: vector(`[{"value":[1,1]}]`), text: "not a text"},
		"no value":           {body: vector(`[{"metric":{}}]`), text: "a time and a value"},
		"null value":         {body: vector(`[{"value":[1,null]}]`), text: "not a text"},
		"null time":          {body: vector(`[{"value":[null,"1"]}]`), text: "time is not"},
		"absurd time":        {body: vector(`[{"value":[1e300,"1"]}]`), text: "time is not"},
		"three in a sample":  {body: vector(`[{"value":[1,"1","2"]}]`), text: "a time and a value"},
		"a word as value":    {body: reading("many"), text: "not a number"},
		"error with 200":     {body: `{"status":"error","errorType":"execution","error":"too many\nsamples"}`, text: "execution: too many samples"},
		"a list":             {body: `[]`, text: "not what Prometheus answers"},
		"longer than needed": {body: strings.Repeat(" ", maxAnswer) + reading("1"), text: "longer than"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, schema.Prometheus{}, func(_ int, w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, x.body) })
			v, err := r.query(t, "up")
			if x.text == "" {
				if err != nil || v != x.want {
					t.Fatalf("%g, %v", v, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), x.text) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%g, error %v, want one with %q", v, err, x.text)
			}
			if x.is != nil && !errors.Is(err, x.is) || x.is == nil && (errors.Is(err, ErrNoData) || errors.Is(err, ErrStale)) {
				t.Errorf("%v: is not %v", err, x.is)
			}
			if r.asked.Load() != 1 {
				t.Errorf("asked %d times: a wrong answer stays wrong", r.asked.Load())
			}
		})
	}
}

func TestAsksAgain(t *testing.T) {
	drop := func(w http.ResponseWriter) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		c.Close()
	}
	status := func(code int) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "2")
			w.WriteHeader(code)
			fmt.Fprint(w, `{"status":"error","errorType":"x","error":"echoes `+token+`"}`)
		}
	}
	for name, x := range map[string]struct {
		fail  func(http.ResponseWriter)
		times int // it fails
		asked int
		text  string
	}{
		"500 once":       {status(500), 1, 2, ""},
		"503 twice":      {status(503), 2, 3, ""},
		"503 always":     {status(503), 9, 3, "asked 3 times: 503 Service Unavailable: x: echoes " + secret.Shown},
		"429 once":       {status(429), 1, 2, ""},
		"dropped once":   {drop, 1, 2, ""},
		"dropped always": {drop, 9, 3, "asked 3 times: EOF"},
		"400":            {status(400), 9, 1, "400 Bad Request: x: echoes " + secret.Shown},
		"401":            {status(401), 9, 1, "401"},
		"422":            {status(422), 9, 1, "422"},
		"redirect":       {func(w http.ResponseWriter) { w.Header().Set("Location", "http://127.0.0.1:1/"); w.WriteHeader(302) }, 9, 1, "302"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, schema.Prometheus{Token: &schema.Secret{Env: "TOKEN"}}, func(n int, w http.ResponseWriter, _ *http.Request) {
				if n <= x.times {
					x.fail(w)
					return
				}
				fmt.Fprint(w, reading("1"))
			})
			// a connection that was used before is asked again by net/http itself
			r.p.Client.Transport.(*http.Transport).DisableKeepAlives = true
			_, err := r.query(t, "up")
			switch {
			case x.text == "" && err != nil, x.text != "" && (err == nil || !strings.Contains(err.Error(), x.text)):
				t.Errorf("error %v, want %q", err, x.text)
			case err != nil && strings.Contains(err.Error(), token):
				t.Errorf("%v: shows the token", err)
			}
			if int(r.asked.Load()) != x.asked || len(r.pauses) != x.asked-1 {
				t.Errorf("asked %d times with pauses %v, want %d times", r.asked.Load(), r.pauses, x.asked)
			}
			for _, d := range r.pauses {
				if strings.HasPrefix(name, "5") && d != 2*time.Second {
					t.Errorf("pause %s, the server wants 2 s", d)
				}
			}
		})
	}
}

func TestPauses(t *testing.T) {
	for range 100 {
		if d := pauseAfter(1, 0); d < firstPause/2 || d > firstPause {
			t.Fatalf("first pause %s", d)
		}
		if d := pauseAfter(2, 0); d < firstPause || d > 2*firstPause {
			t.Fatalf("second pause %s", d)
		}
		if d := pauseAfter(1, time.Hour); d != longestPause {
			t.Fatalf("pause %s", d)
		}
	}
	for s, want := range map[string]time.Duration{"": 0, "3": 3 * time.Second, "-3": 0, "999999999999": longestPause, "Wed, 21 Oct 2026 07:28:00 GMT": 0} {
		if got := retryAfter(s); got != want {
			t.Errorf("Retry-After %q: %s, want %s", s, got, want)
		}
	}
}

func TestQueryEndsWithContext(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	r := newRig(t, schema.Prometheus{}, func(_ int, _ http.ResponseWriter, r *http.Request) {
		stop()
		<-r.Context().Done()
	})
	if _, err := r.p.Query(ctx, r.env, "up", when); !errors.Is(err, context.Canceled) || r.asked.Load() != 1 {
		t.Errorf("%v after %d", err, r.asked.Load())
	}
}

func TestQueryRefuses(t *testing.T) {
	for name, x := range map[string]struct {
		metrics string
		is      error
		text    string
	}{
		"no metrics":     {``, ErrUnsupported, "no metrics provider"},
		"null":           {`null`, ErrUnsupported, "no metrics provider"},
		"cloudwatch":     {`{"cloudwatch":{}}`, ErrUnsupported, "no metrics provider"},
		"broken":         {`{`, nil, "read the environment's metrics"},
		"no token":       {`{"prometheus":{"url":"http://127.0.0.1:1","token":{"env":"ABSENT"}}}`, secret.ErrAbsent, "prometheus token"},
		"token in vault": {`{"prometheus":{"url":"http://127.0.0.1:1","token":{"vault":{"path":"a","field":"b"}}}}`, secret.ErrUnavailable, "a#b"},
		"no host":        {`{"prometheus":{"url":"http://"}}`, nil, "https://host"},
		"other scheme":   {`{"prometheus":{"url":"file:///etc/passwd"}}`, nil, "https://host"},
		"bad label":      {`{"prometheus":{"url":"http://127.0.0.1:1","labels":{"a-b":"c"}}}`, nil, "a-b"},
	} {
		t.Run(name, func(t *testing.T) {
			p := Prometheus{Secrets: secret.Resolver{Lookup: func(string) (string, bool) { return "", false }}}
			_, err := p.Query(t.Context(), plan.Environment{Metrics: json.RawMessage(x.metrics)}, "up", when)
			if err == nil || !strings.Contains(err.Error(), x.text) || x.is != nil && !errors.Is(err, x.is) {
				t.Errorf("%v, want %q, %v", err, x.text, x.is)
			}
		})
	}
}

// FuzzDecodeAnswer holds that whatever a server says becomes one finite number of its time, or an error.
func FuzzDecodeAnswer(f *testing.F) {
	f.Add([]byte(reading("1")))
	f.Add([]byte(`{"status":"success","data":{"resultType":"scalar","result":[1.5,"NaN"]}}`))
	f.Add([]byte(`{"status":"error","errorType":"timeout","error":"x"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := decodeAnswer(body)
		if err != nil {
			if s != (sample{}) || strings.ContainsAny(refusal("500", body).Error(), "\n\r") {
				t.Errorf("%+v with error %v", s, err)
			}
			return
		}
		if v, err := s.number(when); err == nil && (v-v != 0 || when.Sub(s.at).Abs() > lookBack) {
			t.Errorf("%q became %g at %s", body, v, s.at)
		}
	})
}

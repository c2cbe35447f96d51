package host

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/penstock-dev/penstock/targets/process/control"
)

func discard() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// FuzzAPI sends any bytes to every request of the control API: each must be answered with JSON, and refused ones with a
// code, without anything having been started.
func FuzzAPI(f *testing.F) {
	paths := []string{
		"/v1/stage", "/v1/shift", "/v1/renew", "/v1/commit", "/v1/restore", "/v1/remove", "/v1/retire",
		"/v1/lock/acquire", "/v1/lock/release", "/v1/nothing",
	}
	op := `"service":{"place":"p","workload":"w"},"key":"k","run":"r","fence":1,"order":1`
	f.Add(uint8(0), `{`+op+`,"spec":{"version":"v","name":"n","digest":"sha256:00","listen":"127.0.0.1:1","ready":{"every":1,"timeout":1},"restart":{"attempts":0,"backoff":0},"drain":0,"stop":0}}`)
	f.Add(uint8(1), `{`+op+`,"version":"v","weight":1e308,"matches":[{"header":"a","regex":"("}]}`)
	f.Add(uint8(2), `{`+op+`,"version":"v","lease":-1}`)
	f.Add(uint8(4), `{`+op+`,"version":""}`)
	f.Add(uint8(7), `{"place":"p","holder":{"run":"r"}}`)
	f.Add(uint8(8), `{"place":"p","fence":1}{"again":true}`)
	f.Fuzz(func(t *testing.T, which uint8, body string) {
		life, end := context.WithCancel(t.Context())
		defer end()
		h, err := newHost(life, Options{Dirs: control.Dirs{State: t.TempDir()}}, discard())
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		req := httptest.NewRequestWithContext(life, "POST", paths[int(which)%len(paths)], strings.NewReader(body))
		h.routes(func(bool) error { return nil }).ServeHTTP(w, req)
		if w.Code == http.StatusOK {
			if !json.Valid(w.Body.Bytes()) {
				t.Errorf("answer %q", w.Body)
			}
		} else {
			var e control.Error
			if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || e.Code == "" || e.Message == "" {
				t.Errorf("status %d: %q, %v", w.Code, w.Body, err)
			}
		}
		for _, s := range h.services {
			if len(s.rec.Versions) != 0 {
				t.Errorf("a version was made of %q", body)
			}
		}
	})
}

func TestAPIRefusesWhatItDoesNotKnow(t *testing.T) {
	h, err := newHost(t.Context(), Options{Dirs: control.Dirs{State: t.TempDir()}}, discard())
	if err != nil {
		t.Fatal(err)
	}
	mux := h.routes(func(bool) error { return nil })
	for name, tc := range map[string]struct {
		method, path, body string
		want               int
	}{
		"unknown path":  {"GET", "/v2/host", "", 404},
		"method":        {"GET", "/v1/stage", "", 404},
		"unknown field": {"POST", "/v1/lock/acquire", `{"place":"p","holder":{"run":"r"},"force":true}`, 400},
		"two values":    {"POST", "/v1/lock/acquire", `{"place":"p","holder":{"run":"r"}} {}`, 400},
		"too large":     {"POST", "/v1/lock/acquire", `{"place":"` + strings.Repeat("p", control.MaxBody) + `"}`, 400},
		"log lines":     {"GET", "/v1/logs?lines=x", "", 400},
		"threshold":     {"GET", "/v1/counts?slowerThan=-1s", "", 400},
		"no service":    {"GET", "/v1/counts?place=p&workload=w", "", 404},
		"no version":    {"GET", "/v1/logs?place=p&workload=w", "", 404},
		"fine":          {"GET", "/v1/service?place=p&workload=w", "", 200},
		"host":          {"GET", "/v1/host", "", 200},
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, httptest.NewRequest(tc.method, tc.path, strings.NewReader(tc.body)))
			if w.Code != tc.want || !json.Valid(w.Body.Bytes()) {
				t.Errorf("status %d, want %d: %s", w.Code, tc.want, w.Body)
			}
		})
	}
}

package client

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/penstock-dev/penstock/targets/process/control"
)

// places returns directories for a host whose socket path is short enough.
func places(t *testing.T) control.Dirs {
	t.Helper()
	rt, err := os.MkdirTemp("/tmp", "penstock-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(rt) })
	return control.Dirs{State: filepath.Join(t.TempDir(), "state"), Runtime: rt}
}

// pretend answers like a host.
func pretend(t *testing.T, dirs control.Dirs, h http.HandlerFunc) {
	t.Helper()
	ln, err := net.Listen("unix", dirs.Socket())
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: h}
	go srv.Serve(ln)
	t.Cleanup(func() { srv.Close() })
}

func TestNoHost(t *testing.T) {
	c := Open(Options{Dirs: places(t)})
	if _, err := c.Host(t.Context()); !errors.Is(err, ErrNoHost) {
		t.Errorf("error %v", err)
	}
	if err := c.Stop(t.Context(), false); !errors.Is(err, ErrNoHost) {
		t.Errorf("stop: %v", err)
	}
}

func TestRepeatsUntilDone(t *testing.T) {
	dirs := places(t)
	var asked atomic.Int32
	var keys []string
	pretend(t, dirs, func(w http.ResponseWriter, r *http.Request) {
		var req control.Stage
		if err := control.Decode(r.Body, &req); err != nil {
			t.Error(err)
		}
		keys = append(keys, req.Key)
		switch asked.Add(1) {
		case 1: // the host dies in the middle
			panic(http.ErrAbortHandler)
		case 2: // it is being replaced
			w.WriteHeader(http.StatusServiceUnavailable)
			json.NewEncoder(w).Encode(control.Errorf(control.Restarting, "being replaced"))
		case 3:
			json.NewEncoder(w).Encode(control.Answer{})
		default:
			json.NewEncoder(w).Encode(control.Answer{Done: true, Status: control.Status{Weight: 7}})
		}
	})
	st, err := Open(Options{Dirs: dirs}).Stage(t.Context(), stage())
	if err != nil || st.Weight != 7 || asked.Load() != 4 {
		t.Errorf("%+v, %v after %d requests", st, err, asked.Load())
	}
	if len(slices.Compact(keys)) != 1 {
		t.Errorf("keys %v: a repetition must be recognised", keys)
	}
}

// stage is a request that the host accepts.
func stage() control.Stage {
	return control.Stage{
		Op: control.Op{Service: control.Service{Place: "p", Workload: "w"}, Key: "k", Fence: 1},
		Spec: control.Spec{
			Version: "v", Name: "n", Listen: "127.0.0.1:1", Ready: control.Ready{Every: time.Second, Timeout: time.Second},
		},
	}
}

func TestErrorsEndACall(t *testing.T) {
	dirs := places(t)
	pretend(t, dirs, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/host" {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		w.WriteHeader(http.StatusConflict)
		json.NewEncoder(w).Encode(control.Errorf(control.StaleFence, "stale"))
	})
	c := Open(Options{Dirs: dirs})
	if _, err := c.Stage(t.Context(), stage()); !errors.Is(err, &control.Error{Code: control.StaleFence}) {
		t.Errorf("error %v", err)
	}
	if _, err := c.Host(t.Context()); err == nil || !strings.Contains(err.Error(), "418") {
		t.Errorf("an answer that is none of a host's: %v", err)
	}
}

func TestContextEndsACall(t *testing.T) {
	dirs := places(t)
	pretend(t, dirs, func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(control.Answer{}) // never done
	})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Open(Options{Dirs: dirs}).Stage(ctx, stage()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}

func TestHostThatCannotStartSaysWhy(t *testing.T) {
	c := Open(Options{Dirs: places(t), Start: true, Command: []string{"/bin/sh", "-c", "echo no disk left; exit 1", "sh"}})
	if _, err := c.Host(t.Context()); err == nil || !strings.Contains(err.Error(), "no disk left") {
		t.Errorf("error %v", err)
	}
}

func TestHostGetsLittleEnvironment(t *testing.T) {
	t.Setenv("CI_TOKEN", "secret")
	t.Setenv("TZ", "UTC")
	env := Open(Options{Env: []string{"EXTRA=1"}}).environ()
	if !slices.Contains(env, "TZ=UTC") || !slices.Contains(env, "EXTRA=1") || strings.Contains(strings.Join(env, " "), "CI_TOKEN") {
		t.Errorf("environment %v", env)
	}
}

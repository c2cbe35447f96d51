package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"github.com/penstock-dev/penstock/runtime/store"
	"github.com/penstock-dev/penstock/targets/process/control"
	"github.com/penstock-dev/penstock/test/site"
)

// edited replaces pieces of a pipeline, each of which must be there: old, new, old, new, …
func edited(t *testing.T, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("the pipeline has no %q", pairs[i])
		}
		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}
	return text
}

// What tests change in the pipeline.
const (
	buildCommand = `"mkdir -p bin && `
	// marked leaves a line for each build.
	marked = `"echo built >> builds; mkdir -p bin && `
	canary = `canary: {
					steps: [{weight: 5, hold: "2s"}, {weight: 50, hold: "2s"}]
					analysis: slos: availability: {}
					keep: "1s"
				}`
	atOnce = `allAtOnce: keep: "1s"`
	listen = `listen: "ADDR"
`
)

// builds counts how often the build stage ran.
func builds(t *testing.T, s *site.Site) int {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(s.Dir, "builds"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(b), "\n")
}

func decoded[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

// releases lists the releases, newest first.
func releases(t *testing.T, s *site.Site) []store.Release {
	t.Helper()
	return decoded[struct{ Releases []store.Release }](t, s.Must(0, "history", "--releases", "-o", "json")).Releases
}

// deployments lists what went to an environment, newest first.
func deployments(t *testing.T, s *site.Site, env string) []store.Deployment {
	t.Helper()
	return decoded[struct{ Deployments []store.Deployment }](t, s.Must(0, "history", "--env", env, "-o", "json")).Deployments
}

// service is what the host says of the only service.
func service(t *testing.T, s *site.Site) control.Status {
	t.Helper()
	h := decoded[control.Host](t, s.Must(0, "host", "status", "-o", "json"))
	if len(h.Services) != 1 {
		t.Fatalf("the host has %d services, want 1", len(h.Services))
	}
	return h.Services[0]
}

// me is the name that penstock sees.
func me(t *testing.T) string {
	t.Helper()
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	return u.Username
}

func otherAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// contains fails the test when a text lacks a part.
func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%q is missing in\n%s", p, text)
		}
	}
}

// stable is the version that users get.
func stable(t *testing.T, s *site.Site) control.VersionStatus {
	t.Helper()
	v, ok := service(t, s).In(control.Stable)
	if !ok {
		t.Fatal("the host has no stable version")
	}
	return v
}

// variable is what the process of the stable version finds in its environment.
func variable(t *testing.T, s *site.Site, name string) string {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", stable(t, s).PID))
	if err != nil {
		t.Fatal(err)
	}
	for kv := range strings.SplitSeq(string(b), "\x00") {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			return v
		}
	}
	return ""
}

// stopHost stops a host that isn't the default one when the test ends.
func stopHost(t *testing.T, s *site.Site, name string) {
	t.Helper()
	t.Cleanup(func() {
		if _, out, err := s.Run(context.Background(), "host", "stop", "--name", name); err != nil {
			t.Logf("host stop: %v\n%s", err, out)
		}
	})
}

// newest is the id of the newest run.
func newest(t *testing.T, s *site.Site) string {
	t.Helper()
	runs := decoded[struct{ Runs []store.RunInfo }](t, s.Must(0, "history", "-o", "json")).Runs
	if len(runs) == 0 {
		t.Fatal("nothing has run")
	}
	return string(runs[0].ID)
}

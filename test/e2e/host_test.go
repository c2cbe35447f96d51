package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/penstock-dev/penstock/targets/process/control"
	"github.com/penstock-dev/penstock/test/site"
)

// TestFirstDeployFails: nothing was there before, so nothing is there afterwards.
func TestFirstDeployFails(t *testing.T) {
	t.Parallel()
	s := site.New(t, bins, pipeline)
	s.Use("3")
	traffic(t, s, 100)
	out := s.Must(4, "run")
	contains(t, out, "availability")
	h := decoded[control.Host](t, s.Must(0, "host", "status", "-o", "json"))
	for _, sv := range h.Services {
		if len(sv.Versions) > 0 {
			t.Errorf("left behind: %+v", sv.Versions)
		}
	}
	if resp, err := http.Get("http://" + s.Addr + "/"); err == nil {
		resp.Body.Close()
		if v := resp.Header.Get("X-Version"); v != "" || resp.StatusCode < 500 {
			t.Errorf("version %q answered with %s", v, resp.Status)
		}
	}
	s.Must(0, "host", "drift")
	s.Use("1")
	s.Must(0, "run")
	if v := serving(t, s); v != "1" {
		t.Errorf("version %s serves, want 1", v)
	}
}

// TestDriftKilled: a version that somebody killed, and that may not come back, is drift.
func TestDriftKilled(t *testing.T) {
	t.Parallel()
	s := site.New(t, bins, edited(t, pipeline, canary, atOnce, listen, listen+"\t\trestart: attempts: 0\n"))
	s.Use("1")
	s.Must(0, "run")
	s.Must(0, "host", "drift")
	if err := syscall.Kill(stable(t, s).PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	drifted(t, s, "state")
	s.Use("2")
	s.Must(0, "run")
	s.Must(0, "host", "drift")
}

// TestDriftReplaced: a program whose file was exchanged behind the host's back is drift, once it runs.
func TestDriftReplaced(t *testing.T) {
	t.Parallel()
	s := site.New(t, bins, edited(t, pipeline, canary, atOnce))
	s.Use("1")
	s.Must(0, "run")
	was := stable(t, s)
	path, err := os.Readlink("/proc/" + strconv.Itoa(was.PID) + "/exe")
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(bins.Programs["2"])
	if err != nil {
		t.Fatal(err)
	}
	fresh := filepath.Join(filepath.Dir(path), "fresh")
	if err := os.WriteFile(fresh, b, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(fresh, path); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(was.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	drifted(t, s, "")
	if v := answers(s); v == "2" {
		t.Error("the host started a program that nobody released")
	}
}

// drifted waits until the host tells a difference in the field.
func drifted(t *testing.T, s *site.Site, field string) {
	t.Helper()
	for limit := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		code, out, err := s.Run(t.Context(), "host", "drift")
		switch {
		case err != nil:
			t.Fatal(err)
		case code == 1 && strings.Contains(out, field):
			t.Log(out)
			return
		case time.Now().After(limit):
			t.Fatalf("no drift of %q: exit code %d\n%s", field, code, out)
		}
	}
}

// answers is the version that answers one request, "" when none does.
func answers(s *site.Site) string {
	resp, err := http.Get("http://" + s.Addr + "/")
	if err != nil {
		return ""
	}
	resp.Body.Close()
	return resp.Header.Get("X-Version")
}

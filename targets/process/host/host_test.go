package host_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/penstock-dev/penstock/targets/process/client"
	"github.com/penstock-dev/penstock/targets/process/control"
)

func TestReleaseCanaryCommitRetire(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.release("v1", "text=one")
	if _, text := r.get("/"); text != "one" {
		t.Fatalf("answer %q", text)
	}
	r.stage("v2", "text=two")
	if got := r.share(); got["one"] != 100 {
		t.Errorf("staged without traffic: %v", got)
	}
	if st := r.shift("v2", 10, time.Minute); st.Weight != 10 || st.Lease == nil {
		t.Errorf("status %+v", st)
	}
	if got := r.share(); got["two"] != 10 {
		t.Errorf("at 10 %%: %v", got)
	}
	st := r.commit("v2")
	if v, _ := st.In(control.Stable); v.Version != "v2" || st.Lease != nil || st.Weight != 0 {
		t.Errorf("after commit: %+v", st)
	}
	if v, ok := st.In(control.Prior); !ok || v.Version != "v1" || v.State != control.Running {
		t.Errorf("prior %+v", v)
	}
	if got := r.share(); got["two"] != 100 {
		t.Errorf("after commit: %v", got)
	}
	st = r.must(r.c.Retire(t.Context(), control.Retire{Op: r.op(), Version: "v1"}))
	if len(st.Versions) != 1 {
		t.Errorf("after retire: %+v", st.Versions)
	}
	c, err := r.c.Counts(t.Context(), r.id, 0)
	if err != nil || c.Stable != "v2" || c.Versions["v2"].Requests != 110 || c.Own.Received != 301 || c.Own.Unserved != 0 {
		t.Errorf("counts %+v, %v", c, err)
	}
}

func TestRollbackBeforeAndAfterCommit(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.release("v1", "text=one")
	r.stage("v2", "text=two bad")
	r.shift("v2", 50, time.Minute)
	r.share()
	c, err := r.c.Counts(t.Context(), r.id, 0)
	if err != nil || c.Versions["v2"].Bad != 50 || c.Versions["v1"].Bad != 0 {
		t.Errorf("counts %+v, %v", c, err)
	}
	r.shift("v2", 0, 0)
	st := r.must(r.c.Remove(t.Context(), control.Remove{Op: r.op(), Version: "v2"}))
	if _, ok := st.In(control.Canary); ok || len(st.Versions) != 1 {
		t.Errorf("after removal: %+v", st.Versions)
	}
	r.release("v3", "text=three")
	st = r.must(r.c.Restore(t.Context(), control.Restore{Op: r.op(), Version: "v1"}))
	if v, _ := st.In(control.Stable); v.Version != "v1" {
		t.Errorf("after restore: %+v", st.Versions)
	}
	if got := r.share(); got["one"] != 100 {
		t.Errorf("after restore: %v", got)
	}
	r.must(r.c.Remove(t.Context(), control.Remove{Op: r.op(), Version: "v3"}))
	r.must(r.c.Remove(t.Context(), control.Remove{Op: r.op(), Version: "v1"})) // the stable version is never touched
	if _, text := r.get("/"); text != "one" {
		t.Errorf("answer %q", text)
	}
}

func TestRestoreRetiredFromStore(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	artifact := filepath.Join(t.TempDir(), "program")
	b, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(artifact, b, 0o700); err != nil {
		t.Fatal(err)
	}
	spec := r.spec("v1", "text=one")
	r.must(r.c.Stage(t.Context(), control.Stage{Op: r.op(), Spec: spec, Artifact: artifact}))
	r.shift("v1", 100, 0)
	r.commit("v1")
	os.Remove(artifact)
	r.release("v2", "text=two")
	r.must(r.c.Retire(t.Context(), control.Retire{Op: r.op()}))
	if _, err := r.c.Restore(t.Context(), control.Restore{Op: r.op(), Version: "v1"}); !is(err, control.NoVersion) {
		t.Errorf("restore without a spec: %v", err)
	}
	st := r.must(r.c.Restore(t.Context(), control.Restore{Op: r.op(), Version: "v1", Spec: &spec}))
	if v, _ := st.In(control.Stable); v.Version != "v1" || v.State != control.Running {
		t.Errorf("after restore: %+v", st.Versions)
	}
	if _, text := r.get("/"); text != "one" {
		t.Errorf("answer %q", text)
	}
}

func TestFirstDeployUndone(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.stage("v1", "text=one")
	if _, err := r.c.Shift(t.Context(), control.Shift{Op: r.op(), Version: "v1", Weight: 10}); !is(err, control.Conflict) {
		t.Errorf("a share without a stable version: %v", err)
	}
	r.shift("v1", 100, time.Minute)
	r.commit("v1")
	st := r.must(r.c.Restore(t.Context(), control.Restore{Op: r.op(), Version: ""}))
	if len(st.Versions) != 0 || len(st.Listen) != 0 {
		t.Errorf("after restoring nothing: %+v", st)
	}
}

func TestLeaseExpires(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.release("v1", "text=one")
	r.stage("v2", "text=two")
	first := r.shift("v2", 50, 5*time.Second).Lease.Until
	st := r.must(r.c.Renew(t.Context(), control.Renew{Op: r.op(), Version: "v2", Lease: time.Hour}))
	if !st.Lease.Until.After(first) || st.Weight != 50 {
		t.Errorf("renewed: %+v", st)
	}
	r.must(r.c.Renew(t.Context(), control.Renew{Op: r.op(), Version: "v2", Lease: 50 * time.Millisecond}))
	r.eventually("the lease to expire", func() bool { return r.observe().Weight == 0 })
	st = r.observe()
	if st.Lease == nil || !st.Lease.Expired {
		t.Errorf("lease %+v", st.Lease)
	}
	if got := r.share(); got["one"] != 100 {
		t.Errorf("after expiry: %v", got)
	}
	if _, err := r.c.Commit(t.Context(), control.Commit{Op: r.op(), Version: "v2"}); !is(err, control.LeaseExpired) {
		t.Errorf("commit: %v", err)
	}
	if _, err := r.c.Renew(t.Context(), control.Renew{Op: r.op(), Version: "v2", Lease: time.Minute}); !is(err, control.LeaseExpired) {
		t.Errorf("renew: %v", err)
	}
	if st := r.shift("v2", 50, time.Minute); st.Weight != 50 || st.Lease.Expired { // a resumed run exposes it again
		t.Errorf("shifted again: %+v", st)
	}
}

func TestDeadProgramIsStartedAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.release("v1", "text=one")
	if d, err := r.c.Drift(t.Context(), r.id); err != nil || len(d) != 0 {
		t.Fatalf("drift before: %+v, %v", d, err)
	}
	v, _ := r.observe().In(control.Stable)
	syscall.Kill(v.PID, syscall.SIGKILL)
	if status, text := r.get("/"); status != 200 || text != "one" { // held until it is back
		t.Errorf("%d %q", status, text)
	}
	w, _ := r.observe().In(control.Stable)
	if w.PID == v.PID || w.Starts != 2 {
		t.Errorf("after the kill: %+v", w)
	}
	d, err := r.c.Drift(t.Context(), control.Service{})
	if err != nil || len(d) != 1 || d[0].Field != "process" || !strings.Contains(d[0].Got, "signal: killed") {
		t.Errorf("drift %+v, %v", d, err)
	}
}

func TestDriftSeesAnotherProgram(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.release("v1", "text=one")
	// The file in the store is replaced, and the program restarted: the host refuses to start other bytes.
	store := filepath.Join(r.opts.Dirs.State, "store", "sha256", strings.TrimPrefix(r.digest, "sha256:"))
	if err := os.Remove(store); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(store, []byte("#!/bin/sh\nexec sleep 1000\n"), 0o500); err != nil {
		t.Fatal(err)
	}
	if d, err := r.c.Drift(t.Context(), r.id); err != nil || len(d) != 0 {
		t.Errorf("the running bytes are still the released ones: %+v, %v", d, err)
	}
	v, _ := r.observe().In(control.Stable)
	syscall.Kill(v.PID, syscall.SIGKILL)
	r.eventually("the host to give up", func() bool { v, _ := r.observe().In(control.Stable); return v.State == control.Failed })
	v, _ = r.observe().In(control.Stable)
	if !strings.Contains(v.Reason, "digest") {
		t.Errorf("reason %q", v.Reason)
	}
}

func TestSecretsStayInMemory(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	spec := r.spec("v1", "text=one")
	spec.Secrets = []string{"TOKEN"}
	const value = "s3cr3t-value-of-the-test"
	if _, err := r.c.Stage(t.Context(), control.Stage{Op: r.op(), Spec: spec, Artifact: os.Args[0]}); !is(err, control.MissSecrets) {
		t.Errorf("without the value: %v", err)
	}
	secrets := control.Secrets{"TOKEN": value, "OTHER": "not asked for"}
	r.must(r.c.Stage(t.Context(), control.Stage{Op: r.op(), Spec: spec, Artifact: os.Args[0], Secrets: secrets}))
	r.shift("v1", 100, 0)
	r.commit("v1")
	if _, got := r.get("/env?TOKEN"); got != value {
		t.Errorf("the program sees %q", got)
	}
	if _, got := r.get("/env?OTHER"); got != "" {
		t.Errorf("the program sees %q", got)
	}
	// A planned restart passes the value on: the program can be started again.
	if err := client.Restart(t.Context(), r.opts); err != nil {
		t.Fatal(err)
	}
	v, _ := r.observe().In(control.Stable)
	syscall.Kill(v.PID, syscall.SIGKILL)
	if _, got := r.get("/env?TOKEN"); got != value {
		t.Errorf("after a planned restart and a kill: %q", got)
	}
	// A crash loses it: the running program goes on, but a dead one needs the value again, and says so.
	r.killHost()
	if _, got := r.get2("/env?TOKEN"); got != value {
		t.Errorf("after a crash of the host: %q", got)
	}
	v, _ = r.observe().In(control.Stable)
	syscall.Kill(v.PID, syscall.SIGKILL)
	r.eventually("the host to ask", func() bool { v, _ := r.observe().In(control.Stable); return v.State == control.NeedsSecrets })
	r.must(r.c.Restore(t.Context(), control.Restore{Op: r.op(), Version: "v1", Spec: &spec, Secrets: secrets}))
	if _, got := r.get("/env?TOKEN"); got != value {
		t.Errorf("after they were sent again: %q", got)
	}
	filepath.WalkDir(r.opts.Dirs.State, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(path, "/sha256/") { // the test binary itself holds the value
			return err
		}
		if b, _ := os.ReadFile(path); strings.Contains(string(b), value) {
			t.Errorf("%s holds the secret", path)
		}
		return nil
	})
}

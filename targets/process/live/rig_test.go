package live

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/targets"
	"github.com/penstock-dev/penstock/targets/process/client"
	"github.com/penstock-dev/penstock/targets/process/control"
	"github.com/penstock-dev/penstock/targets/process/host"
)

// The test binary is also the host and the program that the host runs.
func TestMain(m *testing.M) {
	switch {
	case os.Getenv("PROGRAM") != "":
		serve(os.Getenv("PROGRAM"))
	case len(os.Args) == 7 && os.Args[1] == "host":
		err := host.Run(context.Background(), host.Options{Dirs: control.Dirs{State: os.Args[4], Runtime: os.Args[6]}, Log: os.Stderr})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	default:
		os.Exit(m.Run())
	}
}

// serve is the program: it answers with its text, and with 500 when the text says bad.
func serve(text string) {
	if text == "broken" {
		fmt.Println("no such table: orders")
		os.Exit(1)
	}
	err := http.ListenAndServe(os.Getenv("PENSTOCK_LISTEN"), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(text, "bad") && r.URL.Path == "/" {
			w.WriteHeader(500)
		}
		fmt.Fprint(w, text, os.Getenv("TOKEN"))
	}))
	fmt.Println(err)
}

// rig is a driver, a place, and a run that holds its lock.
type rig struct {
	t      *testing.T
	d      *Driver
	dirs   control.Dirs
	place  targets.Place
	listen string
	digest string
	call   targets.Call
	said   []string
}

func newRig(t *testing.T) *rig {
	t.Helper()
	runtime, err := os.MkdirTemp("/tmp", "penstock-test-")
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	r := &rig{
		t: t, listen: ln.Addr().String(), dirs: control.Dirs{State: filepath.Join(t.TempDir(), "state"), Runtime: runtime},
		place: targets.Place{ID: "process:default/shop/local", Env: "local", Config: json.RawMessage(`{}`)}, digest: sum(t, os.Args[0]),
	}
	r.d = New(Options{
		Root: t.TempDir(), Command: []string{os.Args[0], "host", "run"},
		Dirs: func(name string) (control.Dirs, error) {
			if name != "default" {
				return control.Dirs{}, fmt.Errorf("host %q", name)
			}
			return r.dirs, nil
		},
	})
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 30*time.Second)
		defer cancel()
		if err := client.Open(client.Options{Dirs: r.dirs}).Stop(ctx, false); err != nil && !errors.Is(err, client.ErrNoHost) {
			t.Error(err)
		}
		os.RemoveAll(runtime)
	})
	return r
}

// lock takes the lock for the rig's run.
func (r *rig) lock() {
	r.t.Helper()
	fence, err := r.d.Lock(r.t.Context(), r.place, targets.Holder{Run: "r1", Actor: "ann", Since: time.Now()})
	if err != nil {
		r.t.Fatal(err)
	}
	r.call = targets.Call{Run: "r1", Fence: fence, Log: func(s string) { r.said = append(r.said, s) }}
}

// next returns the call of the next instruction.
func (r *rig) next() targets.Call {
	r.call.Order++
	r.call.Key = fmt.Sprint("r1/", r.call.Order)
	return r.call
}

// deploy is a version of the program, named by its text.
func (r *rig) deploy(text string) targets.Deploy {
	r.t.Helper()
	spec, err := json.Marshal(targets.ProcessSpec{
		Artifact: targets.ArtifactSpec{Name: "app", Path: "bin/shop", Digest: r.digest}, Env: map[string]string{"PROGRAM": text},
		Secrets: []string{"TOKEN"}, Dir: "work", Listen: r.listen,
		Ready:   targets.ReadySpec{HTTP: "/healthz", Every: plan.Duration(10 * time.Millisecond), Timeout: plan.Duration(20 * time.Second)},
		Restart: targets.RestartSpec{Attempts: 3, Backoff: plan.Duration(10 * time.Millisecond)},
		Drain:   plan.Duration(10 * time.Second), Stop: plan.Duration(5 * time.Second), Lease: plan.Duration(time.Minute),
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return targets.Deploy{
		Ref: "shop@local", Place: r.place, Kind: "process", Spec: spec, Version: text,
		Files: map[string]targets.File{"app": {Path: os.Args[0], Digest: r.digest}},
	}
}

// release brings a version all the way.
func (r *rig) release(text string) targets.Deploy {
	r.t.Helper()
	dep := r.deploy(text)
	r.stage(dep)
	r.shift(dep, 100)
	if err := r.d.Commit(r.t.Context(), r.next(), dep, plan.Commit{}); err != nil {
		r.t.Fatal(err)
	}
	return dep
}

func (r *rig) stage(dep targets.Deploy) {
	r.t.Helper()
	c := r.next()
	c.Secrets = map[string]string{"TOKEN": "!"}
	got, err := r.d.Stage(r.t.Context(), c, dep, plan.StageOp{})
	if err != nil || got.Version != dep.Version {
		r.t.Fatalf("stage: %+v, %v", got, err)
	}
}

func (r *rig) shift(dep targets.Deploy, weight float64) {
	r.t.Helper()
	got, err := r.d.Shift(r.t.Context(), r.next(), dep, plan.Shift{Weight: weight, Lease: plan.Duration(time.Minute)})
	if err != nil || got != weight {
		r.t.Fatalf("shift: %v, %v", got, err)
	}
}

func (r *rig) observe(dep targets.Deploy) targets.Observed {
	r.t.Helper()
	o, err := r.d.Observe(r.t.Context(), dep)
	if err != nil {
		r.t.Fatal(err)
	}
	return o
}

// share counts 100 answers by text.
func (r *rig) share() map[string]int { return r.shareOf(100) }

// shareOf counts answers by text.
func (r *rig) shareOf(n int) map[string]int {
	r.t.Helper()
	out := map[string]int{}
	for range n {
		res, err := http.Get("http://" + r.listen)
		if err != nil {
			r.t.Fatal(err)
		}
		b, _ := io.ReadAll(res.Body)
		res.Body.Close()
		out[string(b)]++
	}
	return out
}

// sum is the digest of a file.
func sum(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		t.Fatal(err)
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

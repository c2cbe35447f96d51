package host_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/penstock-dev/penstock/targets/process/client"
	"github.com/penstock-dev/penstock/targets/process/control"
	"github.com/penstock-dev/penstock/targets/process/host"
	"github.com/penstock-dev/penstock/targets/process/host/internal/content"
)

// The test binary is also the host and the program that the host runs.
func TestMain(m *testing.M) {
	switch {
	case os.Getenv("PROGRAM") != "":
		program()
	case len(os.Args) > 2 && os.Args[1] == "host" && os.Args[2] == "run":
		runHost(os.Args[3:])
	default:
		os.Exit(m.Run())
	}
}

// runHost is what `penstock host run` does.
func runHost(args []string) {
	opts := host.Options{Version: "test", Log: os.Stderr}
	for i := 0; i < len(args); i++ {
		switch args[i] {
		case "--state":
			opts.Dirs.State = args[i+1]
		case "--runtime":
			opts.Dirs.Runtime = args[i+1]
		case "--takeover":
			opts.Takeover = true
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := host.Run(ctx, opts); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// program is a service. PROGRAM holds words: text=X answers X, exit=N ends at once, mute never becomes ready,
// bad answers 500, own=PORT listens there instead, noterm ignores SIGTERM.
func program() {
	text, bad, ready := "", false, true
	addr := os.Getenv("PENSTOCK_LISTEN")
	for _, w := range strings.Fields(os.Getenv("PROGRAM")) {
		k, v, _ := strings.Cut(w, "=")
		switch k {
		case "text":
			text = v
		case "exit":
			fmt.Println("cannot go on")
			os.Exit(3)
		case "mute":
			ready = false
		case "bad":
			bad = true
		case "noterm":
			signal.Ignore(syscall.SIGTERM)
		}
	}
	http.HandleFunc("/echo", echo)
	http.HandleFunc("/healthz", func(w http.ResponseWriter, r *http.Request) {
		if !ready {
			w.WriteHeader(503)
		}
	})
	http.HandleFunc("/env", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, os.Getenv(r.URL.RawQuery)) })
	http.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		d, _ := time.ParseDuration(r.URL.RawQuery)
		time.Sleep(d)
		fmt.Fprint(w, text)
	})
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("X-Version", text)
		if bad {
			w.WriteHeader(500)
		}
		fmt.Fprint(w, text)
	})
	fmt.Println("program", text, "listens on", addr)
	if err := http.ListenAndServe(addr, nil); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// echo upgrades a connection and sends back what it receives.
func echo(w http.ResponseWriter, _ *http.Request) {
	c, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer c.Close()
	io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	io.Copy(c, rw)
}

// rig is a host with one service, and a run that holds the lock.
type rig struct {
	t      *testing.T
	opts   client.Options
	c      *client.Client
	id     control.Service
	listen string
	fence  uint64
	order  uint64
	digest string
}

// newRig starts a host and takes the lock.
func newRig(t *testing.T) *rig {
	t.Helper()
	runtime, err := os.MkdirTemp("/tmp", "penstock-test-") // short, because paths of sockets are
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	digest, err := content.Sum(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{
		t: t, id: control.Service{Place: "process:test", Workload: "hello"}, listen: ln.Addr().String(), digest: digest,
		opts: client.Options{
			Dirs:  control.Dirs{State: filepath.Join(t.TempDir(), "state"), Runtime: runtime},
			Start: true, Command: []string{os.Args[0], "host", "run"},
		},
	}
	r.c = client.Open(r.opts)
	t.Cleanup(r.end)
	l, err := r.c.Acquire(t.Context(), control.Acquire{Place: r.id.Place, Holder: control.Holder{Run: "run-1", Actor: "ann"}})
	if err != nil {
		t.Fatal(err)
	}
	r.fence = l.Fence
	return r
}

// end stops the host and shows its log if the test failed.
func (r *rig) end() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.t.Context()), 60*time.Second)
	defer cancel()
	if err := r.c.Stop(ctx, false); err != nil && !errors.Is(err, client.ErrNoHost) {
		r.t.Errorf("stop host: %v", err)
	}
	b, _ := os.ReadFile(filepath.Join(r.opts.Dirs.State, "host.log"))
	if strings.Contains(string(b), "DATA RACE") || strings.Contains(string(b), "panic:") {
		r.t.Error("the host's log shows a race or a panic")
	}
	if r.t.Failed() {
		r.t.Logf("host log:\n%s", b)
	}
	os.RemoveAll(r.opts.Dirs.Runtime)
}

// op returns the common part of the next request.
func (r *rig) op() control.Op {
	r.order++
	return control.Op{Service: r.id, Key: fmt.Sprint("run-1/", r.order), Run: "run-1", Fence: r.fence, Order: r.order}
}

// spec returns a version of the test program.
func (r *rig) spec(version, program string) control.Spec {
	return control.Spec{
		Version: version, Name: "hello", Digest: r.digest, Args: []string{"serve"}, Env: map[string]string{"PROGRAM": program},
		Listen: r.listen, Ready: control.Ready{HTTP: "/healthz", Every: 10 * time.Millisecond, Timeout: 20 * time.Second},
		Restart: control.Restart{Attempts: 5, Backoff: 10 * time.Millisecond}, Drain: 20 * time.Second, Stop: time.Second,
	}
}

// must fails the test on an error.
func (r *rig) must(st control.Status, err error) control.Status {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
	return st
}

func (r *rig) stage(version, program string) control.Status {
	r.t.Helper()
	return r.must(r.c.Stage(r.t.Context(), control.Stage{Op: r.op(), Spec: r.spec(version, program), Artifact: os.Args[0]}))
}

func (r *rig) shift(version string, weight float64, lease time.Duration) control.Status {
	r.t.Helper()
	return r.must(r.c.Shift(r.t.Context(), control.Shift{Op: r.op(), Version: version, Weight: weight, Lease: lease}))
}

func (r *rig) commit(version string) control.Status {
	r.t.Helper()
	return r.must(r.c.Commit(r.t.Context(), control.Commit{Op: r.op(), Version: version}))
}

// release brings a version all the way.
func (r *rig) release(version, program string) {
	r.t.Helper()
	r.stage(version, program)
	r.shift(version, 100, time.Minute)
	r.commit(version)
}

func (r *rig) observe() control.Status {
	r.t.Helper()
	return r.must(r.c.Observe(r.t.Context(), r.id))
}

// get asks the service over a new connection.
func (r *rig) get(path string) (int, string) {
	r.t.Helper()
	tr := &http.Transport{DisableKeepAlives: true}
	res, err := (&http.Client{Transport: tr, Timeout: 30 * time.Second}).Get("http://" + r.listen + path)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// share counts the answers of 100 requests by their text.
func (r *rig) share() map[string]int {
	r.t.Helper()
	out := map[string]int{}
	for range 100 {
		_, text := r.get("/")
		out[text]++
	}
	return out
}

// eventually waits for something that another process brings about.
func (r *rig) eventually(what string, cond func() bool) {
	r.t.Helper()
	for range 3000 {
		if cond() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	r.t.Fatalf("waited in vain for %s", what)
}

// killHost ends the host as a crash would, and waits until it is gone.
func (r *rig) killHost() {
	r.t.Helper()
	h, err := r.c.Host(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	syscall.Kill(h.PID, syscall.SIGKILL)
	r.eventually("the host's end", func() bool { return syscall.Kill(h.PID, 0) != nil })
}

// is reports whether an error has a code.
func is(err error, code control.Code) bool { return errors.Is(err, &control.Error{Code: code}) }

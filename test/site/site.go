// Package site gives end-to-end tests a place of their own: the built binary, a pipeline with a real program in three
// versions, and state and runtime directories that no other test shares.
package site

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/penstock-dev/penstock/runtime/event"
)

// Binaries are built once for a test package.
type Binaries struct {
	Dir      string
	Penstock string
	// Programs are the example program in versions "1", "2" and "3"; the last fails nine tenths of its requests.
	Programs map[string]string
}

// Build compiles penstock and the example program into a temporary directory. Call it from TestMain, once.
func Build(root string) (*Binaries, error) {
	dir, err := os.MkdirTemp("", "penstock-site-")
	if err != nil {
		return nil, err
	}
	b := &Binaries{Dir: dir, Penstock: filepath.Join(dir, "penstock"), Programs: map[string]string{}}
	if err := build(root, b.Penstock, "", "./cmd/penstock"); err != nil {
		return nil, err
	}
	for version, fail := range map[string]string{"1": "0", "2": "0", "3": "90"} {
		out := filepath.Join(dir, "hello-"+version)
		flags := fmt.Sprintf("-X main.version=%s -X main.failPercent=%s", version, fail)
		if err := build(filepath.Join(root, "examples", "quickstart"), out, flags, "."); err != nil {
			return nil, err
		}
		b.Programs[version] = out
	}
	return b, nil
}

func build(dir, out, ldflags, pkg string) error {
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", ldflags, "-o", out, pkg)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", pkg, err, text)
	}
	return nil
}

// Close removes what was built.
func (b *Binaries) Close() error { return os.RemoveAll(b.Dir) }

// Site is one test's surroundings.
type Site struct {
	t    *testing.T
	bins *Binaries
	// Dir is the pipeline's directory, Addr where the service listens.
	Dir, Addr string
	env       []string
}

// New makes a site whose pipeline is the given text; ADDR in it becomes a free loopback address. The host is stopped when
// the test ends.
func New(t *testing.T, bins *Binaries, pipeline string) *Site {
	t.Helper()
	// unix socket paths are short: t.TempDir() may be too long for one
	base, err := os.MkdirTemp("", "ps")
	if err != nil {
		t.Fatal(err)
	}
	s := &Site{t: t, bins: bins, Dir: filepath.Join(base, "work"), Addr: freeAddr(t)}
	for _, d := range []string{"work", "state", "run"} {
		if err := os.Mkdir(filepath.Join(base, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s.env = append(os.Environ(), "XDG_STATE_HOME="+filepath.Join(base, "state"), "XDG_RUNTIME_DIR="+filepath.Join(base, "run"), "NO_COLOR=1")
	s.Write("pipeline.cue", strings.ReplaceAll(pipeline, "ADDR", s.Addr))
	s.Write("RUNBOOK.md", "# Runbook\n")
	t.Cleanup(func() {
		if _, out, err := s.Run(context.Background(), "host", "stop"); err != nil {
			t.Logf("host stop: %v\n%s", err, out)
		}
		if t.Failed() {
			t.Log("kept", base)
			return
		}
		if err := os.RemoveAll(base); err != nil {
			t.Log(err)
		}
	})
	return s
}

// Copy makes a second working copy with a journal of its own; host and address are shared.
func (s *Site) Copy(name string) *Site {
	s.t.Helper()
	c := *s
	c.Dir = filepath.Join(filepath.Dir(s.Dir), name)
	if err := os.CopyFS(c.Dir, os.DirFS(s.Dir)); err != nil {
		s.t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(c.Dir, ".penstock")); err != nil {
		s.t.Fatal(err)
	}
	return &c
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Setenv sets a variable for the commands that are started from now on. Copies made before don't get it.
func (s *Site) Setenv(name, value string) {
	s.env = append(slices.Clip(s.env), name+"="+value)
}

// Base is the directory that everything of the site is below: working copies, the host's state and its runtime directory.
func (s *Site) Base() string { return filepath.Dir(s.Dir) }

// Write puts a file into the pipeline's directory.
func (s *Site) Write(name, text string) {
	s.t.Helper()
	path := filepath.Join(s.Dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// Use makes the build stage's `cp next bin/hello` deliver a version of the program.
func (s *Site) Use(version string) {
	s.t.Helper()
	b, err := os.ReadFile(s.bins.Programs[version])
	if err != nil {
		s.t.Fatal(err)
	}
	next := filepath.Join(s.Dir, "next")
	if err := os.WriteFile(next+".new", b, 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Rename(next+".new", next); err != nil {
		s.t.Fatal(err)
	}
}

// Command prepares a penstock command in the site.
func (s *Site) Command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, s.bins.Penstock, args...)
	cmd.Dir, cmd.Env = s.Dir, s.env
	return cmd
}

// Run runs a command to its end and returns its exit code and everything it wrote.
func (s *Site) Run(ctx context.Context, args ...string) (int, string, error) {
	var out bytes.Buffer
	cmd := s.Command(ctx, args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), out.String(), nil
	}
	return 0, out.String(), err
}

// Must runs a command that has to end with the code.
func (s *Site) Must(code int, args ...string) string {
	s.t.Helper()
	got, out, err := s.Run(s.t.Context(), args...)
	if err != nil || got != code {
		s.t.Fatalf("penstock %s: exit code %d (%v), want %d\n%s", strings.Join(args, " "), got, err, code, out)
	}
	return out
}

// Process is a penstock that runs in the background and tells its events.
type Process struct {
	cmd    *exec.Cmd
	Events chan event.Event
	stderr bytes.Buffer
	wait   sync.WaitGroup
}

// Start runs a command that prints events as JSON lines (`run -o json`, `resume -o json`).
func (s *Site) Start(args ...string) *Process {
	s.t.Helper()
	p := &Process{cmd: s.Command(context.Background(), append(args, "-o", "json")...), Events: make(chan event.Event, 10000)}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	p.cmd.Stderr = &p.stderr
	if err := p.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	p.wait.Go(func() { p.read(out) })
	s.t.Cleanup(func() { p.Kill() })
	return p
}

func (p *Process) read(out io.Reader) {
	defer close(p.Events)
	sc := bufio.NewScanner(out)
	sc.Buffer(nil, 16<<20)
	for sc.Scan() {
		var e event.Event
		if json.Unmarshal(sc.Bytes(), &e) == nil && e.Type != "" {
			p.Events <- e
		}
	}
}

// Await returns the first event that the function accepts, or false when the process ends without one.
func (p *Process) Await(want func(event.Event) bool) (event.Event, bool) {
	limit := time.After(time.Minute)
	for {
		select {
		case e, ok := <-p.Events:
			if !ok {
				return event.Event{}, false
			}
			if want(e) {
				return e, true
			}
		case <-limit:
			return event.Event{}, false
		}
	}
}

// Kill ends the process as a power failure would, and waits until it is gone. It is false when the process had ended by
// itself before.
func (p *Process) Kill() bool {
	_ = p.cmd.Process.Signal(syscall.SIGKILL)
	p.wait.Wait()
	_ = p.cmd.Wait()
	status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled()
}

// Interrupt is Ctrl-C.
func (p *Process) Interrupt() error { return p.cmd.Process.Signal(os.Interrupt) }

// Wait waits for the end and returns the exit code with what was said on standard error.
func (p *Process) Wait() (int, string) {
	for range p.Events { // drained so that the process is never blocked on its output
	}
	p.wait.Wait()
	err := p.cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), p.stderr.String()
	}
	return p.cmd.ProcessState.ExitCode(), p.stderr.String()
}

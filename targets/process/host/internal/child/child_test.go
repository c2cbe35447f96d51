package child

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The test binary is its own child: with CHILD_ROLE set it plays a program.
func TestMain(m *testing.M) {
	switch os.Getenv("CHILD_ROLE") {
	case "":
		os.Exit(m.Run())
	case "listen":
		ln, err := net.Listen("tcp", os.Args[1])
		if err != nil {
			fmt.Println(err)
			os.Exit(3)
		}
		defer ln.Close()
		fmt.Println("listening")
		time.Sleep(time.Hour) // an empty select is a deadlock where nothing else can wake
	case "stubborn": // starts a worker in its group and ignores SIGTERM, as its shell does
		sh := exec.Command("/bin/sh", "-c", "trap '' TERM; sleep 1000 & echo worker $!; wait; wait; sleep 1000")
		sh.Stdout = os.Stdout
		if err := sh.Run(); err != nil {
			fmt.Println(err)
		}
	case "exit":
		os.Exit(7)
	}
}

// spec returns a start of the test binary in a role.
func spec(t *testing.T, role string, args ...string) Spec {
	t.Helper()
	dir := t.TempDir()
	return Spec{
		Path: os.Args[0], Name: role, Args: args, Env: []string{"CHILD_ROLE=" + role, "PATH=" + os.Getenv("PATH"), "PLAIN=1"},
		Dir: filepath.Join(dir, "work"), Log: filepath.Join(dir, "logs", "out.log"),
	}
}

// start starts a role and stops it with the test.
func start(t *testing.T, s Spec) *Process {
	t.Helper()
	p, err := Start(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Stop(context.WithoutCancel(t.Context()), 0)
	})
	return p
}

// eventually waits for a condition that another process brings about.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for range 5000 {
		if cond() {
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
	t.Fatalf("waited in vain for %s", what)
}

// listening starts a program that listens on a free port; where somebody was faster it tries another, as the host does.
func listening(t *testing.T) (*Process, Spec, string) {
	t.Helper()
	for range 10 {
		port, err := FreePort()
		if err != nil {
			t.Fatal(err)
		}
		addr := fmt.Sprintf("127.0.0.1:%d", port)
		s := spec(t, "listen", addr)
		p := start(t, s)
		owns := false
		eventually(t, "the port", func() bool {
			owns, _ = p.Owns(port)
			select {
			case <-p.Done():
				return true
			default:
				return owns
			}
		})
		if owns {
			return p, s, addr
		}
	}
	t.Fatal("no port stayed free")
	return nil, Spec{}, ""
}

func TestStartInspectStop(t *testing.T) {
	p, s, addr := listening(t)
	live, err := Inspect(p.Identity(), func(path string) (string, error) {
		_, err := os.Stat(path)
		return "digest of " + filepath.Base(path), err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(live.Args, []string{"listen", addr}) || !slices.Equal(live.Env, s.Env) || live.Digest != "digest of exe" {
		t.Errorf("inspected %+v", live)
	}
	if st, err := readStat(p.Identity().PID); err != nil || st.session != p.Identity().PID {
		t.Errorf("session %d, %v: the child must lead its own", st.session, err)
	}
	p.Stop(t.Context(), 10*time.Second)
	if got := p.Exit(); got != "signal: terminated" {
		t.Errorf("exit %q", got)
	}
	if _, err := Inspect(p.Identity(), func(string) (string, error) { return "", nil }); !errors.Is(err, ErrGone) {
		t.Errorf("after its end: %v", err)
	}
	if lines, _ := Tail(s.Log, 10); !slices.Equal(lines, []string{"listening"}) {
		t.Errorf("log %q", lines)
	}
}

func TestOwnsNotForeignPort(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	p := start(t, spec(t, "listen", ln.Addr().String()))
	<-p.Done()
	if p.Exit() != "exit status 3" {
		t.Errorf("exit %q", p.Exit())
	}
	if ok, err := p.Owns(ln.Addr().(*net.TCPAddr).Port); ok || err != nil {
		t.Errorf("owns = %v, %v", ok, err)
	}
}

func TestStopKillsTheGroup(t *testing.T) {
	s := spec(t, "stubborn")
	p := start(t, s)
	var worker int
	eventually(t, "the worker", func() bool {
		lines, _ := Tail(s.Log, 1)
		n, _ := fmt.Sscanf(strings.Join(lines, ""), "worker %d", &worker)
		return n == 1
	})
	p.Stop(t.Context(), 50*time.Millisecond)
	eventually(t, "the worker's end", func() bool { _, err := readStat(worker); return errors.Is(err, ErrGone) })
}

func TestAdopt(t *testing.T) {
	p := start(t, spec(t, "listen", "127.0.0.1:0"))
	a, err := Adopt(p.Identity())
	if err != nil {
		t.Fatal(err)
	}
	for name, id := range map[string]Identity{
		"start": {PID: p.id.PID, Start: p.id.Start + 1, Boot: p.id.Boot},
		"boot":  {PID: p.id.PID, Start: p.id.Start, Boot: "another"},
	} {
		if _, err := Adopt(id); !errors.Is(err, ErrGone) {
			t.Errorf("other %s: %v", name, err)
		}
	}
	p.Stop(t.Context(), 10*time.Second)
	<-a.Done()
	if a.Exit() == "" {
		t.Error("no exit text")
	}
	if _, err := Adopt(p.Identity()); !errors.Is(err, ErrGone) {
		t.Errorf("after its end: %v", err)
	}
}

func TestExitStatus(t *testing.T) {
	p := start(t, spec(t, "exit"))
	<-p.Done()
	if p.Exit() != "exit status 7" {
		t.Errorf("exit %q", p.Exit())
	}
}

func TestTailAndRotate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if lines, err := Tail(path, 5); err != nil || lines != nil {
		t.Errorf("absent: %v, %v", lines, err)
	}
	os.WriteFile(path, []byte(strings.Repeat("x", tailBytes)+"\na\nb\n"), 0o600)
	if lines, err := Tail(path, 5); err != nil || !slices.Equal(lines, []string{"a", "b"}) {
		t.Errorf("tail %d lines, %v", len(lines), err)
	}
	if err := Rotate(path, 1<<20); err != nil {
		t.Error(err)
	}
	if st, _ := os.Stat(path); st.Size() == 0 {
		t.Error("rotated below the limit")
	}
	if err := Rotate(path, 10); err != nil {
		t.Error(err)
	}
	st, _ := os.Stat(path)
	old, _ := os.Stat(path + ".1")
	if st.Size() != 0 || old.Size() != tailBytes+5 {
		t.Errorf("sizes %d, %d", st.Size(), old.Size())
	}
}

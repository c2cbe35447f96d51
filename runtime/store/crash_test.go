package store

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/penstock-dev/penstock/runtime/event"
)

// childDir is set in the environment of a child that appends until it is killed; childLimit bounds its files in bytes.
const (
	childDir   = "PENSTOCK_STORE_TEST_DIR"
	childLimit = "PENSTOCK_STORE_TEST_LIMIT"
)

// TestChild is not a test of its own: the others start it as a process. It prints the seq of what was acknowledged.
func TestChild(t *testing.T) {
	dir := os.Getenv(childDir)
	if dir == "" {
		t.Skip("only in a child")
	}
	ctx := t.Context()
	s, err := Open(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.Writer(ctx, "r1", self(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Run(ctx, "r1"); err != nil {
		if _, err := w.Append(ctx, []event.Event{started(putPlan(t, ctx, s, "hello", "prod"), 0)}); err != nil {
			t.Fatal(err)
		}
	}
	limitFiles(t, os.Getenv(childLimit))
	for i := 0; ; i++ {
		batch := make([]event.Event, 1+i%5)
		for j := range batch {
			batch[j] = note(strings.Repeat("x", 300))
		}
		out, err := w.Append(ctx, batch)
		if err != nil {
			fmt.Println("failed", err)
			_, err = w.Append(ctx, batch)
			fmt.Println("again", err)
			return
		}
		fmt.Println("seq", out[len(out)-1].Seq)
	}
}

// child starts TestChild and returns it with the lines that it prints.
func child(t *testing.T, dir string, env ...string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestChild$")
	cmd.Env = append(append(os.Environ(), childDir+"="+dir), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd, bufio.NewScanner(out)
}

// acknowledged reads lines until n were acknowledged, or to the end when n is 0, and returns the last seq.
func acknowledged(t *testing.T, lines *bufio.Scanner, n int) uint64 {
	t.Helper()
	var last uint64
	for got := 0; n == 0 || got < n; {
		if !lines.Scan() {
			if n == 0 {
				return last
			}
			t.Fatalf("the child ended after %d appends: %s", got, lines.Text())
		}
		s, ok := strings.CutPrefix(lines.Text(), "seq ")
		if !ok {
			continue
		}
		seq, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		last = seq
		got++
	}
	return last
}

// TestKill kills a process while it appends, several times over one run: whatever was acknowledged is there, the chain
// holds, and the next process takes the lease of the dead one.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	for round, n := range []int{1, 7, 40, 120} {
		cmd, lines := child(t, dir)
		acknowledged(t, lines, n)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		// what it still had printed counts too
		last := acknowledged(t, lines, 0)
		_ = cmd.Wait()
		ctx := t.Context()
		s, err := Open(ctx, dir)
		if err != nil {
			t.Fatal(err)
		}
		events := must[[]event.Event](t)(s.Events(ctx, "r1", 1))
		if uint64(len(events)) < last {
			t.Errorf("round %d: %d events, %d were acknowledged", round, len(events), last)
		}
		if rep := must[VerifyReport](t)(s.Verify(ctx, "r1", nil)); !rep.OK() {
			t.Errorf("round %d: %+v", round, rep.Problems)
		}
		if o := must[*Owner](t)(s.Holder(ctx, "r1")); o != nil {
			t.Errorf("round %d: held by %+v, which is dead", round, *o)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTwoProcesses appends to one database from two processes: a run has one writer, and other runs are not disturbed.
func TestTwoProcesses(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	cmd, lines := child(t, dir)
	acknowledged(t, lines, 3)
	s, err := Open(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, err = s.Writer(ctx, "r1", self(t))
	if held, ok := asHeld(err); !ok || held.Owner.PID != cmd.Process.Pid {
		t.Fatalf("error is %v, want that process %d holds the run", err, cmd.Process.Pid)
	}
	w := begin(t, ctx, s, "r2")
	for range 20 {
		must[[]event.Event](t)(w.Append(ctx, []event.Event{note("a")}))
	}
	young := must[Writer](t)(s.Seize(ctx, "r1", self(t)))
	must[[]event.Event](t)(young.Append(ctx, []event.Event{note("taken over")}))
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), "failed "); ok && !strings.Contains(rest, ErrFenced.Error()) {
			t.Errorf("the old writer ended with %q, want %q", rest, ErrFenced)
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("child: %v", err)
	}
	events := must[[]event.Event](t)(s.Events(ctx, "r1", 1))
	if last := events[len(events)-1]; !strings.Contains(string(last.Data), "taken over") {
		t.Errorf("the last event is %s: the old writer wrote after the takeover", last.Data)
	}
	for _, run := range []event.RunID{"r1", "r2"} {
		if rep := must[VerifyReport](t)(s.Verify(ctx, run, nil)); !rep.OK() {
			t.Errorf("run %s: %+v", run, rep.Problems)
		}
	}
}

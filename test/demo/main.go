// Command demo shows penstock's main job on this machine: version 1 is released, version 2 is canaried under live traffic
// and promoted, version 3 fails a fifth of its requests and is rolled back. It counts every request that it sent.
//
//	go run ./test/demo -penstock bin/penstock
//
// It exits with 0 only when each release ended as it must, no request was lost to penstock, and version 3 met no more
// users than its share of traffic explains.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/penstock-dev/penstock/test/load"
)

func main() {
	bin := flag.String("penstock", "bin/penstock", "the binary to show")
	example := flag.String("example", "examples/quickstart", "the pipeline to release")
	rate := flag.Int("rate", 100, "requests per second")
	keep := flag.Bool("keep", false, "keep the directory that the demo worked in")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *bin, *example, *rate, *keep); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, bin, example string, rate int, keep bool) error {
	d, err := prepare(bin, example)
	if err != nil {
		return err
	}
	defer d.cleanUp(keep)

	d.title("Version 1: nothing runs yet")
	if err := d.release(ctx, "1", 0, 0); err != nil {
		return err
	}

	gen := &load.Generator{Addr: d.addr, Rate: rate}
	loadCtx, stopLoad := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); gen.Run(loadCtx) }()
	defer func() { stopLoad(); <-done }()

	d.title(fmt.Sprintf("Version 2: canaried under %d requests/s, GET and POST, new and kept connections, no retries", rate))
	if err := d.release(ctx, "2", 0, 0); err != nil {
		return err
	}
	d.title("Version 3 fails 20 % of its requests")
	if err := d.release(ctx, "3", 20, exitRolledBack); err != nil {
		return err
	}
	time.Sleep(time.Second) // a last second on what is left, so that the account shows who serves now
	stopLoad()
	<-done

	d.title("History")
	if err := d.show(ctx, "history"); err != nil {
		return err
	}
	d.title("Audit")
	if err := d.show(ctx, "audit", "verify"); err != nil {
		return err
	}
	d.title("The account")
	return d.account(ctx, gen.Results())
}

// exitRolledBack is penstock's exit code for a run that ended with the old version.
const exitRolledBack = 4

// demo is the directory it works in and the program it shows.
type demo struct {
	bin, dir, work string
	env            []string
	addr           string
}

// prepare copies the example into a directory of its own, so that nothing of the user's is touched.
func prepare(bin, example string) (*demo, error) {
	bin, err := filepath.Abs(bin)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "penstock-demo-")
	if err != nil {
		return nil, err
	}
	d := &demo{bin: bin, dir: dir, work: filepath.Join(dir, "hello"), addr: "127.0.0.1:8080"}
	if err := os.CopyFS(d.work, os.DirFS(example)); err != nil {
		return nil, fmt.Errorf("copy the example: %w", err)
	}
	for _, sub := range []string{"state", "run"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, err
		}
	}
	d.env = append(os.Environ(), "XDG_STATE_HOME="+filepath.Join(dir, "state"), "XDG_RUNTIME_DIR="+filepath.Join(dir, "run"))
	if err := d.choosePort(); err != nil {
		return nil, err
	}
	return d, d.git("init", "-q")
}

// choosePort keeps the example's port where it is free and writes another one into the copy where it isn't.
func (d *demo) choosePort() error {
	l, err := net.Listen("tcp", d.addr)
	if err == nil {
		return l.Close()
	}
	l, err = net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("find a free port: %w", err)
	}
	free := l.Addr().String()
	if err := l.Close(); err != nil {
		return err
	}
	err = d.edit("pipeline.cue", regexp.MustCompile(regexp.QuoteMeta(d.addr)), free)
	d.addr = free
	return err
}

func (d *demo) edit(file string, what *regexp.Regexp, with string) error {
	path := filepath.Join(d.work, file)
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !what.Match(b) {
		return fmt.Errorf("%s: nothing matches %s", file, what)
	}
	return os.WriteFile(path, what.ReplaceAll(b, []byte(with)), 0o644)
}

func (d *demo) git(args ...string) error {
	cmd := exec.Command("git", append([]string{"-c", "user.name=demo", "-c", "user.email=demo@example.com"}, args...)...)
	cmd.Dir = d.work
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("git %s: %w\n%s", args[0], err, out)
	}
	return nil
}

// release changes the program, commits the change and runs the pipeline; it fails when the exit code isn't the wanted one.
func (d *demo) release(ctx context.Context, version string, fail, want int) error {
	if err := d.edit("Makefile", regexp.MustCompile(`(?m)^VERSION\s*\??=.*$`), "VERSION ?= "+version); err != nil {
		return err
	}
	if err := d.edit("Makefile", regexp.MustCompile(`(?m)^FAIL\s*\??=.*$`), fmt.Sprintf("FAIL ?= %d", fail)); err != nil {
		return err
	}
	if err := d.git("add", "-A"); err != nil {
		return err
	}
	if err := d.git("commit", "-q", "-m", "version "+version); err != nil {
		return err
	}
	code, err := d.penstock(ctx, "run")
	if err != nil {
		return err
	}
	if code != want {
		return fmt.Errorf("penstock run of version %s: exit code %d, want %d", version, code, want)
	}
	fmt.Printf("exit code %d\n", code)
	return nil
}

func (d *demo) show(ctx context.Context, args ...string) error {
	code, err := d.penstock(ctx, args...)
	if err == nil && code != 0 {
		err = fmt.Errorf("penstock %s: exit code %d", strings.Join(args, " "), code)
	}
	return err
}

// penstock runs a command with its output in view and returns its exit code.
func (d *demo) penstock(ctx context.Context, args ...string) (int, error) {
	fmt.Printf("$ penstock %s\n", strings.Join(args, " "))
	cmd := d.command(ctx, args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return exitCode(cmd.Run())
}

func (d *demo) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, d.bin, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 30 * time.Second
	cmd.Dir, cmd.Env = d.work, d.env
	return cmd
}

func exitCode(err error) (int, error) {
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() >= 0 {
		return exit.ExitCode(), nil
	}
	return 0, err
}

func (d *demo) title(s string) { fmt.Printf("\n== %s\n", s) }

func (d *demo) cleanUp(keep bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if out, err := d.command(ctx, "host", "stop").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "demo: penstock host stop: %v\n%s", err, out)
	}
	if keep {
		fmt.Println("kept", d.dir)
		return
	}
	if err := os.RemoveAll(d.dir); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
	}
}

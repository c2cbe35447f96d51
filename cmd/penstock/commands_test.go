package main

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite" // for scripts that tamper with a journal
)

// exits runs a command that must end with the given code: exits CODE COMMAND [ARG]...
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARG]...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	got := 0
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// users asks a URL again and again, a hundred times a second, until it is interrupted: users URL
func users() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	every := time.NewTicker(10 * time.Millisecond)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		if resp, err := http.Get(os.Args[1]); err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
	}
}

// scribble tries what vet must not need: it writes to each directory and asks the address that it is given, and prints
// what it was able to do.
func scribble() {
	for _, arg := range os.Args[1:] {
		if strings.Contains(arg, ":") {
			if c, err := net.DialTimeout("tcp", arg, time.Second); err == nil {
				c.Close()
				println("asked " + arg)
			}
			continue
		}
		if f, err := os.CreateTemp(arg, "scribble"); err == nil {
			f.Close()
			println("wrote " + f.Name())
		}
	}
}

// capture puts the first group of a pattern in the last standard output into a variable: capture NAME PATTERN
func capture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: capture NAME PATTERN")
	}
	m := regexp.MustCompile(`(?m)` + args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if len(m) != 2 {
		ts.Fatalf("no group %s in the output", args[1])
	}
	ts.Setenv(args[0], m[1])
}

// freeport puts the number of a free TCP port of the loopback into a variable: freeport NAME
func freeport(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: freeport NAME")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	_, port, err := net.SplitHostPort(l.Addr().String())
	ts.Check(err)
	ts.Check(l.Close())
	ts.Setenv(args[0], port)
}

// sqlExec changes rows of a journal behind penstock's back; at least one: sql FILE STATEMENT
func sqlExec(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: sql FILE STATEMENT")
	}
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	defer db.Close()
	res, err := db.Exec(args[1])
	ts.Check(err)
	n, err := res.RowsAffected()
	ts.Check(err)
	if n == 0 {
		ts.Fatalf("no row was changed")
	}
}

// stopHost ends the host that a script's runs may have started, and removes its sockets.
func stopHost(env *testscript.Env, run string) {
	if found, _ := filepath.Glob(filepath.Join(run, "penstock", "*.sock")); len(found) > 0 {
		cmd := exec.Command("penstock", "host", "stop")
		cmd.Env = env.Vars
		for _, v := range env.Vars {
			if path, ok := cutPath(v); ok {
				cmd.Path = filepath.Join(path, "penstock")
			}
		}
		_ = cmd.Run()
	}
	os.RemoveAll(run)
}

// cutPath returns the first directory of a PATH assignment, where testscript puts its commands.
func cutPath(v string) (string, bool) {
	const name = "PATH="
	if len(v) < len(name) || v[:len(name)] != name {
		return "", false
	}
	dirs := filepath.SplitList(v[len(name):])
	return dirs[0], len(dirs) > 0
}

package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/penstock-dev/penstock/targets/process/control"
)

// Options say which host a client speaks with.
type Options struct {
	Dirs control.Dirs
	// Start lets the client start a host when none runs.
	Start bool
	// Command starts a host in place of the running program with "host run"; the directories are appended to it.
	Command []string
	// Env is added to the few variables that a host gets.
	Env []string
}

// startPatience bounds how long a host may take to answer after its start.
const startPatience = 20 * time.Second

// passedOn are the variables that a host gets from whoever starts it. It lives long, and what else is in the environment
// of a release (tokens, say) is none of its business.
func passedOn() []string {
	return []string{"HOME", "LANG", "PATH", "TMPDIR", "TZ", "USER", "XDG_RUNTIME_DIR", "XDG_STATE_HOME"}
}

// Restart replaces the running host by a new one of this program, without losing a request. Without a running host it
// starts one.
func Restart(ctx context.Context, opts Options) error {
	return start(ctx, Open(opts), true)
}

// start starts a host that outlives this process and waits until it answers.
func start(ctx context.Context, c *Client, takeover bool) error {
	if err := c.opts.Dirs.Prepare(); err != nil {
		return err
	}
	argv, err := c.command(takeover)
	if err != nil {
		return fmt.Errorf("start host: %w", err)
	}
	logPath := filepath.Join(c.opts.Dirs.State, "host.log")
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("start host: %w", err)
	}
	defer log.Close()
	from, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("start host: %w", err)
	}
	cmd := &exec.Cmd{
		Path: argv[0], Args: argv, Dir: c.opts.Dirs.State, Env: c.environ(), Stdout: log, Stderr: log,
		SysProcAttr: &syscall.SysProcAttr{Setsid: true},
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start host: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }() // reaps it should it end before this process does
	return c.await(ctx, cmd.Process, takeover, ended, func() string { return tail(logPath, from) })
}

// await waits until a host answers: after a takeover the new one, otherwise any, because two programs may have started
// one at the same time. The one that came too late is ended, lest it wait and come up when the other is stopped.
func (c *Client) await(ctx context.Context, p *os.Process, takeover bool, ended <-chan error, said func() string) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	quiet := *c
	quiet.opts.Start = false
	var died error
	var late <-chan time.Time // runs once the started host has died: another one may be about to answer
	for {
		h, err := quiet.Host(ctx)
		if err == nil && h.PID == p.Pid {
			return nil
		}
		if err == nil && !takeover {
			if ended != nil && p.Signal(syscall.SIGTERM) == nil {
				<-ended
			}
			return nil
		}
		if died != nil && takeover {
			return fmt.Errorf("the new host ended, the old one goes on: %w\n%s", died, said())
		}
		select {
		case err := <-ended:
			if died = err; died == nil {
				died = errors.New("it ended at once")
			}
			ended, late = nil, time.After(time.Second)
		case <-late:
			return fmt.Errorf("start host: %w\n%s", died, said())
		default:
		}
		if err := sleep(ctx, 10*time.Millisecond); err != nil {
			return fmt.Errorf("start host: no answer: %w\n%s", errors.Join(err, died), said())
		}
	}
}

// command returns the command that is the host.
func (c *Client) command(takeover bool) ([]string, error) {
	argv := c.opts.Command
	if len(argv) == 0 {
		exe, err := os.Executable()
		if err != nil {
			return nil, err
		}
		argv = []string{exe, "host", "run"}
	}
	argv = append(argv[:len(argv):len(argv)], "--state", c.opts.Dirs.State, "--runtime", c.opts.Dirs.Runtime)
	if takeover {
		argv = append(argv, "--takeover")
	}
	return argv, nil
}

// environ is the host's environment.
func (c *Client) environ() []string {
	var env []string
	for _, k := range passedOn() {
		if v, ok := os.LookupEnv(k); ok {
			env = append(env, k+"="+v)
		}
	}
	return append(env, c.opts.Env...)
}

// tail returns what was written to a log since an offset, at most 4 KiB of it.
func tail(path string, from int64) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	b, err := io.ReadAll(io.NewSectionReader(f, from, 1<<20))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b[max(0, len(b)-4096):]))
}

// isDown reports whether nobody listens at the socket.
func isDown(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial" && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED))
}

// isPassing reports whether asking again may help: the host was replaced or died in the middle.
func isPassing(err error) bool {
	if errors.Is(err, &control.Error{Code: control.Restarting}) {
		return true
	}
	var op *net.OpError
	return errors.As(err, &op) && op.Op != "dial" || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

package child

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Spec says how to start a program.
type Spec struct {
	Path string   // the program's file
	Name string   // what it sees as its own name (argv[0])
	Args []string // without the name
	Env  []string // the whole environment, "NAME=value"
	Dir  string   // where it runs; made if needed
	Log  string   // file that its output is appended to
}

// Process is a program that runs, started here or by an earlier host.
type Process struct {
	id    Identity
	pidfd *os.File
	cmd   *exec.Cmd // nil when adopted
	done  chan struct{}
	exit  string
}

// Start runs a program in a session of its own.
func Start(s Spec) (*Process, error) {
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("start %s: %w", s.Name, err)
	}
	if err := os.MkdirAll(filepath.Dir(s.Log), 0o700); err != nil {
		return nil, fmt.Errorf("start %s: %w", s.Name, err)
	}
	out, err := os.OpenFile(s.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", s.Name, err)
	}
	defer out.Close()
	cmd, err := startRetrying(s, out)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", s.Name, err)
	}
	p, err := watch(cmd.Process.Pid, cmd)
	if err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return nil, fmt.Errorf("start %s: %w", s.Name, err)
	}
	return p, nil
}

// startRetrying starts the program. A program file that was just written can be "busy" for a moment, because a process
// forked meanwhile by another goroutine still holds the writing descriptor until it has executed its own program.
func startRetrying(s Spec, out *os.File) (*exec.Cmd, error) {
	for try := 0; ; try++ {
		cmd := &exec.Cmd{
			Path: s.Path, Args: append([]string{s.Name}, s.Args...), Env: s.Env, Dir: s.Dir, Stdout: out, Stderr: out,
			SysProcAttr: &syscall.SysProcAttr{Setsid: true},
		}
		err := cmd.Start()
		if err == nil || !errors.Is(err, unix.ETXTBSY) || try == 20 {
			return cmd, err
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// Adopt finds a process that an earlier host started. [ErrGone] says that it no longer runs.
func Adopt(id Identity) (*Process, error) {
	if boot, err := BootID(); err != nil || boot != id.Boot {
		return nil, errors.Join(ErrGone, err)
	}
	p, err := open(id.PID)
	if err != nil {
		return nil, err
	}
	// Asked after the pidfd was opened: if this is the process, then the pidfd is of this process.
	if now, err := Identify(id.PID); err != nil || now != id {
		p.pidfd.Close()
		return nil, ErrGone
	}
	p.id = id
	go p.wait()
	return p, nil
}

// watch follows a child that was just started. Its number cannot be reused before it is waited for.
func watch(pid int, cmd *exec.Cmd) (*Process, error) {
	p, err := open(pid)
	if err != nil {
		return nil, err
	}
	p.cmd = cmd
	p.id, _ = Identify(pid) // fails for a child that ended at once, which has no other identity left
	p.id.PID = pid
	go p.wait()
	return p, nil
}

// wait ends when the process does, or when the pidfd is closed.
func (p *Process) wait() {
	defer close(p.done)
	raw, err := p.pidfd.SyscallConn()
	if err == nil {
		err = raw.Read(hasExited)
	}
	if err != nil { // closed: nobody is interested any more
		return
	}
	killGroup(p.id.PID) // before the process is reaped, while its number cannot belong to anybody else
	p.exit = "ended; its exit status went to an earlier host"
	if p.cmd != nil {
		_ = p.cmd.Wait() // the state says more than the error
		p.exit = p.cmd.ProcessState.String()
	}
	p.pidfd.Close()
}

// hasExited asks a pidfd without waiting.
func hasExited(fd uintptr) bool {
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
		if err != unix.EINTR {
			return n > 0
		}
	}
}

// killGroup ends what is left of a process's group. While any of it lives the kernel does not give the number away.
func killGroup(pid int) { _ = unix.Kill(-pid, unix.SIGKILL) }

// Identity names the process.
func (p *Process) Identity() Identity { return p.id }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Exit says how the process ended; it is valid after Done.
func (p *Process) Exit() string { return p.exit }

// Stop asks the process to end with SIGTERM and kills its whole group when it has not after grace. When ctx ends first the
// process is left as it is, and ctx's error returned.
func (p *Process) Stop(ctx context.Context, grace time.Duration) error {
	p.signal(unix.SIGTERM)
	t := time.NewTimer(grace)
	defer t.Stop()
	select {
	case <-p.done:
		return nil
	case <-t.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	p.signal(unix.SIGKILL)
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

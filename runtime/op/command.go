package op

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/targets"
)

// defaultGrace is how long a command may take to stop after SIGTERM before it is killed.
const defaultGrace = 10 * time.Second

// command is one program with its surroundings.
type command struct {
	args []string
	env  string // the environment it belongs to
	in   plan.Surroundings
}

func (x *Executor) execCommand(e *plan.Exec) command {
	return command{args: e.Command, env: e.Environment, in: plan.Surroundings{
		Dir: e.Dir, Image: e.Image, ImageArtifact: e.ImageArtifact, ServiceAccount: e.ServiceAccount,
		Env: e.Env, Inject: e.Inject, Secrets: e.Secrets,
	}}
}

// exitError says that a command ran and ended with a code.
type exitError struct {
	code int
	last string // its last line
	log  string
}

func (e *exitError) Error() string {
	msg := fmt.Sprintf("exit code %d", e.code)
	if e.last != "" {
		msg += ": " + e.last
	}
	return msg
}

// run starts the command in a process group of its own and waits for it. An ended ctx asks the group to stop, and kills it
// after a grace. Its output goes, masked, to the node's log.
func (x *Executor) run(ctx context.Context, c Call, cmd command) error {
	if cmd.in.Image != "" || cmd.in.ImageArtifact != "" {
		return errors.New("container jobs need a Kubernetes environment: this build runs commands on this host only")
	}
	environ, secrets, err := x.environ(ctx, c, cmd)
	if err != nil {
		return err
	}
	log, name, err := x.Log(c.Node)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	tail := &lastLine{}
	out := &lineWriter{emit: func(l string) { tail.set(l); x.line(c.Node, l) }}
	masked := x.Mask(io.MultiWriter(log, out), secrets)
	runErr := x.start(ctx, cmd, environ, masked)
	err = errors.Join(masked.Close(), out.Close(), log.Close())
	var exit *exec.ExitError
	if errors.As(runErr, &exit) && ctx.Err() == nil {
		return &failure{err: &exitError{code: exit.ExitCode(), last: tail.text, log: name}, transient: true, log: name}
	}
	if runErr != nil {
		return &failure{err: runErr, unknown: ctx.Err() != nil, log: name}
	}
	if err != nil {
		return fmt.Errorf("write log: %w", err)
	}
	return nil
}

func (x *Executor) start(ctx context.Context, cmd command, environ []string, out io.Writer) error {
	dir := filepath.Join(x.Dir, filepath.FromSlash(cmd.in.Dir))
	path := cmd.args[0]
	if strings.Contains(path, "/") && !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	p := exec.CommandContext(ctx, path, cmd.args[1:]...)
	p.Dir, p.Env, p.Stdout, p.Stderr = dir, environ, out, out
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.Cancel = func() error { return syscall.Kill(-p.Process.Pid, syscall.SIGTERM) }
	p.WaitDelay = x.Grace
	if p.WaitDelay == 0 {
		p.WaitDelay = defaultGrace
	}
	err := p.Run()
	if ctx.Err() != nil && p.Process != nil {
		// whatever the group left behind ends with it
		_ = syscall.Kill(-p.Process.Pid, syscall.SIGKILL)
	}
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("%s: stopped: %w", cmd.args[0], context.Cause(ctx))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", cmd.args[0], err)
	}
	return nil
}

// environ is what the command sees, and the secret values in it. Variables of penstock's own environment that any part of
// the plan refers to as a secret are passed on only to those who declare them.
func (x *Executor) environ(ctx context.Context, c Call, cmd command) (environ, secrets []string, err error) {
	hidden := x.secretVariables()
	vars := map[string]string{}
	for _, kv := range x.Environ {
		if k, v, ok := strings.Cut(kv, "="); ok && !hidden[k] {
			vars[k] = v
		}
	}
	maps.Copy(vars, cmd.in.Env)
	for _, name := range slices.Sorted(maps.Keys(cmd.in.Inject)) {
		v, ok := x.value(c, cmd.env, cmd.in.Inject[name])
		if !ok {
			return nil, nil, fmt.Errorf("variable %s: %s is not known yet", name, cmd.in.Inject[name])
		}
		vars[name] = v
	}
	for _, name := range slices.Sorted(maps.Keys(cmd.in.Secrets)) {
		v, err := x.Secret(ctx, cmd.in.Secrets[name])
		if err != nil {
			return nil, nil, fmt.Errorf("secret %s: %w", name, err)
		}
		vars[name] = v
		secrets = append(secrets, v)
	}
	vars["PENSTOCK_RUN"], vars["PENSTOCK_NODE"], vars["PENSTOCK_KEY"] = c.Run, string(c.Node), c.Key
	if c.Fence > 0 {
		vars["PENSTOCK_FENCE"] = strconv.FormatUint(c.Fence, 10)
	}
	if addr, err := x.previewAddress(ctx, c); err != nil {
		return nil, nil, err
	} else if addr != "" {
		vars["PENSTOCK_PREVIEW"] = addr
	}
	for _, k := range slices.Sorted(maps.Keys(vars)) {
		environ = append(environ, k+"="+vars[k])
	}
	return environ, secrets, nil
}

// previewAddress is where a command inside a deploy stage reaches the staged version, past the router; "" elsewhere and for
// targets that have no such address.
func (x *Executor) previewAddress(ctx context.Context, c Call) (string, error) {
	name, _, _ := strings.Cut(string(c.Node), "/")
	st := x.Plan.StageByName(name)
	if st == nil || st.Action != "deploy" || x.Driver == nil {
		return "", nil
	}
	d, err := x.Deploy(ctx, plan.RefOf(st.Workload, st.Environment), c.Bindings, false)
	if err != nil {
		return "", err
	}
	drv, err := x.Driver(ctx, d.Kind)
	if err != nil {
		return "", err
	}
	a, ok := drv.(targets.Addresser)
	if !ok {
		return "", nil
	}
	addr, err := a.Address(ctx, d)
	if errors.Is(err, targets.ErrNoVersion) { // what undoes a stage may run when the version is gone
		return "", nil
	}
	return addr, err
}

// secretVariables are the names of environment variables that hold secrets, as the plan's references say.
func (x *Executor) secretVariables() map[string]bool {
	hidden := map[string]bool{}
	add := func(refs map[string]plan.SecretRef) {
		for _, r := range refs {
			if r.Env != "" {
				hidden[r.Env] = true
			}
		}
	}
	do := func(d *plan.Do) {
		if d == nil {
			return
		}
		if d.Exec != nil {
			add(d.Exec.Secrets)
		}
		for _, m := range []*plan.Migrate{d.Migrate, d.Revert} {
			if m != nil {
				add(m.Secrets)
			}
		}
	}
	for i := range x.Plan.Nodes {
		do(&x.Plan.Nodes[i].Do)
		do(x.Plan.Nodes[i].Undo)
	}
	for _, w := range x.Plan.Workloads {
		add(w.Secrets)
	}
	return hidden
}

type lastLine struct{ text string }

func (l *lastLine) set(s string) {
	if s = strings.TrimSpace(s); s != "" {
		l.text = s
	}
}

// lineWriter hands complete lines on.
type lineWriter struct {
	buf  bytes.Buffer
	emit func(string)
}

// maxLine bounds a line for people; longer ones are cut, the log has them whole.
const maxLine = 4096

func (w *lineWriter) Write(p []byte) (int, error) {
	n := len(p)
	for {
		head, rest, ok := bytes.Cut(p, []byte("\n"))
		if room := maxLine - w.buf.Len(); room > 0 {
			w.buf.Write(head[:min(room, len(head))])
		}
		if !ok {
			return n, nil
		}
		w.emit(w.buf.String())
		w.buf.Reset()
		p = rest
	}
}

func (w *lineWriter) Close() error {
	if w.buf.Len() > 0 {
		w.emit(w.buf.String())
		w.buf.Reset()
	}
	return nil
}

// openIn opens a file below the pipeline's directory.
func (x *Executor) openIn(name string) (*os.File, error) {
	return os.Open(filepath.Join(x.Dir, filepath.FromSlash(name)))
}

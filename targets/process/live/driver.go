// Package live is the driver of the process target: it turns what the runtime asks for into requests to the penstock host
// of this machine, which it starts when none runs.
package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/schema"
	"github.com/penstock-dev/penstock/targets"
	"github.com/penstock-dev/penstock/targets/process"
	"github.com/penstock-dev/penstock/targets/process/client"
	"github.com/penstock-dev/penstock/targets/process/control"
)

// Options shape a driver.
type Options struct {
	// Root is the pipeline's directory: a program's dir is relative to it.
	Root string
	// Dirs returns where the host with a name lives; nil means the user's own directories.
	Dirs func(host string) (control.Dirs, error)
	// Command starts a host; nil means this program with "host run".
	Command []string
	// Env is added to the host's environment.
	Env []string
}

// Driver speaks with process hosts. It is safe for concurrent use.
type Driver struct {
	opts Options

	mu      sync.Mutex
	clients map[string]*client.Client
}

var (
	_ targets.Driver    = (*Driver)(nil)
	_ targets.Observer  = (*Driver)(nil)
	_ targets.Stager    = (*Driver)(nil)
	_ targets.Router    = (*Driver)(nil)
	_ targets.Committer = (*Driver)(nil)
	_ targets.Leaser    = (*Driver)(nil)
	_ targets.Counter   = (*Driver)(nil)
	_ targets.Drifter   = (*Driver)(nil)
)

// New returns a driver. It connects to nothing yet.
func New(opts Options) *Driver {
	if opts.Dirs == nil {
		opts.Dirs = func(host string) (control.Dirs, error) { return control.DefaultDirs(host, os.Getenv) }
	}
	return &Driver{opts: opts, clients: map[string]*client.Client{}}
}

// Kind is the target's name.
func (d *Driver) Kind() string { return "process" }

// Close has nothing to end: connections last as long as a request.
func (d *Driver) Close() error { return nil }

// client returns the client of the host that a place is on.
func (d *Driver) client(p targets.Place) (*client.Client, control.Dirs, error) {
	var cfg schema.ProcessEnvironment
	if len(p.Config) > 0 {
		if err := json.Unmarshal(p.Config, &cfg); err != nil {
			return nil, control.Dirs{}, fmt.Errorf("environment %s: %w", p.Env, err)
		}
	}
	dirs, err := d.opts.Dirs(cfg.HostOrDefault())
	if err != nil {
		return nil, dirs, fmt.Errorf("environment %s: %w", p.Env, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	c := d.clients[dirs.State]
	if c == nil {
		c = client.Open(client.Options{Dirs: dirs, Start: true, Command: d.opts.Command, Env: d.opts.Env})
		d.clients[dirs.State] = c
	}
	return c, dirs, nil
}

// service names a deploy's service.
func service(dep targets.Deploy) control.Service {
	return control.Service{Place: string(dep.Place.ID), Workload: process.Workload(dep.Ref)}
}

// op is the common part of a request.
func op(c targets.Call, dep targets.Deploy) control.Op {
	return control.Op{Service: service(dep), Key: c.Key, Run: c.Run, Fence: c.Fence, Order: c.Order}
}

// spec turns a workload's spec, all holes filled, into a version for the host.
func (d *Driver) spec(dep targets.Deploy, raw json.RawMessage, version string) (control.Spec, error) {
	s, err := process.Decode(raw)
	if err != nil {
		return control.Spec{}, fmt.Errorf("%s: %w", dep.Ref, err)
	}
	dir := s.Dir
	if dir != "" && !filepath.IsAbs(dir) {
		if dir, err = filepath.Abs(filepath.Join(d.opts.Root, dir)); err != nil {
			return control.Spec{}, fmt.Errorf("%s: %w", dep.Ref, err)
		}
	}
	return control.Spec{
		Version: version, Name: process.ProgramName(s, dep.Ref), Digest: s.Artifact.Digest, Args: s.Args, Env: s.Env,
		Secrets: s.Secrets, Dir: dir, Listen: s.Listen,
		Ready:   control.Ready{HTTP: s.Ready.HTTP, Every: time.Duration(s.Ready.Every), Timeout: time.Duration(s.Ready.Timeout)},
		Restart: control.Restart{Attempts: s.Restart.Attempts, Backoff: time.Duration(s.Restart.Backoff)},
		Drain:   time.Duration(s.Drain), Stop: time.Duration(s.Stop), Source: raw,
	}, nil
}

// artifact returns the file of a deploy's program, or "" when only the host's store may have it.
func artifact(dep targets.Deploy, spec control.Spec) (string, error) {
	s, err := process.Decode(spec.Source)
	if err != nil {
		return "", err
	}
	f, ok := dep.Files[s.Artifact.Name]
	if !ok {
		return "", nil
	}
	if spec.Digest != f.Digest {
		return "", fmt.Errorf("%s: artifact %q is bound to %s and the spec says %s", dep.Ref, s.Artifact.Name, f.Digest, spec.Digest)
	}
	return f.Path, nil
}

// secrets returns the values that a spec names.
func secrets(c targets.Call, spec control.Spec) control.Secrets {
	out := control.Secrets{}
	for _, name := range spec.Secrets {
		if v, ok := c.Secrets[name]; ok {
			out[name] = v
		}
	}
	return out
}

// refused translates an error of the host into what the runtime branches on.
func refused(c targets.Call, err error) error {
	if err == nil {
		return nil
	}
	var e *control.Error
	if !errors.As(err, &e) {
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		return &targets.TransientError{Err: err}
	}
	for _, line := range e.Log {
		if c.Log != nil {
			c.Log(line)
		}
	}
	switch e.Code {
	case control.StaleFence:
		return fmt.Errorf("%w (%v)", targets.ErrStaleFence, err)
	case control.StaleOrder:
		return fmt.Errorf("%w (%v)", targets.ErrStaleOrder, err)
	case control.NoVersion:
		return fmt.Errorf("%w: %v", targets.ErrNoVersion, err)
	case control.Locked:
		return &targets.LockedError{Holder: holderOf(e.Holder)}
	case control.Restarting, control.Internal:
		return &targets.TransientError{Err: err}
	case control.NotReady:
		if n := len(e.Log); n > 0 {
			return fmt.Errorf("%w; its last lines:\n  %s", err, strings.Join(e.Log[max(0, n-5):], "\n  "))
		}
	}
	return err
}

// Stage brings a version up beside the stable one and waits until it is ready.
func (d *Driver) Stage(ctx context.Context, c targets.Call, dep targets.Deploy, _ plan.StageOp) (targets.Staged, error) {
	cl, _, err := d.client(dep.Place)
	if err != nil {
		return targets.Staged{}, err
	}
	spec, err := d.spec(dep, dep.Spec, dep.Version)
	if err != nil {
		return targets.Staged{}, err
	}
	path, err := artifact(dep, spec)
	if err != nil {
		return targets.Staged{}, err
	}
	st, err := cl.Stage(ctx, control.Stage{Op: op(c, dep), Spec: spec, Artifact: path, Secrets: secrets(c, spec)})
	if err != nil {
		return targets.Staged{}, refused(c, err)
	}
	for _, v := range st.Versions {
		if v.Version == dep.Version && v.Role != control.Leaving {
			return targets.Staged{Version: v.Version, Detail: fmt.Sprintf("process %d listens on %s", v.PID, v.Addr)}, nil
		}
	}
	return targets.Staged{}, fmt.Errorf("%w: %s was staged and is not there", targets.ErrNoVersion, dep.Version)
}

// Unstage takes a version's traffic away, drains and stops it.
func (d *Driver) Unstage(ctx context.Context, c targets.Call, dep targets.Deploy) error {
	cl, _, err := d.client(dep.Place)
	if err != nil {
		return err
	}
	_, err = cl.Remove(ctx, control.Remove{Op: op(c, dep), Version: dep.Version})
	return refused(c, err)
}

// Retire drains and stops the version that was stable before.
func (d *Driver) Retire(ctx context.Context, c targets.Call, dep targets.Deploy, prior targets.Prior) error {
	if prior.Absent {
		return nil
	}
	cl, _, err := d.client(dep.Place)
	if err != nil {
		return err
	}
	_, err = cl.Retire(ctx, control.Retire{Op: op(c, dep), Version: prior.Version})
	return refused(c, err)
}

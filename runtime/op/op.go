// Package op executes instructions: one attempt of one node's do or undo at a time.
//
// What a target does goes to its driver through the interfaces of package targets; commands, artifacts, migrations, gates
// and notifications are executed here. An op looks before it acts, tells what it found, and never decides what happens
// next: that is the machine's. Secrets are resolved for the moment of a call and masked in everything that is written.
package op

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/targets"
)

// Call is one attempt.
type Call struct {
	Run   string
	Node  plan.NodeID
	Undo  bool
	Key   string
	Fence uint64
	Order uint64
	// Recover asks to look whether an earlier attempt took effect, and to change nothing.
	Recover bool
	Do      *plan.Do
	Prior   *event.Prior
	// Bindings are the run-time values known so far, by machine.BindingName.
	Bindings map[string]string
}

// Outcome is how the attempt ended. Exactly one of Done, Failure and Observed is set.
type Outcome struct {
	Done     *event.Done
	Failure  *event.Failure
	Observed *event.Observed
	// Fenced says that a stale fencing number was refused: somebody else has the environment's lock.
	Fenced bool
}

// Content keeps files by digest.
type Content interface {
	PutFile(ctx context.Context, path string) (digest string, size int64, err error)
	// File returns the path of the file with the digest, verified.
	File(ctx context.Context, digest string) (path string, err error)
}

// Releases tells gates what ran where.
type Releases interface {
	// RunsSince says since when the environment has run exactly these artifact digests, false when it doesn't.
	RunsSince(ctx context.Context, env string, digests map[string]string) (time.Time, bool, error)
}

// Metrics answers queries of gates.
type Metrics interface {
	Query(ctx context.Context, env plan.Environment, query string, at time.Time) (float64, error)
}

// Executor executes the instructions of one run.
type Executor struct {
	Plan *plan.Plan
	// Dir is the pipeline's directory: commands and files are relative to it.
	Dir string
	// Environ is what commands inherit ("KEY=value").
	Environ []string
	Content Content
	// Driver returns the live driver of a target kind.
	Driver func(ctx context.Context, kind string) (targets.Driver, error)
	// Secret resolves a reference.
	Secret func(ctx context.Context, ref plan.SecretRef) (string, error)
	// Mask wraps a writer so that the values never pass it. Closing it flushes and leaves w open.
	Mask func(w io.Writer, values []string) io.WriteCloser
	// Log opens the output file of a node's attempt and returns its name relative to the run's directory.
	Log func(node plan.NodeID) (io.WriteCloser, string, error)
	// Line receives output for people as it comes; nil discards it.
	Line     func(node plan.NodeID, line string)
	Releases Releases
	Metrics  Metrics
	Now      func() time.Time
	// Grace is how long a command may take to stop after it was asked to; zero means 10 s.
	Grace time.Duration
}

// Do executes one attempt. Ending ctx stops it; what was under way is then reported as unknown.
func (x *Executor) Do(ctx context.Context, c Call) Outcome {
	if c.Recover {
		obs, err := x.observe(ctx, c)
		if err != nil {
			return x.failed(ctx, err)
		}
		return Outcome{Observed: obs}
	}
	done, err := x.act(ctx, c)
	if err != nil {
		return x.failed(ctx, err)
	}
	return Outcome{Done: done}
}

// act is the table of instructions.
func (x *Executor) act(ctx context.Context, c Call) (*event.Done, error) {
	switch d := c.Do; d.Op() {
	case plan.OpExec:
		return x.exec(ctx, c, d.Exec)
	case plan.OpNotify:
		return x.notify(ctx, c, d.Notify)
	case plan.OpMigrate:
		return x.migrate(ctx, c, d.Migrate, true)
	case plan.OpRevert:
		return x.migrate(ctx, c, d.Revert, false)
	case plan.OpVerifyArtifact:
		return x.verifyArtifact(ctx, c, d.VerifyArtifact)
	case plan.OpCopyArtifact:
		return nil, fmt.Errorf("copy artifact %q to %s: this build has no registry client", d.CopyArtifact.Artifact, d.CopyArtifact.To)
	case plan.OpHold:
		return &event.Done{}, nil
	}
	return x.onTarget(ctx, c)
}

// failure is an error with what the machine needs to know of it.
type failure struct {
	err       error
	transient bool
	unknown   bool
	log, fix  string
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func (x *Executor) failed(ctx context.Context, err error) Outcome {
	f := &event.Failure{Message: oneLine(err.Error()), Transient: targets.IsTransient(err)}
	var own *failure
	if errors.As(err, &own) {
		f.Transient, f.Unknown, f.Log, f.Fix = f.Transient || own.transient, own.unknown, own.log, own.fix
	}
	if ctx.Err() != nil {
		f.Unknown = true
	}
	return Outcome{Failure: f, Fenced: errors.Is(err, targets.ErrStaleFence)}
}

func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

// value resolves a binding for a command or spec that belongs to the environment.
func (x *Executor) value(c Call, env string, b plan.Binding) (string, bool) {
	switch {
	case b.Artifact != "":
		return x.artifactDigest(c, b.Artifact)
	case b.Variable != "":
		v, ok := x.Plan.Envs[env].Variables[b.Variable]
		return v, ok
	case b.Output != "":
		v, ok := c.Bindings["output:"+b.Output]
		return v, ok
	case b.Preview != "":
		v, ok := c.Bindings["preview:"+string(b.Preview)]
		return v, ok
	case b.Prior != "":
		if c.Prior == nil || c.Prior.Absent {
			return "", false
		}
		return c.Prior.Version, true
	}
	return "", false
}

func (x *Executor) artifactDigest(c Call, name string) (string, bool) {
	if d, ok := c.Bindings["artifact:"+name]; ok {
		return d, true
	}
	d := x.Plan.Artifacts[name].Digest
	return d, d != ""
}

func (x *Executor) line(n plan.NodeID, text string) {
	if x.Line != nil {
		x.Line(n, text)
	}
}

package op

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
)

// exec runs a command and binds the digests of what it produced.
func (x *Executor) exec(ctx context.Context, c Call, e *plan.Exec) (*event.Done, error) {
	if err := x.run(ctx, c, x.execCommand(e)); err != nil {
		return nil, err
	}
	return x.produced(ctx, c, e)
}

// produced binds each artifact: by the digest of its file, which is kept by content, or by the digest that was written down
// when it was pushed (looking a tag up afterwards would be a race).
func (x *Executor) produced(ctx context.Context, _ Call, e *plan.Exec) (*event.Done, error) {
	done := &event.Done{}
	var said []string
	for _, p := range e.Produces {
		digest, err := x.produce(ctx, e.Dir, p)
		if err != nil {
			return nil, fmt.Errorf("artifact %q: %w", p.Artifact, err)
		}
		if done.Bindings == nil {
			done.Bindings = map[string]string{}
		}
		done.Bindings["artifact:"+p.Artifact] = digest
		said = append(said, p.Artifact+" "+shortDigest(digest))
	}
	if len(said) > 0 {
		done.Detail = "built " + strings.Join(said, ", ")
	}
	return done, nil
}

var digestLine = regexp.MustCompile(`^(?:[^\s@]+@)?(sha256:[0-9a-f]{64})$`)

func (x *Executor) produce(ctx context.Context, dir string, p plan.Produce) (string, error) {
	if p.DigestFile == "" {
		// an artifact's path is relative to the pipeline, as its declaration says
		digest, _, err := x.Content.PutFile(ctx, filepath.Join(x.Dir, filepath.FromSlash(p.Path)))
		return digest, err
	}
	f, err := x.openIn(p.DigestFile)
	if err != nil {
		return "", fmt.Errorf("read digest: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 4096))
	if err != nil {
		return "", fmt.Errorf("read digest: %w", err)
	}
	m := digestLine.FindStringSubmatch(strings.TrimSpace(string(b)))
	if m == nil {
		return "", fmt.Errorf("%s holds no digest: want one line \"sha256:\" and 64 hex digits", p.DigestFile)
	}
	return m[1], nil
}

func shortDigest(d string) string {
	if len(d) > len("sha256:")+12 {
		return d[:len("sha256:")+12]
	}
	return d
}

// observeExec asks the check command, if there is one, what an interrupted attempt left.
func (x *Executor) observeExec(ctx context.Context, c Call, e *plan.Exec) (*event.Observed, error) {
	if len(e.Check) == 0 || e.Interrupted != plan.InterruptedCheck {
		return &event.Observed{Effect: event.EffectUnknown, Detail: "a command can't be asked whether it ran"}, nil
	}
	cmd := x.execCommand(e)
	cmd.args = e.Check
	if e.CheckIn != nil {
		cmd.in = *e.CheckIn
	}
	effect, err := x.check(ctx, c, cmd)
	if err != nil || effect != event.EffectDone {
		return &event.Observed{Effect: effect}, err
	}
	done, err := x.produced(ctx, c, e)
	if err != nil {
		return &event.Observed{Effect: event.EffectUnknown, Detail: oneLine(err.Error())}, nil
	}
	return &event.Observed{Effect: effect, Done: done}, nil
}

// check runs a command that answers with its exit code: 0 done, 1 not done, anything else unknown.
func (x *Executor) check(ctx context.Context, c Call, cmd command) (event.Observation, error) {
	err := x.run(ctx, c, cmd)
	var exit *exitError
	switch {
	case err == nil:
		return event.EffectDone, nil
	case errors.As(err, &exit) && exit.code == 1:
		return event.EffectNotDone, nil
	case errors.As(err, &exit):
		return event.EffectUnknown, nil
	}
	return event.EffectUnknown, err
}

// migrate looks whether the change is in effect and applies it if it isn't; forward false is the way back.
func (x *Executor) migrate(ctx context.Context, c Call, m *plan.Migrate, forward bool) (*event.Done, error) {
	check := x.migrateCheck(m)
	now, err := x.check(ctx, c, check)
	if err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	want := event.EffectDone
	if !forward {
		want = event.EffectNotDone
	}
	switch now {
	case want:
		return &event.Done{Detail: "nothing to do: it is so already"}, nil
	case event.EffectUnknown:
		return nil, errors.New("the check can't tell whether the change is in effect (its exit code is neither 0 nor 1)")
	}
	if err := x.run(ctx, c, command{args: m.Command, env: m.Environment, in: m.Surroundings}); err != nil {
		return nil, err
	}
	if now, err = x.check(ctx, c, check); err != nil {
		return nil, fmt.Errorf("check afterwards: %w", err)
	}
	if now != want {
		return nil, &failure{err: errors.New("the command succeeded, but the check says that the change is not as it should be"), unknown: true}
	}
	return &event.Done{}, nil
}

func (x *Executor) migrateCheck(m *plan.Migrate) command {
	in := m.Surroundings
	if m.CheckIn != nil {
		in = *m.CheckIn
	}
	return command{args: m.Check, env: m.Environment, in: in}
}

// observeMigrate asks the check; for the way back, done means that the change is not in effect.
func (x *Executor) observeMigrate(ctx context.Context, c Call, m *plan.Migrate, forward bool) (*event.Observed, error) {
	effect, err := x.check(ctx, c, x.migrateCheck(m))
	if err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	if !forward {
		switch effect {
		case event.EffectDone:
			effect = event.EffectNotDone
		case event.EffectNotDone:
			effect = event.EffectDone
		}
	}
	obs := &event.Observed{Effect: effect}
	if effect == event.EffectDone {
		obs.Done = &event.Done{}
	}
	return obs, nil
}

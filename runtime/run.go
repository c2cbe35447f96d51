package runtime

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/internal/secret"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/metrics"
	"github.com/penstock-dev/penstock/runtime/op"
	"github.com/penstock-dev/penstock/runtime/store"
	"github.com/penstock-dev/penstock/targets"
)

// Content keeps files by digest and gives logs a place.
type Content interface {
	op.Content
	// LogPath is the path of a node's log; its directory exists.
	LogPath(run event.RunID, node plan.NodeID) (string, error)
}

// Options are the surroundings of a run. Store, Content, Driver and Dir are required.
type Options struct {
	Store   store.Store
	Content Content
	// Dir is the pipeline's directory: commands and files are relative to it.
	Dir string
	// Driver returns the live driver of a target kind.
	Driver func(ctx context.Context, kind string) (targets.Driver, error)
	// Environ is what commands inherit.
	Environ []string
	// Actor is who runs it, Command how it was called.
	Actor   event.Actor
	Command string
	// Tree is the digest of the pipeline's files as they are now.
	Tree string
	// Descends reports whether one revision descends from another.
	Descends func(ctx context.Context, newer, older string) (bool, error)
	// View, Tick and Line show facts, evidence and output as they come.
	View func(event.Event)
	Tick func(at time.Time, m plan.MonitorID, line string)
	Line func(node plan.NodeID, line string)
	// Signals brings one value for each Ctrl-C.
	Signals <-chan struct{}
	// Park ends the process when all that is left waits for people, windows or time.
	Park bool
}

// Begin says what a new run is.
type Begin struct {
	File plan.File
	Plan *plan.Plan
	// Decision is the id of the policies' decision, DecisionJSON the document that is kept; empty for an emergency.
	Decision     string
	DecisionJSON []byte
	Commit       string
	// Selection restricts the run to stages, closed under needs or completed by Reused.
	Selection []string
	Reused    []plan.NodeID
	Bindings  map[string]string
	// Release is taken further; empty makes a new one, named after the run.
	Release string
	// Emergency is the declared reason of an emergency rollback.
	Emergency string
}

// NewRunID names a run so that names sort by time.
func NewRunID(now time.Time) event.RunID {
	var b [3]byte
	_, _ = rand.Read(b[:]) // never fails
	return event.RunID(now.UTC().Format("20060102-150405-") + hex.EncodeToString(b[:]))
}

// Start begins a run and walks it to its end, or until it parks or is interrupted.
func Start(ctx context.Context, o Options, b Begin) (Report, error) {
	if err := executable(ctx, o, b.Plan, b.Selection); err != nil {
		return Report{}, err
	}
	if err := genuine(ctx, o.Store, b); err != nil {
		return Report{}, err
	}
	file, err := plan.Encode(b.File)
	if err != nil {
		return Report{}, err
	}
	// The same plan compiled again may come with other positions or from another compiler: the one that is stored stays.
	if err := o.Store.PutPlan(ctx, b.File.ID, file); err != nil && !errors.Is(err, store.ErrConflict) {
		return Report{}, fmt.Errorf("store the plan: %w", err)
	}
	if b.Decision != "" {
		if err := o.Store.PutDecision(ctx, b.Decision, b.DecisionJSON); err != nil {
			return Report{}, fmt.Errorf("store the decision: %w", err)
		}
	}
	now := time.Now().UTC()
	run := NewRunID(now)
	if b.Release == "" {
		b.Release = string(run)
	}
	o.Actor.Groups = Groups(b.Plan, o.Actor.Name)
	host, err := os.Hostname()
	if err != nil {
		return Report{}, fmt.Errorf("name of this host: %w", err)
	}
	first := event.Event{Run: run, Time: now, Type: event.RunStarted}.With(event.Started{
		Format: event.Format, Plan: b.File.ID, Release: b.Release, Actor: o.Actor, Commit: b.Commit, Tree: o.Tree,
		Selection: b.Selection, Bindings: b.Bindings, Reused: b.Reused, Decision: b.Decision, Host: host, Emergency: b.Emergency,
	})
	return o.drive(ctx, b.Plan, run, b.Commit, first)
}

// Resume goes on with a run that has no process: one that was killed, that parked, or that is unsettled.
func Resume(ctx context.Context, o Options, run event.RunID) (Report, error) {
	l, err := Load(ctx, o.Store, run)
	if err != nil {
		return Report{}, err
	}
	if l.Info.State == store.Ended {
		return Report{}, fmt.Errorf("run %s: %w: it ended %s", run, ErrOver, l.Info.Outcome)
	}
	host, err := os.Hostname()
	if err != nil {
		return Report{}, fmt.Errorf("name of this host: %w", err)
	}
	again := event.Event{Run: run, Time: time.Now().UTC(), Type: event.RunResumed}.With(event.Resumed{Actor: o.Actor, Host: host, Tree: o.Tree})
	return o.drive(ctx, l.Plan, run, l.Info.Commit, again)
}

// drive takes the run's writer lease, appends the first event of this process and hands over to the driver.
func (o Options) drive(ctx context.Context, p *plan.Plan, run event.RunID, commit string, first event.Event) (rep Report, err error) {
	owner, err := store.Self(o.Command)
	if err != nil {
		return Report{}, err
	}
	w, err := o.Store.Writer(ctx, run, owner)
	if err != nil {
		return Report{}, err
	}
	defer func() {
		// the lease is given back even when the run was interrupted
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		err = errors.Join(err, w.Close(closing))
	}()
	x := o.executor(p, run)
	rec, err := o.begin(ctx, w, p, run, first)
	if err != nil {
		return Report{}, err
	}
	driveErr := o.walk(ctx, w, p, x, run, commit, owner, rec)
	after := context.WithoutCancel(ctx)
	l, err := Load(after, o.Store, run)
	if err != nil {
		return Report{}, errors.Join(driveErr, err)
	}
	rep, err = l.Report(after, o.Store)
	return rep, errors.Join(driveErr, err)
}

// begin appends the first event and catches up with the history that an earlier process may have left unwritten.
func (o Options) begin(ctx context.Context, w store.Writer, p *plan.Plan, run event.RunID, first event.Event) (*recorder, error) {
	stored, err := w.Append(ctx, []event.Event{first})
	if err != nil {
		return nil, fmt.Errorf("record the start: %w", err)
	}
	if o.View != nil {
		o.View(stored[0])
	}
	info, err := o.Store.Run(ctx, run)
	if err != nil {
		return nil, err
	}
	known := map[string]string{}
	if rel, err := o.Store.Release(ctx, info.Release); err == nil {
		maps.Copy(known, rel.Digests)
	}
	rec, err := newRecorder(ctx, o.Store, p, info, known)
	if err != nil {
		return nil, err
	}
	events, err := o.Store.Events(ctx, run, 1)
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		if err := rec.observe(ctx, e); err != nil {
			return nil, err
		}
	}
	return rec, nil
}

func (o Options) executor(p *plan.Plan, run event.RunID) *op.Executor {
	secrets := secret.Resolver{Lookup: o.lookup, Dir: o.Dir}
	return &op.Executor{
		Plan: p, Dir: o.Dir, Environ: o.Environ, Content: o.Content, Driver: o.Driver,
		Secret: func(ctx context.Context, ref plan.SecretRef) (string, error) {
			v, err := secrets.Resolve(ctx, ref)
			return v.Reveal(), err
		},
		Mask: secret.Mask,
		Log: func(node plan.NodeID) (io.WriteCloser, string, error) {
			path, err := o.Content.LogPath(run, node)
			if err != nil {
				return nil, "", err
			}
			f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
			return f, filepath.Base(path), err
		},
		Line: o.Line, Releases: history{o.Store, p}, Now: time.Now, Metrics: &metrics.Prometheus{Secrets: secrets},
	}
}

func (o Options) lookup(name string) (string, bool) {
	for _, kv := range o.Environ {
		if k, v, ok := strings.Cut(kv, "="); ok && k == name {
			return v, true
		}
	}
	return "", false
}

// executable refuses a plan that this build can't carry out to its end, before anything is recorded.
func executable(ctx context.Context, o Options, p *plan.Plan, selection []string) error {
	for _, st := range p.Stages {
		if len(selection) > 0 && !slices.Contains(selection, st.Name) {
			continue
		}
		switch st.Action {
		case "deploy", "verify", "preview":
		default:
			continue
		}
		kind := p.Envs[st.Environment].Kind
		if _, err := o.Driver(ctx, kind); err != nil {
			return fmt.Errorf("stage %q: %w", st.Name, err)
		}
	}
	return nil
}

// Package targets is what penstock knows about the places that releases go to, without any SDK.
//
// It holds the capabilities of each kind as plain data (the compiler rejects what a target cannot do), the types that
// cross the border, and one-method interfaces that live drivers satisfy. Every kind has an offline half in
// targets/<kind> (inspect, render, limits) and a live half in targets/<kind>/live. targets/all is the table of drivers.
//
// Contract of every method that changes something: it is idempotent under [Call.Key], looks before it acts, refuses a
// stale [Call.Fence] with [ErrStaleFence], returns only after the effect was read back, and leaves nothing half done
// that a repeated call would not finish.
package targets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
)

// Place is the environment that a call works in.
type Place struct {
	ID     plan.Place
	Env    string
	Config json.RawMessage
}

// Call identifies one attempt of one instruction.
type Call struct {
	// Key is the idempotency key, the same for every attempt: run/node/do|undo/generation.
	Key   string
	Run   string
	Fence uint64
	// Order grows with every dispatch of the run (it is the journal's number of the dispatch). A driver keeps the highest
	// (Fence, Order) per workload and refuses what is older with [ErrStaleOrder]: an attempt that was given up can't take
	// effect after the one that undid it, not even when the undo found nothing to do. 0 switches the check off.
	Order uint64
	// Secrets are the workload's resolved secrets by name; drivers pass them on and never write them down.
	Secrets map[string]string
	// Log receives lines for people; never nil.
	Log func(line string)
}

// Deploy is one workload in one place with all its holes filled.
type Deploy struct {
	Ref   plan.Ref
	Place Place
	Kind  string
	Spec  json.RawMessage
	// Version is the content hash of Spec: what "new" means. Equal specs are the same version.
	Version string
	// Files are the local paths of bound file artifacts, by artifact name, verified against their digest.
	Files map[string]File
}

// File is a bound file artifact in the local content store.
type File struct {
	Path   string
	Digest string // "sha256:…"
}

// Observed is what a place runs now.
type Observed struct {
	// Stable is the version that is (or would be) served without a canary; "" when there is none.
	Stable string
	// StableSpec lets Stable be brought up again.
	StableSpec json.RawMessage
	// Canary is the version staged beside it, "" when there is none.
	Canary string
	// Weight is the canary's share of traffic in percent, as read back.
	Weight float64
	// CanaryReady and StableReady say whether the versions can serve.
	CanaryReady, StableReady bool
	// Prior is the version before Stable that is still able to serve; "" when retired.
	Prior string
	// Note is anything a person should know ("lease expired 14:03").
	Note string
}

// Staged is what staging found.
type Staged struct {
	Version string
	Detail  string
}

// Observer tells what runs now. It changes nothing and needs no lock.
type Observer interface {
	Observe(ctx context.Context, d Deploy) (Observed, error)
}

// Stager brings versions up and removes them.
type Stager interface {
	// Stage brings d up beside the stable version, without traffic, and waits until it is ready.
	Stage(ctx context.Context, c Call, d Deploy, op plan.StageOp) (Staged, error)
	// Unstage takes d's traffic away and removes it. The stable version is never touched; unstaging what isn't there is fine.
	Unstage(ctx context.Context, c Call, d Deploy) error
}

// Router moves traffic.
type Router interface {
	// Shift gives the staged version its share and returns what was read back.
	Shift(ctx context.Context, c Call, d Deploy, op plan.Shift) (weight float64, err error)
}

// Committer makes versions stable.
type Committer interface {
	// Commit makes d the stable version with all traffic; the former one stays able to serve.
	Commit(ctx context.Context, c Call, d Deploy, op plan.Commit) error
	// Restore makes prior the only version with all traffic again; absent prior means that nothing runs afterwards.
	Restore(ctx context.Context, c Call, d Deploy, prior Prior) error
	// Retire drops the capacity of the version that was stable before d.
	Retire(ctx context.Context, c Call, d Deploy, prior Prior) error
}

// Prior is what a snapshot recorded.
type Prior struct {
	Absent  bool
	Version string
	Spec    json.RawMessage
}

// Holder says who holds a lock; it is shown to whoever waits.
type Holder struct {
	Run     string    `json:"run"`
	Actor   string    `json:"actor"`
	Command string    `json:"command"`
	Host    string    `json:"host"`
	PID     int       `json:"pid"`
	Since   time.Time `json:"since"`
	// Commit is the revision that the run releases: only a descendant of it may supersede the run.
	Commit string `json:"commit,omitempty"`
}

// Locker keeps an environment's lock where the environment is, not where penstock runs.
type Locker interface {
	// Lock takes the place's lock for the holder's run and returns its fencing number, which only grows. A run that holds
	// it already gets its number again. Held by another: [LockedError].
	Lock(ctx context.Context, p Place, h Holder) (fence uint64, err error)
	// Unlock gives it up; a number that is not the current one is [ErrStaleFence].
	Unlock(ctx context.Context, p Place, fence uint64) error
	// Break takes the lock away from whoever holds it, for `penstock` commands in which a person decided so.
	Break(ctx context.Context, p Place, h Holder) (fence uint64, err error)
}

// Superseder passes the wish of a newer run on to the run that holds a lock, where the lock is. A [Locker] may have it.
type Superseder interface {
	// RequestSupersede asks the run older, which holds the place's lock, to return to stable and give it up; h is who asks.
	// Asking again is fine. Where older doesn't hold the lock (any more) nothing is left behind, since the new holder's
	// commit was not compared. The request is forgotten when the lock changes hands.
	RequestSupersede(ctx context.Context, p Place, older string, h Holder, reason string) error
	// SupersedeRequested tells the run that holds the lock whether it was asked, and by whom.
	SupersedeRequested(ctx context.Context, p Place, run string) (by Holder, requested bool, err error)
}

// LockTeller tells who holds a place's lock, without taking it. A [Locker] may have it.
type LockTeller interface {
	// LockHolder returns the holder and the lock's number; held is false when the lock is free.
	LockHolder(ctx context.Context, p Place) (h Holder, fence uint64, held bool, err error)
}

// Addresser tells where the staged version can be reached past the router, "host:port", before anybody is on it.
type Addresser interface {
	Address(ctx context.Context, d Deploy) (string, error)
}

// Leaser renews the exposure lease of a staged version.
type Leaser interface {
	RenewLease(ctx context.Context, c Call, d Deploy, lease time.Duration) error
}

// Counts are monotone counters of one version since it started to be counted.
type Counts struct {
	Total uint64
	Bad   uint64
	// Slow counts requests over the threshold that was asked for.
	Slow uint64
	// Since is when counting began; a change means a reset.
	Since time.Time
}

// Pair is what a judge compares.
type Pair struct {
	At             time.Time
	Canary, Stable Counts
	// Weight is the configured share of the canary at that time.
	Weight float64
}

// Counter counts requests per version.
type Counter interface {
	Counts(ctx context.Context, d Deploy, slowerThan time.Duration) (Pair, error)
}

// Difference is one way in which the live environment isn't what was last executed.
type Difference struct {
	Place  plan.Place `json:"place"`
	Object string     `json:"object"`
	Field  string     `json:"field"`
	Want   string     `json:"want"`
	Got    string     `json:"got"`
	Who    string     `json:"who,omitempty"`
	Since  time.Time  `json:"since,omitzero"`
}

// Drifter compares what runs with what was last executed.
type Drifter interface {
	Drift(ctx context.Context, d Deploy) ([]Difference, error)
}

// Driver is the live half of a target. Its abilities are the interfaces above, found by type assertion.
type Driver interface {
	Kind() string
	Close() error
}

// ErrStaleFence means that somebody else took the lock since; the effect was not made.
var ErrStaleFence = errors.New("stale fencing number: another run has taken the environment's lock since")

// ErrStaleOrder means that a later instruction of the same run was already executed; the effect was not made.
var ErrStaleOrder = errors.New("a later instruction of this run has already been executed")

// ErrNoVersion means that the version named isn't there.
var ErrNoVersion = errors.New("no such version")

// LockedError means that another run holds the lock.
type LockedError struct{ Holder Holder }

func (e *LockedError) Error() string {
	return fmt.Sprintf("locked by run %s (%s) since %s", e.Holder.Run, e.Holder.Actor, e.Holder.Since.UTC().Format(time.RFC3339))
}

// TransientError marks a failure that a later attempt may not meet.
type TransientError struct{ Err error }

func (e *TransientError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *TransientError) Unwrap() error { return e.Err }

// IsTransient reports whether a retry makes sense: marked so, or a deadline.
func IsTransient(err error) bool {
	var t *TransientError
	return errors.As(err, &t) || errors.Is(err, context.DeadlineExceeded)
}

package store

import (
	"encoding/json"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
)

// State says where a run stands in the index.
type State string

// The states. Running says only that no event says otherwise: whether its process lives is for [Leases].Holder.
const (
	Running   State = "running"
	Parked    State = "parked"
	Unsettled State = "unsettled"
	Ended     State = "ended"
)

// RunInfo is a run in the index.
type RunInfo struct {
	ID       event.RunID `json:"id"`
	Pipeline string      `json:"pipeline"`
	Plan     plan.ID     `json:"plan"`
	Release  string      `json:"release,omitempty"`
	Started  time.Time   `json:"started"`
	// Ended is zero, and Outcome empty, until the run has ended; a resume clears both.
	Ended   time.Time     `json:"ended,omitzero"`
	Outcome event.Outcome `json:"outcome,omitempty"`
	State   State         `json:"state"`
	Actor   event.Actor   `json:"actor"`
	Commit  string        `json:"commit,omitempty"`
	// Envs are the environments of the run's plan, sorted.
	Envs []string `json:"environments,omitempty"`
}

// Filter selects runs; its zero value selects all of them.
type Filter struct {
	Pipeline string
	Env      string
	// Limit bounds how many are returned; 0 means no bound.
	Limit int
	// Active leaves out the runs that ended; those unsettled or parked stay.
	Active bool
}

// Release is commit and artifact digests under one name.
type Release struct {
	ID       string `json:"id"`
	Pipeline string `json:"pipeline"`
	Commit   string `json:"commit,omitempty"`
	// Digests maps an artifact to its "sha256:…".
	Digests map[string]string `json:"digests"`
	Created time.Time         `json:"created"`
	// Run is the run that bound the artifacts.
	Run event.RunID `json:"run"`
}

// Deployment is one entry in the history of an environment.
type Deployment struct {
	Env      string      `json:"environment"`
	Workload string      `json:"workload"`
	Run      event.RunID `json:"run"`
	Plan     plan.ID     `json:"plan"`
	Release  string      `json:"release,omitempty"`
	// Version is the target's own name of what it deployed.
	Version string            `json:"version,omitempty"`
	Outcome DeploymentOutcome `json:"outcome"`
	At      time.Time         `json:"at"`
}

// DeploymentOutcome is what became of a deployment.
type DeploymentOutcome string

// The outcomes. RolledBack after Committed, by the same run, takes the commit back; Failed never was in force.
const (
	Committed  DeploymentOutcome = "committed"
	RolledBack DeploymentOutcome = "rolled-back"
	Failed     DeploymentOutcome = "failed"
)

// MessageID names a message; it grows in the order of posting.
type MessageID int64

// Message is what another process tells a run.
type Message struct {
	ID   MessageID   `json:"id"`
	Run  event.RunID `json:"run"`
	Kind MessageKind `json:"kind"`
	// Body is JSON whose shape the kind decides.
	Body json.RawMessage `json:"body,omitempty"`
	At   time.Time       `json:"at"`
	From event.Actor     `json:"from"`
}

// MessageKind is what a message asks for.
type MessageKind string

// The kinds of messages.
const (
	Approve   MessageKind = "approve"
	Reject    MessageKind = "reject"
	Abort     MessageKind = "abort"
	Supersede MessageKind = "supersede"
)

// Owner is the process that holds a lease.
type Owner struct {
	Host string `json:"host"`
	PID  int    `json:"pid"`
	// Start is when the process was started, in clock ticks since boot (field 22 of /proc/PID/stat); 0 where the system
	// doesn't tell. With Boot and Namespace it makes the pid unique.
	Start     uint64 `json:"start,omitempty"`
	Boot      string `json:"boot,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	// Command and Since are for people.
	Command string    `json:"command,omitempty"`
	Since   time.Time `json:"since,omitzero"`
}

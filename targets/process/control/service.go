package control

import (
	"encoding/json"
	"time"

	"github.com/penstock-dev/penstock/targets/process/host/proxy"
)

// Service names a workload in a place.
type Service struct {
	Place    string `json:"place"`
	Workload string `json:"workload"`
}

// String returns the form in which people see a service.
func (s Service) String() string { return s.Workload + "@" + s.Place }

// Spec is one version of a program, complete but for the values of its secrets.
type Spec struct {
	// Version is the content hash that names this spec; equal versions are the same.
	Version string `json:"version"`
	// Name is what the program sees as its own name.
	Name string `json:"name"`
	// Digest names the program's bytes, "sha256:…".
	Digest string            `json:"digest"`
	Args   []string          `json:"args,omitempty"`
	Env    map[string]string `json:"env,omitempty"`
	// Secrets are the names of the environment variables that are secret.
	Secrets []string `json:"secrets,omitempty"`
	// Dir is where the program runs; empty means a directory of its own.
	Dir string `json:"dir,omitempty"`
	// Listen is where users connect.
	Listen  string  `json:"listen"`
	Ready   Ready   `json:"ready"`
	Restart Restart `json:"restart"`
	// Drain bounds how long requests under way may take once the version gets no new ones.
	Drain time.Duration `json:"drain"`
	// Stop bounds how long the program may take to exit after SIGTERM.
	Stop time.Duration `json:"stop"`
	// Source is the caller's own description of the version, given back unread.
	Source json.RawMessage `json:"source,omitempty"`
}

// Ready says when a started version may get traffic.
type Ready struct {
	// HTTP is a path that must answer 2xx; empty means that the port accepts connections.
	HTTP string `json:"http,omitempty"`
	// Every is the pause between two questions, Timeout bounds them all.
	Every   time.Duration `json:"every"`
	Timeout time.Duration `json:"timeout"`
}

// Restart says how a version that died is started again.
type Restart struct {
	// Attempts bounds the starts within a minute; 0 means that it is not started again.
	Attempts int `json:"attempts"`
	// Backoff is the pause before the first, doubled for each further one within the minute.
	Backoff time.Duration `json:"backoff"`
}

// State is what a version is doing.
type State string

// The states of a version.
const (
	Starting     State = "starting"      // its process runs and is not ready yet
	Running      State = "ready"         // it can serve
	Down         State = "down"          // its process has ended; it is started again after a pause
	Failed       State = "failed"        // it ended too often, or could not be started
	NeedsSecrets State = "needs-secrets" // it must be started, and the host no longer has its secrets
	Draining     State = "draining"      // it gets no new requests and finishes those it has
)

// Role is the place of a version in its service.
type Role string

// The roles of a version.
const (
	Stable  Role = "stable"
	Canary  Role = "canary"
	Prior   Role = "prior"   // stable before the last commit, still able to serve
	Leaving Role = "leaving" // being drained and stopped
)

// VersionStatus is one version as it is now.
type VersionStatus struct {
	Version string `json:"version"`
	Role    Role   `json:"role"`
	State   State  `json:"state"`
	// Reason explains a state other than ready.
	Reason string `json:"reason,omitempty"`
	Digest string `json:"digest"`
	PID    int    `json:"pid,omitempty"`
	// Addr is where the program listens, on the loopback.
	Addr string `json:"addr,omitempty"`
	// Generation counts the versions of the service.
	Generation uint64 `json:"generation"`
	// Starts counts how often its process was started.
	Starts    int       `json:"starts"`
	StartedAt time.Time `json:"startedAt,omitzero"`
	InFlight  int64     `json:"inFlight"`
	// Source is the caller's own description of the version.
	Source json.RawMessage `json:"source,omitempty"`
}

// Lease bounds how long a canary gets traffic without being renewed.
type Lease struct {
	Run   string        `json:"run"`
	Span  time.Duration `json:"span"`
	Until time.Time     `json:"until"`
	// Expired says that it ran out, and that the host has taken the traffic back.
	Expired bool `json:"expired,omitempty"`
}

// Status is a service as it is now.
type Status struct {
	Service  Service         `json:"service"`
	Listen   []string        `json:"listen"`
	Versions []VersionStatus `json:"versions"`
	// Weight is the canary's share in percent, as the proxy routes at this moment.
	Weight  float64       `json:"weight"`
	Matches []proxy.Match `json:"matches,omitempty"`
	Lease   *Lease        `json:"lease,omitempty"`
	// Fence and Order are the highest numbers that an executed request carried.
	Fence uint64 `json:"fence"`
	Order uint64 `json:"order"`
}

// In returns the version that has a role.
func (s Status) In(r Role) (VersionStatus, bool) {
	for _, v := range s.Versions {
		if v.Role == r {
			return v, true
		}
	}
	return VersionStatus{}, false
}

// Counts are the numbers of a service at one moment.
type Counts struct {
	At  time.Time `json:"at"`
	Own proxy.Own `json:"own"`
	// Weight is the canary's share at that moment.
	Weight   float64                  `json:"weight"`
	Stable   string                   `json:"stable,omitempty"`
	Canary   string                   `json:"canary,omitempty"`
	Prior    string                   `json:"prior,omitempty"`
	Versions map[string]VersionCounts `json:"versions"`
}

// VersionCounts are the numbers of one version.
type VersionCounts struct {
	// Since is when counting began; a change means that the numbers began anew.
	Since time.Time `json:"since"`
	proxy.Counts
}

// Difference is one way in which a running version is not what was released.
type Difference struct {
	Service Service `json:"service"`
	Version string  `json:"version"`
	Field   string  `json:"field"`
	Want    string  `json:"want"`
	Got     string  `json:"got"`
	// Since is when the host noticed, if it knows.
	Since time.Time `json:"since,omitzero"`
}

// Host says who answers.
type Host struct {
	PID     int       `json:"pid"`
	Version string    `json:"version"`
	Since   time.Time `json:"since"`
	State   string    `json:"state"`
	// Draining says that the host process before this one still finishes requests.
	Draining bool     `json:"draining"`
	Services []Status `json:"services"`
	Locks    []Lock   `json:"locks"`
}

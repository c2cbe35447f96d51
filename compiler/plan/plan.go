// Package plan is the intermediate representation: everything that will be executed, and nothing else.
//
// A [Plan] is explicit (every strategy is already a graph of instructions), deterministic (the same pipeline gives the
// same bytes) and content-addressed: its [ID] is the sha256 of its canonical JSON. Source positions, input digests and
// the compiler's version live in a [Provenance] beside it, keyed by node, outside the id. A plan holds no secret value,
// no time of day and no path of the machine that compiled it. What is known only later is a typed [Hole].
package plan

import (
	"encoding/json"
	"time"
)

// Format is the format_version this package writes. Older released formats stay readable.
const Format = 1

// ID is "sha256:" and 64 hex digits over the canonical JSON of a [Plan].
type ID string

// NodeID names a node: the stage's name, a slash, and the step's name within the stage ("production/shift-5").
type NodeID string

// MonitorID names a monitor: the stage's name, a slash, and the monitor's name ("production/judge").
type MonitorID string

// Ref names a workload in an environment: "payments@production".
type Ref string

// Duration is a time span; its JSON form is a Go duration string such as "1m30s".
type Duration time.Duration

// Plan is the whole of what will be executed. Maps are keyed by the user's names.
type Plan struct {
	Format      int                    `json:"format_version"`
	Pipeline    string                 `json:"pipeline"`
	Owner       Owner                  `json:"owner"`
	Concurrency Concurrency            `json:"concurrency"`
	Artifacts   map[string]Artifact    `json:"artifacts,omitempty"`
	Envs        map[string]Environment `json:"environments,omitempty"`
	Workloads   map[Ref]Workload       `json:"workloads,omitempty"`
	SLOs        map[string]SLO         `json:"slos,omitempty"`
	// Stages come in topological order, ties by name.
	Stages []Stage `json:"stages"`
	// Nodes come in topological order, ties by id.
	Nodes    []Node            `json:"nodes"`
	Monitors []Monitor         `json:"monitors,omitempty"`
	Waivers  map[string]Waiver `json:"waivers,omitempty"`
	// Groups are the people behind "group:NAME" in approvals.
	Groups map[string]Group `json:"groups,omitempty"`
	// Notify tells somebody how the run is going, whatever stage it is in.
	Notify map[string]Notification `json:"notify,omitempty"`
	// Inputs are values given from outside when compiling (tags), recorded because they decide what is executed.
	Inputs map[string]string `json:"inputs,omitempty"`
}

// Owner says who answers for the pipeline.
type Owner struct {
	Team    string `json:"team,omitempty"`
	Contact string `json:"contact,omitempty"`
	Runbook string `json:"runbook,omitempty"`
}

// Concurrency says what a second run does when it meets a running one: "queue", "reject" or "supersede".
type Concurrency string

// The concurrency modes.
const (
	ConcurrencyQueue     Concurrency = "queue"
	ConcurrencyReject    Concurrency = "reject"
	ConcurrencySupersede Concurrency = "supersede"
)

// Waiver excuses one policy rule, by name, until it expires.
type Waiver struct {
	Reason  string `json:"reason"`
	Owner   string `json:"owner,omitempty"`
	Expires string `json:"expires,omitempty"` // YYYY-MM-DD
	// Stages narrows the waiver to these stages; empty means the whole pipeline.
	Stages []string `json:"stages,omitempty"`
}

// Group is the people behind "group:NAME".
type Group struct {
	Members []string `json:"members"` // "user:ada"
	// Signers is the path of an ssh allowed_signers file, SignersDigest the sha256 of the file that was reviewed.
	Signers       string `json:"signers,omitempty"`
	SignersDigest string `json:"signers_digest,omitempty"`
}

// Notification tells somebody on some occasions. Exactly one of Exec and Webhook is set.
type Notification struct {
	// On lists the occasions: "started", "waiting", "done", "failed", "rolledBack", "unsettled".
	On      []string `json:"on"`
	Exec    *Exec    `json:"exec,omitempty"`
	Webhook *Webhook `json:"webhook,omitempty"`
}

// Webhook is an HTTP POST of the event as JSON.
type Webhook struct {
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers,omitempty"`
	// Secrets are headers whose value is a secret.
	Secrets map[string]SecretRef `json:"secrets,omitempty"`
}

// Artifact is something built once and promoted by digest. Exactly one of Image and File is set.
type Artifact struct {
	Image *ImageArtifact `json:"image,omitempty"`
	File  *FileArtifact  `json:"file,omitempty"`
	// Producer is the exec node whose success binds the digest; empty when it must be given from outside.
	Producer NodeID `json:"producer,omitempty"`
	// Digest is set when it was given from outside at compile time ("sha256:…").
	Digest string `json:"digest,omitempty"`
	Trust  *Trust `json:"trust,omitempty"`
}

// ImageArtifact is an OCI image, addressed by repository and a digest bound at run time.
type ImageArtifact struct {
	Repository string `json:"repository"`
	// Platforms are "os/arch" that the image must have.
	Platforms []string `json:"platforms,omitempty"`
}

// FileArtifact is a file or archive; Path is relative to the pipeline's directory.
type FileArtifact struct {
	Path string `json:"path"`
}

// Trust is what must hold of an artifact before a protected environment runs it.
type Trust struct {
	Signatures []Signature `json:"signatures,omitempty"`
	SBOM       bool        `json:"sbom,omitempty"`
	// Provenance demands a SLSA statement, by this builder and of this source repository where they are set.
	Provenance bool   `json:"provenance,omitempty"`
	Builder    string `json:"builder,omitempty"`
	Source     string `json:"source,omitempty"`
}

// Signature is one accepted signer. KeyDigest is the sha256 of the key file that was reviewed.
type Signature struct {
	Key       string `json:"key,omitempty"`
	KeyDigest string `json:"key_digest,omitempty"`
	Issuer    string `json:"issuer,omitempty"`
	Identity  string `json:"identity,omitempty"`
}

// Environment is a physical place that workloads run in.
type Environment struct {
	Tier string `json:"tier"`
	// Kind is the target: "process", "kubernetes", "lambda" or "terraform".
	Kind   string `json:"kind"`
	Region string `json:"region,omitempty"`
	// Place identifies the physical place: two environments with the same Place are one place.
	Place Place `json:"place"`
	// Config is the target's own settings as written (context, namespace, account, …); never a secret.
	Config    json.RawMessage   `json:"config,omitempty"`
	Variables map[string]string `json:"variables,omitempty"`
	Metrics   json.RawMessage   `json:"metrics,omitempty"`
	Requires  Requires          `json:"requires,omitzero"`
	Calendar  []Window          `json:"calendar,omitempty"`
	// AllowTags are the tags that may be given from outside for a production environment.
	AllowTags []string `json:"allow_tags,omitempty"`
	// Repositories says where an artifact is pulled from, where that is not its own repository.
	Repositories map[string]string `json:"repositories,omitempty"`
	// AllowOSUser lets an approval count that was only authenticated by the operating system's user.
	AllowOSUser bool `json:"allow_os_user,omitempty"`
}

// Place is the identity of a physical place, such as "process:hello" or "kubernetes:production/payments".
// Locks and races are keyed by it.
type Place string

// Requires is what an environment demands of every way into it.
type Requires struct {
	Approval bool                `json:"approval,omitempty"`
	Judged   bool                `json:"judged,omitempty"`
	Trusted  bool                `json:"trusted,omitempty"`
	After    map[string]Duration `json:"after,omitempty"` // environment → soak
}

// Window is one calendar entry. Allow windows open, deny windows close; deny wins. From and To are both clock times
// ("09:00"), both dates ("2026-12-18") or both date-times ("2026-12-18T18:00"). A clock time To is exclusive, a date To
// includes that day.
type Window struct {
	Name     string   `json:"name"`
	Deny     bool     `json:"deny,omitempty"`
	Days     []string `json:"days,omitempty"` // "mon" … "sun"
	From     string   `json:"from"`
	To       string   `json:"to"`
	Timezone string   `json:"timezone"` // IANA name
	// Reason is shown to those who wait.
	Reason string `json:"reason,omitempty"`
}

// Workload is one workload in one environment: the only target-specific payload of a plan.
type Workload struct {
	Name        string `json:"name"`
	Environment string `json:"environment"`
	Kind        string `json:"kind"`
	// Spec is the target's own description, complete but for its holes.
	Spec json.RawMessage `json:"spec"`
	// Holes are filled at run time, before the target sees the spec.
	Holes []Hole `json:"holes,omitempty"`
	// Secrets are references by the name under which the workload receives them.
	Secrets map[string]SecretRef `json:"secrets,omitempty"`
	// Ignore are differences between plan and world that are no drift.
	Ignore map[string]Ignore `json:"ignore,omitempty"`
}

// Ignore is a difference that is no drift.
type Ignore struct {
	// Object is kind and name ("Deployment/web"); all of them when empty.
	Object string `json:"object,omitempty"`
	Path   string `json:"path"` // RFC 6901
	Reason string `json:"reason"`
}

// Hole is a place in a JSON document that is filled with a value known only at run time.
type Hole struct {
	Pointer string  `json:"pointer"` // RFC 6901
	From    Binding `json:"from"`
}

// Binding names a run-time value. Exactly one field is set.
type Binding struct {
	// Artifact is the digest bound for the artifact ("sha256:…"; for an image "repository@sha256:…" is made by the hole's pointer).
	Artifact string `json:"artifact,omitempty"`
	// Variable is a variable of the environment the command runs in.
	Variable string `json:"variable,omitempty"`
	// Output is "workload.name", an output of an applied workload.
	Output string `json:"output,omitempty"`
	// Prior is the version that a snapshot recorded for the workload.
	Prior Ref `json:"prior,omitempty"`
	// Preview is the hash of what a preview node showed.
	Preview NodeID `json:"preview,omitempty"`
}

// SecretRef says where a secret's value is read when it is needed. Exactly one field is set.
type SecretRef struct {
	Env        string `json:"env,omitempty"`
	File       string `json:"file,omitempty"`
	Vault      string `json:"vault,omitempty"`      // "path#field"
	Kubernetes string `json:"kubernetes,omitempty"` // "name/key"
}

// SLO is a service level objective as the runtime needs it; the definition was already parsed by the compiler.
type SLO struct {
	Objective float64  `json:"objective"` // percent, in (0,100)
	Over      Duration `json:"over"`
	SLI       SLI      `json:"sli"`
}

// SLI is where good and bad events are counted. Exactly one field is set.
type SLI struct {
	// Requests asks the target itself for its per-version counts of the workload.
	Requests *RequestsSLI `json:"requests,omitempty"`
	// Events counts two PromQL counters.
	Events *EventsSLI `json:"events,omitempty"`
	// Latency is the share of observations of a histogram above a threshold.
	Latency *LatencySLI `json:"latency,omitempty"`
	// Ratio is a ready-made bad ratio in PromQL; it can gate but not be judged by counts.
	Ratio *RatioSLI `json:"ratio,omitempty"`
}

// RequestsSLI is counted by the target.
type RequestsSLI struct {
	Workload string `json:"workload"`
	// SlowerThan, when set, counts requests slower than it as bad instead of failed ones.
	SlowerThan Duration `json:"slower_than,omitempty"`
}

// EventsSLI are two PromQL selectors of counters.
type EventsSLI struct {
	Bad   string `json:"bad,omitempty"`
	Good  string `json:"good,omitempty"`
	Total string `json:"total"`
}

// LatencySLI is a PromQL histogram selector and its threshold.
type LatencySLI struct {
	Histogram string   `json:"histogram"`
	Below     Duration `json:"below"`
}

// RatioSLI is a PromQL expression of a bad ratio in [0,1].
type RatioSLI struct {
	Query string `json:"query"`
}

// Stage is what the user named; its nodes carry its name.
type Stage struct {
	Name string `json:"name"`
	// Action is "exec", "deploy", "verify", "approve", "migrate", "preview" or "promote".
	Action string `json:"action"`
	// Strategy is set for deploy: "canary", "linear", "rolling", "blueGreen", "allAtOnce", "apply".
	Strategy    string   `json:"strategy,omitempty"`
	Needs       []string `json:"needs,omitempty"`
	Environment string   `json:"environment,omitempty"`
	Workload    string   `json:"workload,omitempty"`
	// Rollback names other stages that roll back too when this one fails.
	Rollback []string `json:"rollback,omitempty"`
	// Timeout bounds the stage from its first instruction to its last (a retire apart): the time that the user allows for
	// its work, all attempts together, and on top of it the longest that its holds, approvals and gates may take.
	Timeout Duration `json:"timeout,omitempty"`
	// Notify tells somebody how this stage is going.
	Notify map[string]Notification `json:"notify,omitempty"`
	// Nodes are the ids of the stage's nodes, in order.
	Nodes []NodeID `json:"nodes"`
}

// Node is one instruction with what undoes it.
type Node struct {
	ID    NodeID   `json:"id"`
	Stage string   `json:"stage"`
	Needs []NodeID `json:"needs,omitempty"`
	// When restricts the node to one branch of a first deploy; a node whose branch isn't taken is skipped and counts
	// as satisfied for the nodes that need it.
	When *When `json:"when,omitempty"`
	Do   Do    `json:"do"`
	// Undo restores what was before; nil when there is nothing to restore (or the stage is declared irreversible).
	Undo *Do `json:"undo,omitempty"`
	// Hold is watched time after the instruction took effect; it counts only while the monitor sees evidence.
	Hold *Hold `json:"hold,omitempty"`
	// Timeout bounds one attempt; a hold is not part of it.
	Timeout Duration `json:"timeout"`
	Retry   Retry    `json:"retry"`
	// Interruptible nodes are cancelled at once by harm or abort; others are waited for.
	Interruptible bool `json:"interruptible,omitempty"`
	// Lock is the environment whose lock must be held while the node runs; empty when it writes nothing there.
	Lock string `json:"lock,omitempty"`
	// Irreversible is the declared reason why there is no way back from this node.
	Irreversible string `json:"irreversible,omitempty"`
}

// When is the condition of a first-deploy branch: the snapshot found no stable version (Absent) or one (not Absent).
type When struct {
	Snapshot NodeID `json:"snapshot"`
	Absent   bool   `json:"absent"`
}

// Retry bounds repeated attempts of one instruction. Only transient failures are retried.
type Retry struct {
	Attempts int      `json:"attempts"` // at least 1
	Backoff  Duration `json:"backoff,omitempty"`
}

// Hold is watched time.
type Hold struct {
	For Duration `json:"for"`
	// Monitor, when set, is the monitor whose evidence makes the time count. Without it wall time counts.
	Monitor MonitorID `json:"monitor,omitempty"`
}

// Provenance is what is known about where a plan came from; it is not part of its id.
type Provenance struct {
	Compiler string `json:"compiler"`
	// Nodes maps a node (or monitor, or stage) id to the definition path and place that asked for it.
	Nodes map[string]Origin `json:"nodes"`
	// Definitions maps the definition path of what is not a node ("" for the pipeline itself, "owner", "artifacts.app", "environments.production",
	// "workloads.web", "slos.latency", "waivers.production-slo") to the place that wrote it.
	Definitions map[string]Origin `json:"definitions,omitempty"`
	// Inputs maps each file that was read, relative to the module root, to its sha256.
	Inputs map[string]string `json:"inputs"`
}

// Origin is the user's line behind a node.
type Origin struct {
	Path   string `json:"path"`
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// File is a compiled plan as it is stored and shown: Body's bytes are never re-encoded.
type File struct {
	ID         ID              `json:"id"`
	Body       json.RawMessage `json:"body"`
	Provenance Provenance      `json:"provenance"`
}

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

// Artifact is something built once and promoted by digest. Exactly one of Image and File is set.
type Artifact struct {
	Image *ImageArtifact `json:"image,omitempty"`
	File  *FileArtifact  `json:"file,omitempty"`
	// Producer is the exec node whose success binds the digest; empty when it must be given from outside.
	Producer NodeID `json:"producer,omitempty"`
	Trust    *Trust `json:"trust,omitempty"`
}

// ImageArtifact is an OCI image, addressed by repository and a digest bound at run time.
type ImageArtifact struct {
	Repository string `json:"repository"`
}

// FileArtifact is a file or archive; Path is relative to the pipeline's directory.
type FileArtifact struct {
	Path string `json:"path"`
}

// Trust is what must hold of an artifact before a protected environment runs it.
type Trust struct {
	Signatures []Signature `json:"signatures,omitempty"`
	SBOM       bool        `json:"sbom,omitempty"`
	Provenance bool        `json:"provenance,omitempty"`
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

// Window is one calendar entry. Allow windows open, deny windows close; deny wins.
type Window struct {
	Name     string   `json:"name"`
	Deny     bool     `json:"deny,omitempty"`
	Days     []string `json:"days,omitempty"` // "mon" … "sun"
	From     string   `json:"from"`           // "09:00" or "2026-12-18"
	To       string   `json:"to"`
	Timezone string   `json:"timezone"` // IANA name
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
	Vault      string `json:"vault,omitempty"`
	Kubernetes string `json:"kubernetes,omitempty"`
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
	Timeout  Duration `json:"timeout,omitempty"`
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

// Op names an instruction kind.
type Op string

// The instructions. See DESIGN: what each does and what undoes it.
const (
	OpExec           Op = "exec"
	OpVerifyArtifact Op = "verify-artifact"
	OpCopyArtifact   Op = "copy-artifact"
	OpSnapshot       Op = "snapshot"
	OpPreview        Op = "preview"
	OpStage          Op = "stage"
	OpUnstage        Op = "unstage"
	OpShift          Op = "shift"
	OpCommit         Op = "commit"
	OpRestore        Op = "restore"
	OpRetire         Op = "retire"
	OpApply          Op = "apply"
	OpMigrate        Op = "migrate"
	OpRevert         Op = "revert"
	OpHold           Op = "hold"
	OpApprove        Op = "approve"
	OpGate           Op = "gate"
	OpNotify         Op = "notify"
)

// Do is one instruction: exactly one field is set. Unstage, Restore and Revert occur only as what undoes another.
type Do struct {
	Exec           *Exec           `json:"exec,omitempty"`
	VerifyArtifact *VerifyArtifact `json:"verify-artifact,omitempty"`
	CopyArtifact   *CopyArtifact   `json:"copy-artifact,omitempty"`
	Snapshot       *DeployRef      `json:"snapshot,omitempty"`
	Preview        *DeployRef      `json:"preview,omitempty"`
	Stage          *StageOp        `json:"stage,omitempty"`
	Unstage        *DeployRef      `json:"unstage,omitempty"`
	Shift          *Shift          `json:"shift,omitempty"`
	Commit         *Commit         `json:"commit,omitempty"`
	Restore        *Restore        `json:"restore,omitempty"`
	Retire         *Retire         `json:"retire,omitempty"`
	Apply          *Apply          `json:"apply,omitempty"`
	Migrate        *Migrate        `json:"migrate,omitempty"`
	Revert         *Migrate        `json:"revert,omitempty"`
	Hold           *HoldOp         `json:"hold,omitempty"`
	Approve        *Approve        `json:"approve,omitempty"`
	Gate           *Gate           `json:"gate,omitempty"`
	Notify         *Notify         `json:"notify,omitempty"`
}

// Op returns which instruction is set, or "" for an empty Do.
func (d Do) Op() Op {
	switch {
	case d.Exec != nil:
		return OpExec
	case d.VerifyArtifact != nil:
		return OpVerifyArtifact
	case d.CopyArtifact != nil:
		return OpCopyArtifact
	case d.Snapshot != nil:
		return OpSnapshot
	case d.Preview != nil:
		return OpPreview
	case d.Stage != nil:
		return OpStage
	case d.Unstage != nil:
		return OpUnstage
	case d.Shift != nil:
		return OpShift
	case d.Commit != nil:
		return OpCommit
	case d.Restore != nil:
		return OpRestore
	case d.Retire != nil:
		return OpRetire
	case d.Apply != nil:
		return OpApply
	case d.Migrate != nil:
		return OpMigrate
	case d.Revert != nil:
		return OpRevert
	case d.Hold != nil:
		return OpHold
	case d.Approve != nil:
		return OpApprove
	case d.Gate != nil:
		return OpGate
	case d.Notify != nil:
		return OpNotify
	}
	return ""
}

// Interrupted says what happens to an at-least-once instruction that was in flight when penstock died.
type Interrupted string

// The choices for an interrupted command.
const (
	InterruptedFail  Interrupted = "fail"
	InterruptedRerun Interrupted = "rerun"
	InterruptedCheck Interrupted = "check"
)

// Exec runs a command on this machine, or in a container where Image is set.
type Exec struct {
	Command []string `json:"command"`
	Dir     string   `json:"dir,omitempty"` // relative to the pipeline's directory
	Image   string   `json:"image,omitempty"`
	// Environment is the environment ("in") whose variables the command sees.
	Environment string               `json:"environment,omitempty"`
	Env         map[string]string    `json:"env,omitempty"`
	Inject      map[string]Binding   `json:"inject,omitempty"`
	Secrets     map[string]SecretRef `json:"secrets,omitempty"`
	Produces    []Produce            `json:"produces,omitempty"`
	Interrupted Interrupted          `json:"interrupted"`
	// Check is run when Interrupted is "check": exit 0 means the work is done.
	Check []string `json:"check,omitempty"`
}

// Produce binds an artifact's digest after a command succeeded: of the file itself, or as read from DigestFile.
type Produce struct {
	Artifact   string `json:"artifact"`
	Path       string `json:"path,omitempty"`
	DigestFile string `json:"digest_file,omitempty"`
}

// VerifyArtifact checks an artifact's trust before it is used.
type VerifyArtifact struct {
	Artifact string `json:"artifact"`
	// Workload is what will run it; the version to go back to is verified as well.
	Workload Ref `json:"workload,omitempty"`
}

// CopyArtifact promotes an artifact with its referrers, by digest.
type CopyArtifact struct {
	Artifact string `json:"artifact"`
	From     string `json:"from,omitempty"`
	To       string `json:"to"`
}

// DeployRef names the deployment an instruction works on.
type DeployRef struct {
	Workload Ref `json:"workload"`
}

// StageOp brings the new version up beside the stable one without traffic and waits until it is ready.
type StageOp struct {
	Workload Ref `json:"workload"`
	// Capacity is percent of the stable version's capacity; 0 lets the target decide from the first weight.
	Capacity float64 `json:"capacity,omitempty"`
	// Surge and Unavailable bound a rolling replacement; empty for other strategies.
	Surge       string `json:"max_surge,omitempty"`
	Unavailable string `json:"max_unavailable,omitempty"`
}

// Shift gives the new version a share of traffic and verifies that it is so.
type Shift struct {
	Workload Ref     `json:"workload"`
	Weight   float64 `json:"weight"` // percent
	Capacity float64 `json:"capacity,omitempty"`
	// Match sends only matching requests to the new version (A/B at weight 0).
	Match []Match `json:"match,omitempty"`
	// Mirror copies this percentage of requests to the new version, answers discarded.
	Mirror float64 `json:"mirror,omitempty"`
	// Lease bounds exposure while no penstock renews it; 0 once the version is committed.
	Lease Duration `json:"lease,omitempty"`
}

// Match is one header or cookie condition. Exactly one of Header and Cookie is set, and one of Exact and Prefix.
type Match struct {
	Header string `json:"header,omitempty"`
	Cookie string `json:"cookie,omitempty"`
	Exact  string `json:"exact,omitempty"`
	Prefix string `json:"prefix,omitempty"`
}

// Commit makes the new version the stable one; the old one stays able to serve.
type Commit struct {
	Workload Ref      `json:"workload"`
	Keep     Duration `json:"keep,omitempty"`
	// Rolling replaces replicas in place instead of switching traffic.
	Surge       string `json:"max_surge,omitempty"`
	Unavailable string `json:"max_unavailable,omitempty"`
}

// Restore makes the version that the snapshot recorded the only one again.
type Restore struct {
	Workload Ref    `json:"workload"`
	Snapshot NodeID `json:"snapshot"`
}

// Retire drops the old version's capacity.
type Retire struct {
	Workload Ref      `json:"workload"`
	Snapshot NodeID   `json:"snapshot"`
	After    Duration `json:"after,omitempty"` // how long the old version is kept
}

// Apply executes a previewed change.
type Apply struct {
	Workload Ref    `json:"workload"`
	Preview  NodeID `json:"preview"`
	Destroys *int   `json:"destroys,omitempty"`
	Replaces *int   `json:"replaces,omitempty"`
}

// Migrate checks whether the change is in effect, and applies (or reverts) it when it isn't (or is).
type Migrate struct {
	Environment string               `json:"environment"`
	Check       []string             `json:"check"`
	Command     []string             `json:"command"`
	Lock        string               `json:"lock,omitempty"`
	Env         map[string]string    `json:"env,omitempty"`
	Inject      map[string]Binding   `json:"inject,omitempty"`
	Secrets     map[string]SecretRef `json:"secrets,omitempty"`
}

// HoldOp waits without a change: the node's Hold is what it does.
type HoldOp struct {
	Workload Ref `json:"workload,omitempty"`
}

// Approve waits for people.
type Approve struct {
	By        []string `json:"by"` // "group:sre", "user:ada"
	Count     int      `json:"count"`
	NotAuthor bool     `json:"not_author,omitempty"`
	Expires   Duration `json:"expires"`
	// AllowOSUser lets the operating system's user count as authentication.
	AllowOSUser bool `json:"allow_os_user,omitempty"`
}

// Gate waits for a condition. Exactly one field beside Every and Timeout is set.
type Gate struct {
	Name        string           `json:"name"`
	ErrorBudget *ErrorBudgetGate `json:"error_budget,omitempty"`
	Calendar    *CalendarGate    `json:"calendar,omitempty"`
	Soak        *SoakGate        `json:"soak,omitempty"`
	Query       *QueryGate       `json:"query,omitempty"`
	Exec        *Exec            `json:"exec,omitempty"`
	Every       Duration         `json:"every,omitempty"`
}

// ErrorBudgetGate is open while enough of the budget is left and it doesn't burn too fast.
type ErrorBudgetGate struct {
	SLO           string  `json:"slo"`
	Environment   string  `json:"environment"`
	AtLeast       float64 `json:"at_least"` // percent of the budget left
	BurnRateBelow float64 `json:"burn_rate_below,omitempty"`
}

// CalendarGate is open while the environment's calendar allows a change.
type CalendarGate struct {
	Environment string `json:"environment"`
}

// SoakGate is open once this release has run in the environment for so long.
type SoakGate struct {
	Environment string   `json:"environment"`
	For         Duration `json:"for"`
}

// QueryGate is open while the query's value is inside its bounds. At least one bound is set.
type QueryGate struct {
	Environment string   `json:"environment"`
	Query       string   `json:"query"`
	Above       *float64 `json:"above,omitempty"`
	Below       *float64 `json:"below,omitempty"`
}

// Notify tells somebody; it never fails a run.
type Notify struct {
	Exec    *Exec  `json:"exec,omitempty"`
	Webhook string `json:"webhook,omitempty"`
	Message string `json:"message,omitempty"`
}

// Monitor watches while nodes run: it opens when Opens starts and closes when Closes starts or the stage ends.
type Monitor struct {
	ID       MonitorID `json:"id"`
	Stage    string    `json:"stage"`
	Workload Ref       `json:"workload"`
	Opens    NodeID    `json:"opens"`
	Closes   NodeID    `json:"closes"`
	When     *When     `json:"when,omitempty"`
	Judge    Judge     `json:"judge"`
}

// Judge is how the monitor decides.
type Judge struct {
	// Against is "stable" (comparison in the same window) or "objective" (absolute, where no stable version exists).
	Against string `json:"against"`
	// SLIs are judged by counts.
	SLIs []JudgedSLI `json:"slis,omitempty"`
	// Limits are absolute bounds on queries.
	Limits []Limit  `json:"limits,omitempty"`
	Alpha  float64  `json:"alpha"`
	Tick   Duration `json:"tick"`
	// Require is "no-harm" or "proven-safe".
	Require string `json:"require"`
	// Inconclusive is "rollback" (the default), "hold" or "approve": what happens when Require is not shown by the end.
	Inconclusive string   `json:"inconclusive"`
	HoldMore     Duration `json:"hold_more,omitempty"` // bound of a longer hold
	// MinRequests is the least number of requests on the new version without which there is no verdict but "no data".
	MinRequests int `json:"min_requests,omitempty"`
	// Sticky switches the split check off: sessions stick to a version.
	Sticky bool    `json:"sticky,omitempty"`
	Expect *Expect `json:"expect,omitempty"`
}

// JudgedSLI is one SLO under judgement.
type JudgedSLI struct {
	SLO      string  `json:"slo"`
	Tolerate float64 `json:"tolerate"` // rate ratio that is still fine, at least 1
	Safe     float64 `json:"safe"`     // ratio below which "proven-safe" holds
	Critical bool    `json:"critical,omitempty"`
	DryRun   bool    `json:"dry_run,omitempty"`
	Weight   float64 `json:"weight"` // share of alpha, relative
}

// Limit is an absolute bound on a query in an environment. At least one bound is set.
type Limit struct {
	Name        string   `json:"name"`
	Environment string   `json:"environment"`
	Query       string   `json:"query"`
	Above       *float64 `json:"above,omitempty"`
	Below       *float64 `json:"below,omitempty"`
}

// Expect is the user's forecast: requests per second of the whole service and its error percentage.
type Expect struct {
	RPS    float64 `json:"rps"`
	Errors float64 `json:"errors"` // percent
}

// Provenance is what is known about where a plan came from; it is not part of its id.
type Provenance struct {
	Compiler string `json:"compiler"`
	// Nodes maps a node (or monitor, or stage) id to the definition path and place that asked for it.
	Nodes map[string]Origin `json:"nodes"`
	// Definitions maps the definition path of what is not a node ("owner", "artifacts.app", "environments.production",
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

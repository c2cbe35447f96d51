package schema

// Pipeline is one release process: what is built, where it may run, how it gets
// there and what must hold on the way.
type Pipeline struct {
	Name         PipelineName                `json:"name"`
	Description  string                      `json:"description,omitempty"`
	Owner        *Owner                      `json:"owner,omitempty"`
	Labels       map[string]string           `json:"labels,omitempty"`
	Groups       map[GroupName]Group         `json:"groups,omitempty"`
	Artifacts    map[ArtifactName]Artifact   `json:"artifacts,omitempty"`
	SLOs         map[SLOName]SLO             `json:"slos,omitempty"`
	Environments map[EnvName]Environment     `json:"environments,omitempty"`
	Workloads    map[WorkloadName]Workload   `json:"workloads,omitempty"`
	Stages       map[StageName]Stage         `json:"stages"`
	Concurrency  Concurrency                 `json:"concurrency,omitempty"`
	Waivers      map[PolicyCode]Waiver       `json:"waivers,omitempty"`
	Notify       map[NotifyName]Notification `json:"notify,omitempty"`
}

// Owner says whom to ask and what to read when a release goes wrong.
type Owner struct {
	Team    string `json:"team"`
	Contact string `json:"contact,omitempty"`
	Runbook string `json:"runbook,omitempty"`
}

// Group names the people behind "group:NAME".
type Group struct {
	// Members are "user:NAME".
	Members []Principal `json:"members"`
	// Signers is the path of an ssh allowed_signers file for signed approvals.
	Signers string `json:"signers,omitempty"`
}

// Concurrency says what a second run of the same environment does.
type Concurrency string

// The values of Concurrency.
const (
	// Queue lets the younger run wait. It is the default.
	Queue Concurrency = "queue"
	// Reject ends the younger run at once.
	Reject Concurrency = "reject"
	// Supersede makes the older run return to stable first, then the younger starts.
	Supersede Concurrency = "supersede"
)

// Waiver declares that a policy rule does not bind this pipeline, for a time.
type Waiver struct {
	Reason string `json:"reason"`
	Owner  string `json:"owner"`
	// Expires is the last day on which the waiver holds.
	Expires Date `json:"expires"`
	// Stages narrows the waiver; empty means the whole pipeline.
	Stages []StageName `json:"stages,omitempty"`
}

// Notification tells somebody; it never fails a run. Variants: exec, webhook.
type Notification struct {
	On      []Occasion `json:"on,omitempty"`
	Exec    *Command   `json:"exec,omitempty" penstock:"variant"`
	Webhook *Webhook   `json:"webhook,omitempty" penstock:"variant"`
	// Interrupted says what happens when penstock died while it was being sent.
	Interrupted Interrupted `json:"interrupted,omitempty"`
}

// Occasion is when to notify.
type Occasion string

// The occasions.
const (
	OnStarted    Occasion = "started"
	OnWaiting    Occasion = "waiting"
	OnDone       Occasion = "done"
	OnFailed     Occasion = "failed"
	OnRolledBack Occasion = "rolledBack"
	OnUnsettled  Occasion = "unsettled"
)

// Webhook is an HTTP POST with a JSON body.
type Webhook struct {
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers,omitempty"`
	// Secrets are headers whose value is a secret.
	Secrets map[string]Secret `json:"secrets,omitempty"`
}

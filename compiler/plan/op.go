package plan

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
	// ImageArtifact is the artifact that the container runs, instead of Image.
	ImageArtifact string `json:"image_artifact,omitempty"`
	// ServiceAccount is the container's identity in Kubernetes.
	ServiceAccount string `json:"service_account,omitempty"`
	// Environment is the environment ("in") whose variables the command sees.
	Environment string               `json:"environment,omitempty"`
	Env         map[string]string    `json:"env,omitempty"`
	Inject      map[string]Binding   `json:"inject,omitempty"`
	Secrets     map[string]SecretRef `json:"secrets,omitempty"`
	Produces    []Produce            `json:"produces,omitempty"`
	Interrupted Interrupted          `json:"interrupted"`
	// Check is run when Interrupted is "check": exit 0 means the work is done, 1 that it isn't, anything else unknown.
	Check []string `json:"check,omitempty"`
	// CheckIn is what Check runs in; nil means the command's own surroundings.
	CheckIn *Surroundings `json:"check_in,omitempty"`
}

// Surroundings is what a command runs in: the fields of [Exec] beside the command.
type Surroundings struct {
	Dir            string               `json:"dir,omitempty"`
	Image          string               `json:"image,omitempty"`
	ImageArtifact  string               `json:"image_artifact,omitempty"`
	ServiceAccount string               `json:"service_account,omitempty"`
	Env            map[string]string    `json:"env,omitempty"`
	Inject         map[string]Binding   `json:"inject,omitempty"`
	Secrets        map[string]SecretRef `json:"secrets,omitempty"`
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

// Match is one header or cookie condition. Exactly one of Header and Cookie is set, and one of Exact, Prefix and Regex.
type Match struct {
	Header string `json:"header,omitempty"`
	Cookie string `json:"cookie,omitempty"`
	Exact  string `json:"exact,omitempty"`
	Prefix string `json:"prefix,omitempty"`
	// Regex is an RE2 expression for the whole value.
	Regex string `json:"regex,omitempty"`
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
	Environment string   `json:"environment"`
	Check       []string `json:"check"`
	Command     []string `json:"command"`
	Lock        string   `json:"lock,omitempty"`
	// Surroundings are Command's; CheckIn is what Check runs in, nil for the same.
	Surroundings
	CheckIn *Surroundings `json:"check_in,omitempty"`
	// Interrupted says what becomes of it when penstock died meanwhile; "check" asks Check.
	Interrupted Interrupted `json:"interrupted"`
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
	// Message is shown to those who decide.
	Message string `json:"message,omitempty"`
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
	// Window is open inside it.
	Window *Window    `json:"window,omitempty"`
	Alert  *AlertGate `json:"alert,omitempty"`
	// Exec is open on exit 0, closed on 1.
	Exec  *Exec    `json:"exec,omitempty"`
	Every Duration `json:"every,omitempty"`
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

// AlertGate is closed while a Prometheus alert with these labels fires.
type AlertGate struct {
	Environment string            `json:"environment"`
	Name        string            `json:"name"`
	Labels      map[string]string `json:"labels,omitempty"`
}

// Notify tells somebody; it never fails a run.
type Notify struct {
	Exec    *Exec  `json:"exec,omitempty"`
	Webhook string `json:"webhook,omitempty"`
	Message string `json:"message,omitempty"`
}

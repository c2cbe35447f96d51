package schema

// Stage is one node of the user's graph. Exactly one action is present:
// exec, deploy, verify, approve, migrate, preview or promote.
type Stage struct {
	Description string `json:"description,omitempty"`
	// Needs are the stages that must have succeeded before this one.
	Needs []StageName `json:"needs,omitempty"`
	// Before are stages that wait for this one, as if each needed it.
	Before []StageName `json:"before,omitempty"`
	// Gates are asked when the stage is ready; all must be open.
	Gates map[GateName]Gate `json:"gates,omitempty"`
	// Timeout bounds the stage's work, all attempts together; holds, approvals and gates come on top.
	Timeout     Duration                    `json:"timeout,omitempty"`
	Retry       *Retry                      `json:"retry,omitempty"`
	OnFailure   *OnFailure                  `json:"onFailure,omitempty"`
	Interrupted Interrupted                 `json:"interrupted,omitempty"`
	Notify      map[NotifyName]Notification `json:"notify,omitempty"`

	Exec    *Exec    `json:"exec,omitempty" penstock:"variant"`
	Deploy  *Deploy  `json:"deploy,omitempty" penstock:"variant"`
	Verify  *Verify  `json:"verify,omitempty" penstock:"variant"`
	Approve *Approve `json:"approve,omitempty" penstock:"variant"`
	Migrate *Migrate `json:"migrate,omitempty" penstock:"variant"`
	Preview *Preview `json:"preview,omitempty" penstock:"variant"`
	Promote *Promote `json:"promote,omitempty" penstock:"variant"`
}

// Retry repeats a failed attempt. Judgements and approvals are never retried.
type Retry struct {
	// Attempts counts all of them, the first included.
	Attempts int `json:"attempts"`
	// Backoff is the pause before the second attempt; it doubles each time.
	Backoff Duration `json:"backoff,omitempty"`
}

// OnFailure says what else goes back when this stage fails.
type OnFailure struct {
	// Rollback names other stages; they go back in reverse dependency order.
	Rollback []StageName `json:"rollback,omitempty"`
}

// Interrupted says what happens to work that was under way when penstock died.
type Interrupted string

// The values of Interrupted.
const (
	// InterruptedFail fails the work. It is the default.
	InterruptedFail Interrupted = "fail"
	// InterruptedRerun starts the work again; it must bear being run twice.
	InterruptedRerun Interrupted = "rerun"
	// InterruptedCheck asks the check command whether the work was done.
	InterruptedCheck Interrupted = "check"
)

// Command is a program with its arguments; no shell is involved.
type Command struct {
	Command []string `json:"command"`
	// Dir is relative to the pipeline's directory.
	Dir     string             `json:"dir,omitempty"`
	Env     map[VarName]string `json:"env,omitempty"`
	Inject  map[VarName]Inject `json:"inject,omitempty"`
	Secrets map[VarName]Secret `json:"secrets,omitempty"`
	// Container runs the command as a job in an image instead of on this host.
	Container *Container `json:"container,omitempty"`
}

// Exec runs a command or container job and may produce artifacts.
type Exec struct {
	Command []string `json:"command"`
	// In is the environment the work belongs to: its variables can be injected, its lock is held, and PENSTOCK_FENCE is
	// the lock's fencing number.
	In        EnvName                  `json:"in,omitempty"`
	Dir       string                   `json:"dir,omitempty"`
	Env       map[VarName]string       `json:"env,omitempty"`
	Inject    map[VarName]Inject       `json:"inject,omitempty"`
	Secrets   map[VarName]Secret       `json:"secrets,omitempty"`
	Container *Container               `json:"container,omitempty"`
	Produces  map[ArtifactName]Produce `json:"produces,omitempty"`
	// Revert undoes the command's effect when the stage is rolled back.
	Revert *Command `json:"revert,omitempty"`
	// Check answers after an interruption: exit 0 done, 1 not done, else unknown.
	Check *Command `json:"check,omitempty"`
}

// Program returns the part of e that is started: command, place and variables.
func (e Exec) Program() Command {
	return Command{Command: e.Command, Dir: e.Dir, Env: e.Env, Inject: e.Inject, Secrets: e.Secrets, Container: e.Container}
}

// Container is the image of a job. Exactly one of image and artifact is present.
type Container struct {
	// Image is a reference with a digest.
	Image    string       `json:"image,omitempty" penstock:"variant"`
	Artifact ArtifactName `json:"artifact,omitempty" penstock:"variant"`
	// ServiceAccount is the Kubernetes identity of the job.
	ServiceAccount string `json:"serviceAccount,omitempty"`
}

// Inject is a value known only when the command starts. Exactly one field is present.
type Inject struct {
	// Artifact gives the artifact's digest.
	Artifact ArtifactName `json:"artifact,omitempty" penstock:"variant"`
	// Variable gives a variable of the stage's environment.
	Variable VariableName `json:"variable,omitempty" penstock:"variant"`
	// Output gives "WORKLOAD.OUTPUT" of a Terraform workload.
	Output string `json:"output,omitempty" penstock:"variant"`
}

// Produce says how the digest of a produced artifact is learned. None present
// means the artifact's own declaration: the file's path is read and hashed.
type Produce struct {
	// DigestFile holds the digest that was pushed, "sha256:…".
	DigestFile string `json:"digestFile,omitempty" penstock:"variant"`
	// Path is the file to hash, where it differs from the artifact's path.
	Path string `json:"path,omitempty" penstock:"variant"`
}

// Secret refers to a secret; its value is never part of a pipeline. Exactly one field is present.
type Secret struct {
	// Env is a variable of penstock's own environment.
	Env        string            `json:"env,omitempty" penstock:"variant"`
	File       string            `json:"file,omitempty" penstock:"variant"`
	Vault      *VaultSecret      `json:"vault,omitempty" penstock:"variant"`
	Kubernetes *KubernetesSecret `json:"kubernetes,omitempty" penstock:"variant"`
}

// VaultSecret is one field of a secret in a Vault server.
type VaultSecret struct {
	Path  string `json:"path"`
	Field string `json:"field"`
}

// KubernetesSecret is one key of a Secret in the environment's namespace.
type KubernetesSecret struct {
	Name string `json:"name"`
	Key  string `json:"key"`
}

// Approve waits for people.
type Approve struct {
	By []Principal `json:"by"`
	// Count is how many different people must agree.
	Count *int `json:"count,omitempty"`
	// NotAuthor refuses the author of the commit as approver.
	NotAuthor bool `json:"notAuthor,omitempty"`
	// Expires is how long the question stands before it counts as rejected.
	Expires Duration `json:"expires,omitempty"`
	// AllowOSUser accepts the operating system's user name as authentication, also for production.
	AllowOSUser bool `json:"allowOSUser,omitempty"`
	// Message is shown to those who decide.
	Message string `json:"message,omitempty"`
}

// Migrate changes a database or another store: check, apply, and a way back.
// One of revert and irreversible is present.
type Migrate struct {
	In EnvName `json:"in"`
	// Check reports: exit 0 applied, 1 not applied, else unknown.
	Check Command `json:"check"`
	// Apply makes the change; PENSTOCK_FENCE is the fencing number of the lock.
	Apply  Command  `json:"apply"`
	Revert *Command `json:"revert,omitempty" penstock:"variant"`
	// Irreversible says why there is no way back.
	Irreversible string `json:"irreversible,omitempty" penstock:"variant"`
	// Lock names what is migrated; two migrations with the same lock never overlap.
	Lock string `json:"lock,omitempty"`
}

// Preview asks what deploying a workload would change; approvals bind the answer.
type Preview struct {
	Workload WorkloadName `json:"workload"`
	In       EnvName      `json:"in"`
}

// Promote copies an artifact with its signatures and SBOM; it never rebuilds.
type Promote struct {
	Artifact ArtifactName `json:"artifact"`
	// From is the repository copied from; the artifact's own when empty.
	From string `json:"from,omitempty"`
	// To is the repository copied to.
	To string `json:"to"`
}

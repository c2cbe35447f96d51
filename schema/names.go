package schema

// Names are map keys in CUE; each kind of thing has its own type so that one
// cannot be taken for another. All follow the pattern of #Name.
type (
	// PipelineName is the name of a pipeline.
	PipelineName string
	// StageName is a key of Pipeline.Stages.
	StageName string
	// EnvName is a key of Pipeline.Environments; every field called "in" holds one.
	EnvName string
	// WorkloadName is a key of Pipeline.Workloads.
	WorkloadName string
	// ArtifactName is a key of Pipeline.Artifacts.
	ArtifactName string
	// SLOName is a key of Pipeline.SLOs.
	SLOName string
	// GateName is a key of Stage.Gates.
	GateName string
	// LimitName is a key of Analysis.Limits.
	LimitName string
	// CalendarName is a key of Environment.Calendar.
	CalendarName string
	// GroupName is a key of Pipeline.Groups, written "group:NAME" in Approve.By.
	GroupName string
	// NotifyName is a key of Pipeline.Notify and Stage.Notify.
	NotifyName string
	// IgnoreName is a key of Workload.Ignore.
	IgnoreName string
	// VarName is the name of an environment variable: a key of Env, Inject and Secrets.
	VarName string
	// VariableName is a key of Environment.Variables.
	VariableName string
	// PolicyCode is the code of a policy rule, as a denial prints it.
	PolicyCode string
)

// Principal is who may approve: "group:NAME" or "user:NAME".
type Principal string

// Date is a calendar day, "2026-12-31".
type Date string

// Timezone is an IANA zone such as "Europe/Berlin".
type Timezone string

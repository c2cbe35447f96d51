package targets

import (
	"encoding/json"

	"github.com/penstock-dev/penstock/compiler/plan"
)

// The specs are what plan.Workload.Spec holds, one type for each kind. The compiler writes them with every default
// filled in; [plan.Fill] puts run-time values into their holes; a driver decodes what comes out. Equal specs are the
// same version.

// ProcessSpec is a program that a penstock host runs.
type ProcessSpec struct {
	Artifact ArtifactSpec `json:"artifact"`
	Args     []string     `json:"args,omitempty"`
	// Dir is where it runs, relative to the pipeline's directory; empty means a directory of its own.
	Dir string            `json:"dir,omitempty"`
	Env map[string]string `json:"env,omitempty"`
	// Secrets are the names of the variables that are secret; plan.Workload.Secrets says where their values are.
	Secrets []string `json:"secrets,omitempty"`
	// Listen is where users connect, host:port.
	Listen  string        `json:"listen"`
	Ready   ReadySpec     `json:"ready"`
	Restart RestartSpec   `json:"restart"`
	Drain   plan.Duration `json:"drain"`
	Stop    plan.Duration `json:"stop"`
	Lease   plan.Duration `json:"lease"`
}

// ArtifactSpec is an artifact that a workload runs. Digest is a hole until run time.
type ArtifactSpec struct {
	Name string `json:"name"`
	// Path is where a file artifact is built, relative to the pipeline's directory: the program's own name is its base.
	Path string `json:"path,omitempty"`
	// Repository is where an image artifact is pulled from in this environment.
	Repository string `json:"repository,omitempty"`
	Digest     string `json:"digest,omitempty"`
}

// ReadySpec says when a version may get traffic.
type ReadySpec struct {
	// HTTP is a path that answers 2xx; empty means that the port accepts connections.
	HTTP    string        `json:"http,omitempty"`
	Every   plan.Duration `json:"every"`
	Timeout plan.Duration `json:"timeout"`
}

// RestartSpec says how a version that died is started again.
type RestartSpec struct {
	Attempts int           `json:"attempts"` // within a minute
	Backoff  plan.Duration `json:"backoff"`
}

// KubernetesSpec is a set of manifests.
type KubernetesSpec struct {
	// Manifests are the files that were reviewed, by their path relative to the pipeline's directory.
	Manifests []FileSpec `json:"manifests"`
	// Images are the artifacts whose digests the containers of their repositories run, by name.
	Images map[string]ArtifactSpec `json:"images,omitempty"`
	// Traffic is how requests are split; nil when the workload doesn't say.
	Traffic *TrafficSpec `json:"traffic,omitempty"`
	// Replicas replaces the manifests' number.
	Replicas *int          `json:"replicas,omitempty"`
	Ready    plan.Duration `json:"ready"`
	Prune    bool          `json:"prune"`
}

// FileSpec is a file by content.
type FileSpec struct {
	Path   string `json:"path"`
	Digest string `json:"digest"` // "sha256:…"
}

// TrafficSpec is how traffic is split. Exactly one of HTTPRoute, VirtualService, Service and ReplicaService is set.
type TrafficSpec struct {
	HTTPRoute      string `json:"http_route,omitempty"`
	VirtualService string `json:"virtual_service,omitempty"`
	// Route is the one HTTP route of the VirtualService to change, where there are several.
	Route string `json:"route,omitempty"`
	// Service is switched by its selector, ReplicaService stands before both versions.
	Service        string `json:"service,omitempty"`
	ReplicaService string `json:"replica_service,omitempty"`
}

// LambdaSpec is a function behind an alias.
type LambdaSpec struct {
	Function     string            `json:"function"`
	Alias        string            `json:"alias"`
	Artifact     ArtifactSpec      `json:"artifact"`
	Runtime      string            `json:"runtime,omitempty"`
	Handler      string            `json:"handler,omitempty"`
	Architecture string            `json:"architecture,omitempty"`
	Memory       *int              `json:"memory,omitempty"` // MB
	Timeout      plan.Duration     `json:"timeout,omitempty"`
	Role         string            `json:"role,omitempty"`
	Env          map[string]string `json:"env,omitempty"`
	KeepVersions int               `json:"keep_versions"`
}

// TerraformSpec is a root module with its variables.
type TerraformSpec struct {
	Module string `json:"module"`
	// Files are the module's own files that were reviewed.
	Files     []FileSpec `json:"files"`
	Workspace string     `json:"workspace"`
	// Vars are input variables of any JSON type; VarFiles are read before them.
	Vars     map[string]json.RawMessage `json:"vars,omitempty"`
	VarFiles []FileSpec                 `json:"var_files,omitempty"`
	// Secrets are the names of the secret environment variables; plan.Workload.Secrets says where their values are.
	Secrets     []string      `json:"secrets,omitempty"`
	LockTimeout plan.Duration `json:"lock_timeout"`
	Parallelism *int          `json:"parallelism,omitempty"`
}

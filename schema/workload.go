package schema

// Workload is what runs: at most one of process, kubernetes, lambda and
// terraform here, and exactly one once In is filled in for an environment.
type Workload struct {
	Description string               `json:"description,omitempty"`
	Process     *ProcessWorkload     `json:"process,omitempty" penstock:"variant"`
	Kubernetes  *KubernetesWorkload  `json:"kubernetes,omitempty" penstock:"variant"`
	Lambda      *LambdaWorkload      `json:"lambda,omitempty" penstock:"variant"`
	Terraform   *TerraformWorkload   `json:"terraform,omitempty" penstock:"variant"`
	In          map[EnvName]Overlay  `json:"in,omitempty"`
	Ignore      map[IgnoreName]Drift `json:"ignore,omitempty"`
}

// Overlay fills in what a workload leaves open, for one environment; it never overrides.
type Overlay struct {
	Process    *ProcessWorkload    `json:"process,omitempty" penstock:"variant"`
	Kubernetes *KubernetesWorkload `json:"kubernetes,omitempty" penstock:"variant"`
	Lambda     *LambdaWorkload     `json:"lambda,omitempty" penstock:"variant"`
	Terraform  *TerraformWorkload  `json:"terraform,omitempty" penstock:"variant"`
}

// Drift is a difference between plan and world that is not reported.
type Drift struct {
	// Object is the kind and name that differs ("Deployment/web"); all of them when empty.
	Object string `json:"object,omitempty"`
	// Path is a JSON pointer into the object.
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

// ProcessWorkload is a program that penstock's host runs on this machine.
type ProcessWorkload struct {
	// Artifact is the file that is run.
	Artifact ArtifactName       `json:"artifact,omitempty" penstock:"needed"`
	Args     []string           `json:"args,omitempty"`
	Dir      string             `json:"dir,omitempty"`
	Env      map[VarName]string `json:"env,omitempty"`
	Inject   map[VarName]Inject `json:"inject,omitempty"`
	Secrets  map[VarName]Secret `json:"secrets,omitempty"`
	// Listen is the address users connect to, host:port.
	Listen  string          `json:"listen,omitempty" penstock:"needed"`
	Ready   *ProcessReady   `json:"ready,omitempty"`
	Restart *ProcessRestart `json:"restart,omitempty"`
	// Drain is how long requests in flight may take after a version got its last one.
	Drain Duration `json:"drain,omitempty"`
	// Stop is how long a version may take to exit after SIGTERM.
	Stop Duration `json:"stop,omitempty"`
	// Lease is how long a canary stays exposed when no run renews it.
	Lease Duration `json:"lease,omitempty"`
}

// ProcessReady says when a started version may get traffic. At most one of
// http and tcp is present; none means that its port accepts connections.
type ProcessReady struct {
	// HTTP is a path that answers 2xx.
	HTTP    string   `json:"http,omitempty" penstock:"variant"`
	TCP     bool     `json:"tcp,omitempty" penstock:"variant"`
	Every   Duration `json:"every,omitempty"`
	Timeout Duration `json:"timeout,omitempty"`
}

// ProcessRestart says how a version that died is started again.
type ProcessRestart struct {
	// Attempts is how often within a minute.
	Attempts *int     `json:"attempts,omitempty"`
	Backoff  Duration `json:"backoff,omitempty"`
}

// KubernetesWorkload is a set of manifests.
type KubernetesWorkload struct {
	// Manifests are globs.
	Manifests []string `json:"manifests,omitempty" penstock:"needed"`
	// Images are artifacts; containers whose image is in an artifact's repository run its digest.
	Images  []ArtifactName     `json:"images,omitempty"`
	Traffic *KubernetesTraffic `json:"traffic,omitempty"`
	// Replicas replaces the manifests' count.
	Replicas *int `json:"replicas,omitempty"`
	// Ready bounds the wait for all objects to be ready.
	Ready *KubernetesReady `json:"ready,omitempty"`
	// Prune deletes objects that have left the manifests; nil is yes.
	Prune *bool `json:"prune,omitempty"`
}

// KubernetesReady bounds a wait.
type KubernetesReady struct {
	Timeout Duration `json:"timeout,omitempty"`
}

// KubernetesTraffic is how traffic is split. Exactly one field is present.
type KubernetesTraffic struct {
	Gateway *GatewayTraffic `json:"gateway,omitempty" penstock:"variant"`
	Istio   *IstioTraffic   `json:"istio,omitempty" penstock:"variant"`
	// Service is the name of a Service whose selector is switched.
	Service string `json:"service,omitempty" penstock:"variant"`
	// Replicas splits by the number of pods behind one Service.
	Replicas *ReplicaTraffic `json:"replicas,omitempty" penstock:"variant"`
}

// GatewayTraffic names a Gateway API HTTPRoute in the environment's namespace.
type GatewayTraffic struct {
	Route string `json:"route"`
}

// IstioTraffic names an Istio VirtualService and optionally one of its routes.
type IstioTraffic struct {
	VirtualService string `json:"virtualService"`
	Route          string `json:"route,omitempty"`
}

// ReplicaTraffic names the Service that both versions stand behind.
type ReplicaTraffic struct {
	Service string `json:"service"`
}

// LambdaWorkload is a function behind an alias.
type LambdaWorkload struct {
	Function string       `json:"function,omitempty" penstock:"needed"`
	Alias    string       `json:"alias,omitempty" penstock:"needed"`
	Artifact ArtifactName `json:"artifact,omitempty" penstock:"needed"`
	Runtime  string       `json:"runtime,omitempty"`
	Handler  string       `json:"handler,omitempty"`
	// Architecture is "x86_64" or "arm64".
	Architecture string `json:"architecture,omitempty"`
	// Memory is in MB.
	Memory       *int               `json:"memory,omitempty"`
	Timeout      Duration           `json:"timeout,omitempty"`
	Role         string             `json:"role,omitempty"`
	Env          map[VarName]string `json:"env,omitempty"`
	Inject       map[VarName]Inject `json:"inject,omitempty"`
	KeepVersions *int               `json:"keepVersions,omitempty"`
}

// TerraformWorkload is a root module with its variables.
type TerraformWorkload struct {
	// Module is a directory.
	Module    string `json:"module,omitempty" penstock:"needed"`
	Workspace string `json:"workspace,omitempty"`
	// Vars are values of any JSON type.
	Vars     map[string]any `json:"vars,omitempty"`
	VarFiles []string       `json:"varFiles,omitempty"`
	// Inject gives variables whose value is known only later.
	Inject map[string]Inject `json:"inject,omitempty"`
	// Secrets are passed as TF_VAR_ or provider environment variables.
	Secrets map[VarName]Secret `json:"secrets,omitempty"`
	// LockTimeout is how long to wait for the state lock.
	LockTimeout Duration `json:"lockTimeout,omitempty"`
	Parallelism *int     `json:"parallelism,omitempty"`
}

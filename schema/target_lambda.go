package schema

// LambdaEnvironment is a region of an AWS account.
type LambdaEnvironment struct {
	Account string `json:"account"`
	Region  string `json:"region"`
	// Role is assumed for every call, when given.
	Role string `json:"role,omitempty"`
	// Endpoint replaces the service's address.
	Endpoint string `json:"endpoint,omitempty"`
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

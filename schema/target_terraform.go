package schema

// TerraformEnvironment is a place for Terraform configurations.
type TerraformEnvironment struct {
	// Binary is "terraform" or "tofu".
	Binary string `json:"binary,omitempty"`
	// Backend is passed as -backend-config.
	Backend map[string]string `json:"backend,omitempty"`
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

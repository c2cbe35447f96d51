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

package schema

// Environment is a physical place: a host, a cluster and namespace, an account
// and region, a Terraform configuration. Exactly one of process, kubernetes,
// lambda and terraform is present.
type Environment struct {
	Description string `json:"description,omitempty"`
	Tier        Tier   `json:"tier"`
	// Region is shown and can be used in labels; it does not choose the place.
	Region    string                  `json:"region,omitempty"`
	Labels    map[string]string       `json:"labels,omitempty"`
	Variables map[VariableName]string `json:"variables,omitempty"`
	Metrics   *Metrics                `json:"metrics,omitempty"`
	Requires  *Requires               `json:"requires,omitempty"`
	// Calendar says when the environment may change: inside every allow, outside every deny.
	Calendar map[CalendarName]CalendarRule `json:"calendar,omitempty"`
	// AllowTags names the CUE tags that may be overridden for this environment.
	AllowTags []string `json:"allowTags,omitempty"`
	// Repositories says where this environment pulls an artifact from, where that is not the artifact's own repository.
	Repositories map[ArtifactName]string `json:"repositories,omitempty"`

	Process    *ProcessEnvironment    `json:"process,omitempty" penstock:"variant"`
	Kubernetes *KubernetesEnvironment `json:"kubernetes,omitempty" penstock:"variant"`
	Lambda     *LambdaEnvironment     `json:"lambda,omitempty" penstock:"variant"`
	Terraform  *TerraformEnvironment  `json:"terraform,omitempty" penstock:"variant"`
}

// Tier is the rank of an environment on the way to users.
type Tier string

// The tiers, lowest first.
const (
	Development   Tier = "development"
	Test          Tier = "test"
	Staging       Tier = "staging"
	Preproduction Tier = "preproduction"
	Production    Tier = "production"
)

// Tiers lists the tiers, lowest first.
func Tiers() []Tier { return []Tier{Development, Test, Staging, Preproduction, Production} }

// Rank is the position of t in Tiers, or -1.
func (t Tier) Rank() int {
	for i, known := range Tiers() {
		if known == t {
			return i
		}
	}
	return -1
}

// Requires is what an environment demands of every way into it.
type Requires struct {
	// Approval demands an approval on every path.
	Approval bool `json:"approval,omitempty"`
	// Judged demands a strategy with an analysis, or a verify stage.
	Judged bool `json:"judged,omitempty"`
	// Trusted demands that every artifact declares trust.
	Trusted bool `json:"trusted,omitempty"`
	// After demands that the same artifacts ran elsewhere first.
	After map[EnvName]Soaked `json:"after,omitempty"`
}

// Soaked is how long artifacts must have run in another environment.
type Soaked struct {
	Soak Duration `json:"soak,omitempty"`
}

// CalendarRule is a span in which an environment may, or may not, change. Exactly one field is present.
type CalendarRule struct {
	Allow *Window `json:"allow,omitempty" penstock:"variant"`
	Deny  *Window `json:"deny,omitempty" penstock:"variant"`
}

// Metrics is where the numbers about an environment come from. At most one field is present.
type Metrics struct {
	Prometheus *Prometheus `json:"prometheus,omitempty" penstock:"variant"`
	CloudWatch *CloudWatch `json:"cloudwatch,omitempty" penstock:"variant"`
}

// Prometheus is a server with the Prometheus HTTP API.
type Prometheus struct {
	URL string `json:"url"`
	// Labels are added as matchers to every query asked for this environment.
	Labels map[string]string `json:"labels,omitempty"`
	// Token is sent as a bearer token.
	Token *Secret `json:"token,omitempty"`
}

// CloudWatch is the metrics service of the environment's AWS account.
type CloudWatch struct {
	Region string `json:"region,omitempty"`
}

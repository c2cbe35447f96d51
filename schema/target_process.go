package schema

// ProcessEnvironment is a penstock host on this machine.
type ProcessEnvironment struct {
	// Host names the supervisor; several can run beside each other.
	Host string `json:"host,omitempty"`
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

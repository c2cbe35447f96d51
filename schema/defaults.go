package schema

// The defaults of the language. CUE leaves them open, so that its messages stay
// short; whoever needs a value asks one of the methods below.
const (
	// DefaultConcurrency is what a second run does.
	DefaultConcurrency = Queue
	// DefaultInterrupted is what becomes of interrupted work.
	DefaultInterrupted = InterruptedFail
	// DefaultTimeout bounds a stage's work, its holds, approvals and gates not counted.
	DefaultTimeout Duration = "1h"
	// DefaultBackoff is the pause before the second attempt.
	DefaultBackoff Duration = "10s"
	// DefaultApprovers is how many people must agree.
	DefaultApprovers = 1
	// DefaultExpires is how long an approval or a closed gate is waited for.
	DefaultExpires Duration = "24h"
	// DefaultGateEvery is how often a closed gate is asked again.
	DefaultGateEvery Duration = "1m"
	// DefaultKeep is how long the old version stays able to serve after a commit.
	DefaultKeep Duration = "30s"
	// DefaultTolerate is how many times as often as stable a new version may fail.
	DefaultTolerate = 1.25
	// DefaultAlpha is the probability of a false alarm.
	DefaultAlpha = 0.05
	// DefaultMinimum is the number of requests below which there is no verdict.
	DefaultMinimum = 1
	// DefaultMirrorWeight is the share of requests that is copied.
	DefaultMirrorWeight = 100.0
	// DefaultBatch is the share of instances that a rolling update replaces at a time.
	DefaultBatch = 25.0
	// DefaultHost names the supervisor of process environments.
	DefaultHost = "default"
	// DefaultLease is how long a canary stays exposed when no run renews it.
	DefaultLease Duration = "1m"
	// DefaultDrain is how long requests in flight may take.
	DefaultDrain Duration = "30s"
	// DefaultStop is how long a version may take to exit.
	DefaultStop Duration = "10s"
	// DefaultReadyTimeout is how long a version may take to become ready.
	DefaultReadyTimeout Duration = "1m"
	// DefaultReadyEvery is how often readiness is asked.
	DefaultReadyEvery Duration = "200ms"
	// DefaultKubernetesReadyTimeout is how long objects may take to become ready.
	DefaultKubernetesReadyTimeout Duration = "10m"
	// DefaultRestartAttempts is how often within a minute a dead version is started again.
	DefaultRestartAttempts = 5
	// DefaultRestartBackoff is the pause before it is.
	DefaultRestartBackoff Duration = "500ms"
	// DefaultKeepVersions is how many published versions of a function are kept.
	DefaultKeepVersions = 5
	// DefaultTerraform is the binary of a Terraform environment.
	DefaultTerraform = "terraform"
	// DefaultLockTimeout is how long the state lock is waited for.
	DefaultLockTimeout Duration = "2m"
)

// or is v, or d when v is the zero value.
func or[T comparable](v, d T) T {
	var zero T
	if v == zero {
		return d
	}
	return v
}

// deref is what p points to, or d when p is nil.
func deref[T any](p *T, d T) T {
	if p == nil {
		return d
	}
	return *p
}

// ConcurrencyOrDefault is what a second run does.
func (p Pipeline) ConcurrencyOrDefault() Concurrency { return or(p.Concurrency, DefaultConcurrency) }

// TimeoutOrDefault bounds the stage's work, holds, approvals and gates not counted.
func (s Stage) TimeoutOrDefault() Duration { return or(s.Timeout, DefaultTimeout) }

// InterruptedOrDefault is what becomes of interrupted work. A migration asks its own check.
func (s Stage) InterruptedOrDefault() Interrupted {
	if s.Migrate != nil {
		return or(s.Interrupted, InterruptedCheck)
	}
	return or(s.Interrupted, DefaultInterrupted)
}

// AttemptsOrDefault is how often the stage is tried in all; without retry once.
func (s Stage) AttemptsOrDefault() int {
	if s.Retry == nil {
		return 1
	}
	return max(s.Retry.Attempts, 1)
}

// BackoffOrDefault is the pause before the second attempt.
func (r Retry) BackoffOrDefault() Duration { return or(r.Backoff, DefaultBackoff) }

// InterruptedOrDefault is what becomes of a half-sent notification: it is sent again.
func (n Notification) InterruptedOrDefault() Interrupted { return or(n.Interrupted, InterruptedRerun) }

// OnOrDefault is when the notification is sent: whenever somebody should look.
func (n Notification) OnOrDefault() []Occasion {
	if len(n.On) == 0 {
		return []Occasion{OnWaiting, OnFailed, OnRolledBack, OnUnsettled}
	}
	return n.On
}

// InterruptedOrDefault is what becomes of interrupted work.
func (d During) InterruptedOrDefault() Interrupted { return or(d.Interrupted, DefaultInterrupted) }

// InterruptedOrDefault is what becomes of interrupted work.
func (b Before) InterruptedOrDefault() Interrupted { return or(b.Interrupted, DefaultInterrupted) }

// CountOrDefault is how many people must agree.
func (a Approve) CountOrDefault() int { return deref(a.Count, DefaultApprovers) }

// ExpiresOrDefault is how long the question stands.
func (a Approve) ExpiresOrDefault() Duration { return or(a.Expires, DefaultExpires) }

// EveryOrDefault is how often a closed gate is asked again.
func (g Gate) EveryOrDefault() Duration { return or(g.Every, DefaultGateEvery) }

// ExpiresOrDefault is how long a gate may stay closed.
func (g Gate) ExpiresOrDefault() Duration { return or(g.Expires, DefaultExpires) }

// KeepOrDefault is how long the old version stays able to serve.
func (a AllAtOnce) KeepOrDefault() Duration { return or(a.Keep, DefaultKeep) }

// KeepOrDefault is how long the old version stays able to serve.
func (r Rolling) KeepOrDefault() Duration { return or(r.Keep, DefaultKeep) }

// BatchOrDefault is the share replaced at a time, in percent.
func (r Rolling) BatchOrDefault() float64 { return deref(r.Batch, DefaultBatch) }

// KeepOrDefault is how long the old version stays able to serve.
func (c Canary) KeepOrDefault() Duration { return or(c.Keep, DefaultKeep) }

// KeepOrDefault is how long the old version stays able to serve.
func (l Linear) KeepOrDefault() Duration { return or(l.Keep, DefaultKeep) }

// KeepOrDefault is how long the old version stays able to serve.
func (b BlueGreen) KeepOrDefault() Duration { return or(b.Keep, DefaultKeep) }

// KeepOrDefault is the keep of whichever strategy is present; apply keeps nothing.
func (d Deploy) KeepOrDefault() Duration {
	switch {
	case d.AllAtOnce != nil:
		return d.AllAtOnce.KeepOrDefault()
	case d.Rolling != nil:
		return d.Rolling.KeepOrDefault()
	case d.Canary != nil:
		return d.Canary.KeepOrDefault()
	case d.Linear != nil:
		return d.Linear.KeepOrDefault()
	case d.BlueGreen != nil:
		return d.BlueGreen.KeepOrDefault()
	}
	return "0s"
}

// WeightOrDefault is the share that is copied, in percent.
func (m Mirror) WeightOrDefault() float64 { return deref(m.Weight, DefaultMirrorWeight) }

// CapacityOrDefault is the new version's capacity in percent: that of its weight, when not said apart.
func (s Step) CapacityOrDefault() float64 { return deref(s.Capacity, deref(s.Weight, 0)) }

// TolerateOrDefault is the tolerated ratio to stable.
func (j Judgement) TolerateOrDefault() float64 { return deref(j.Tolerate, DefaultTolerate) }

// ProveOrDefault is the ratio that must be excluded for "proven-safe".
func (j Judgement) ProveOrDefault() float64 { return deref(j.Prove, j.TolerateOrDefault()) }

// WeightOrDefault is the part of alpha relative to other SLOs.
func (j Judgement) WeightOrDefault() float64 { return deref(j.Weight, 1) }

// RequireOrDefault is what must be shown.
func (a Analysis) RequireOrDefault() Require { return or(a.Require, NoHarm) }

// InconclusiveOrDefault is what happens when it is not shown.
func (a Analysis) InconclusiveOrDefault() Inconclusive {
	return or(a.Inconclusive, InconclusiveRollback)
}

// AlphaOrDefault is the probability of a false alarm.
func (a Analysis) AlphaOrDefault() float64 { return deref(a.Alpha, DefaultAlpha) }

// MinimumOrDefault is the number of requests below which there is no verdict.
func (a Analysis) MinimumOrDefault() int { return deref(a.Minimum, DefaultMinimum) }

// HostOrDefault names the supervisor.
func (e ProcessEnvironment) HostOrDefault() string { return or(e.Host, DefaultHost) }

// BinaryOrDefault is the program that is run.
func (e TerraformEnvironment) BinaryOrDefault() string { return or(e.Binary, DefaultTerraform) }

// DrainOrDefault is how long requests in flight may take.
func (w ProcessWorkload) DrainOrDefault() Duration { return or(w.Drain, DefaultDrain) }

// StopOrDefault is how long a version may take to exit.
func (w ProcessWorkload) StopOrDefault() Duration { return or(w.Stop, DefaultStop) }

// LeaseOrDefault is how long an unattended canary stays exposed.
func (w ProcessWorkload) LeaseOrDefault() Duration { return or(w.Lease, DefaultLease) }

// EveryOrDefault is how often readiness is asked.
func (r ProcessReady) EveryOrDefault() Duration { return or(r.Every, DefaultReadyEvery) }

// TimeoutOrDefault is how long a version may take to become ready.
func (r ProcessReady) TimeoutOrDefault() Duration { return or(r.Timeout, DefaultReadyTimeout) }

// AttemptsOrDefault is how often within a minute a dead version is started again.
func (r ProcessRestart) AttemptsOrDefault() int { return deref(r.Attempts, DefaultRestartAttempts) }

// BackoffOrDefault is the pause before it is.
func (r ProcessRestart) BackoffOrDefault() Duration { return or(r.Backoff, DefaultRestartBackoff) }

// TimeoutOrDefault is how long objects may take to become ready.
func (r KubernetesReady) TimeoutOrDefault() Duration {
	return or(r.Timeout, DefaultKubernetesReadyTimeout)
}

// PruneOrDefault says whether objects that left the manifests are deleted.
func (w KubernetesWorkload) PruneOrDefault() bool { return deref(w.Prune, true) }

// KeepVersionsOrDefault is how many published versions are kept.
func (w LambdaWorkload) KeepVersionsOrDefault() int {
	return deref(w.KeepVersions, DefaultKeepVersions)
}

// LockTimeoutOrDefault is how long the state lock is waited for.
func (w TerraformWorkload) LockTimeoutOrDefault() Duration {
	return or(w.LockTimeout, DefaultLockTimeout)
}

package control

import (
	"fmt"
	"log/slog"
	"math"
	"net"
	"regexp"
	"strings"
	"time"

	"github.com/penstock-dev/penstock/targets/process/host/proxy"
)

// Op is what every request that changes a service carries.
type Op struct {
	Service Service `json:"service"`
	// Key is the same for every attempt of one instruction.
	Key string `json:"key"`
	Run string `json:"run"`
	// Fence is the number of the environment's lock, which the caller must hold.
	Fence uint64 `json:"fence"`
	// Order grows with every dispatch; a request with a lower one than was executed before is refused. 0 is not compared.
	Order uint64 `json:"order,omitempty"`
	// Wait bounds how long the answer may take while the request is not done.
	Wait time.Duration `json:"wait,omitempty"`
}

// Secrets are the values of secret environment variables. They cross the socket and live in the memory of host and
// program; no other form shows them.
type Secrets map[string]string

// String hides the values.
func (s Secrets) String() string { return fmt.Sprintf("%d secrets", len(s)) }

// GoString hides the values.
func (s Secrets) GoString() string { return s.String() }

// LogValue hides the values.
func (s Secrets) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Stage brings a version up beside the stable one, without traffic. Done means ready.
type Stage struct {
	Op
	Spec Spec `json:"spec"`
	// Artifact is the path of the program's file; the host copies it and checks its digest.
	Artifact string  `json:"artifact,omitempty"`
	Secrets  Secrets `json:"secrets,omitempty"`
}

// Shift gives the staged version its share of traffic.
type Shift struct {
	Op
	Version string        `json:"version"`
	Weight  float64       `json:"weight"`
	Matches []proxy.Match `json:"matches,omitempty"`
	// Lease is how long the version keeps traffic without a Renew; 0 means for good.
	Lease time.Duration `json:"lease,omitempty"`
}

// Renew prolongs the lease of an exposed version.
type Renew struct {
	Op
	Version string        `json:"version"`
	Lease   time.Duration `json:"lease"`
}

// Commit makes the staged version the stable one, with all traffic; the former one stays able to serve.
type Commit struct {
	Op
	Version string `json:"version"`
}

// Restore makes a version the stable one with all traffic again; an empty version means that nothing runs afterwards.
type Restore struct {
	Op
	Version string `json:"version"`
	// Spec, Artifact and Secrets bring the version up again should it no longer run.
	Spec     *Spec   `json:"spec,omitempty"`
	Artifact string  `json:"artifact,omitempty"`
	Secrets  Secrets `json:"secrets,omitempty"`
}

// Remove takes a version's traffic away, drains and stops it. The stable version is never touched. Done means gone.
type Remove struct {
	Op
	Version string `json:"version"`
}

// Retire drops the version that was stable before the current one. Done means gone.
type Retire struct {
	Op
	// Version names it; empty means whichever it is.
	Version string `json:"version,omitempty"`
}

// Answer is the state of a service after a request.
type Answer struct {
	// Done says that the request has its full effect; otherwise it is to be repeated.
	Done bool `json:"done"`
	// Repeated says that the very same request had been executed before, and that nothing was done now.
	Repeated bool   `json:"repeated,omitempty"`
	Status   Status `json:"status"`
}

// Holder says who holds a lock.
type Holder struct {
	Run     string    `json:"run"`
	Actor   string    `json:"actor,omitempty"`
	Command string    `json:"command,omitempty"`
	Host    string    `json:"host,omitempty"`
	PID     int       `json:"pid,omitempty"`
	Since   time.Time `json:"since,omitzero"`
	// Commit is the revision that the run releases.
	Commit string `json:"commit,omitempty"`
}

// Wish is what a newer run asks of the holder of a lock: to return to stable and give it up.
type Wish struct {
	Holder
	Reason string `json:"reason,omitempty"`
}

// Lock is an environment's lock. Its number survives the lock being free.
type Lock struct {
	Place  string  `json:"place"`
	Fence  uint64  `json:"fence"`
	Holder *Holder `json:"holder,omitempty"`
	// Until is when the lock may be taken by another run; zero means not before it is given up.
	Until time.Time `json:"until,omitzero"`
	// Wish stands until the lock changes hands.
	Wish *Wish `json:"wish,omitempty"`
}

// AskLock leaves a wish with the lock of a place. Nothing is left when another run than Of holds it.
type AskLock struct {
	Place string `json:"place"`
	Of    string `json:"of"`
	Wish  Wish   `json:"wish"`
}

// Acquire takes a lock. The run that holds it already gets its number again.
type Acquire struct {
	Place  string `json:"place"`
	Holder Holder `json:"holder"`
	// TTL is how long it is held without being renewed; 0 means until it is given up.
	TTL time.Duration `json:"ttl,omitempty"`
	// Break takes it away from whoever holds it.
	Break bool `json:"break,omitempty"`
}

// Release gives a lock up, or prolongs it when Renew is set.
type Release struct {
	Place string        `json:"place"`
	Fence uint64        `json:"fence"`
	Renew time.Duration `json:"renew,omitempty"`
}

// StopHost ends the host.
type StopHost struct {
	// Keep leaves the programs running; nobody routes requests to them until a host runs again.
	Keep bool `json:"keep,omitempty"`
}

// nameRE is what names that become keys and parts of paths are made of.
var nameRE = regexp.MustCompile(`^[A-Za-z0-9._:@/+=-]+$`)

// isName bounds such names. The length is counted here: an expression with a count of 200 would cost each start a millisecond.
func isName(s string) bool { return len(s) <= 200 && nameRE.MatchString(s) }

// envRE is what a variable of an environment may be called.
var envRE = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Check reports what is wrong with the parts that all requests share.
func (o Op) Check() error {
	switch {
	case !isName(o.Service.Place) || !isName(o.Service.Workload):
		return Errorf(Invalid, "service %q is not named by place and workload", o.Service)
	case o.Key == "" || len(o.Key) > 500:
		return Errorf(Invalid, "a request needs an idempotency key of at most 500 bytes")
	case o.Fence == 0:
		return Errorf(Invalid, "a request needs the fencing number of the environment's lock")
	}
	return nil
}

// Check reports what is wrong with a spec.
func (s Spec) Check() error {
	switch {
	case !isName(s.Version):
		return Errorf(Invalid, "version %q is not a name", s.Version)
	case s.Name == "" || strings.ContainsRune(s.Name, 0):
		return Errorf(Invalid, "name %q is not a name", s.Name)
	case s.Ready.Timeout <= 0 || s.Ready.Every <= 0:
		return Errorf(Invalid, "ready needs a timeout and a pause between questions")
	case s.Drain < 0 || s.Stop < 0 || s.Restart.Backoff < 0 || s.Restart.Attempts < 0:
		return Errorf(Invalid, "times and counts may not be negative")
	}
	if _, port, err := net.SplitHostPort(s.Listen); err != nil || port == "" {
		return Errorf(Invalid, "listen %q is not of the form host:port", s.Listen)
	}
	for k, v := range s.Env {
		if !envRE.MatchString(k) || strings.ContainsRune(v, 0) {
			return Errorf(Invalid, "environment variable %q", k)
		}
	}
	for _, k := range s.Secrets {
		if !envRE.MatchString(k) {
			return Errorf(Invalid, "secret %q", k)
		}
	}
	for _, a := range s.Args {
		if strings.ContainsRune(a, 0) {
			return Errorf(Invalid, "argument %q", a)
		}
	}
	return nil
}

// Check reports what is wrong with a request.
func (r *Stage) Check() error {
	if err := r.Op.Check(); err != nil {
		return err
	}
	return r.Spec.Check()
}

// Check reports what is wrong with a request.
func (r *Shift) Check() error {
	if math.IsNaN(r.Weight) || r.Weight < 0 || r.Weight > 100 || r.Lease < 0 {
		return Errorf(Invalid, "weight %v must be from 0 to 100, and lease %v not negative", r.Weight, r.Lease)
	}
	return r.Op.Check()
}

// Check reports what is wrong with a request.
func (r *Renew) Check() error {
	if r.Lease <= 0 {
		return Errorf(Invalid, "lease %v must be positive", r.Lease)
	}
	return r.Op.Check()
}

// Check reports what is wrong with a request.
func (r *Restore) Check() error {
	if r.Spec != nil {
		if r.Spec.Version != r.Version {
			return Errorf(Invalid, "version %q is to be restored from the spec of %q", r.Version, r.Spec.Version)
		}
		if err := r.Spec.Check(); err != nil {
			return err
		}
	}
	return r.Op.Check()
}

// Check reports what is wrong with a request.
func (r *Acquire) Check() error {
	if !isName(r.Place) || r.Holder.Run == "" || r.TTL < 0 {
		return Errorf(Invalid, "a lock needs a place, a run and no negative time")
	}
	return nil
}

// Check reports what is wrong with a request.
func (r *Release) Check() error {
	if !isName(r.Place) || r.Fence == 0 || r.Renew < 0 {
		return Errorf(Invalid, "giving up a lock needs its place and number")
	}
	return nil
}

// Check reports what is wrong with a request.
func (r *AskLock) Check() error {
	if !isName(r.Place) || r.Of == "" || r.Wish.Run == "" || r.Of == r.Wish.Run {
		return Errorf(Invalid, "a wish needs a place, the run that is asked and another that asks")
	}
	return nil
}

// Check reports what is wrong with a request.
func (r *StopHost) Check() error { return nil }

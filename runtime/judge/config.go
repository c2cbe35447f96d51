package judge

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"strconv"

	"github.com/penstock-dev/penstock/internal/evidence"
)

// Against says what the canary is compared with.
type Against string

// The values of Against. The empty value is AgainstStable.
const (
	AgainstStable    Against = "stable"    // the stable version, in the same ticks
	AgainstObjective Against = "objective" // the SLO's error budget: a first deploy, or a verification after the release
)

// Require is what [Conclude] needs to pass.
type Require string

// The values of Require. The empty value is NoHarm.
const (
	NoHarm     Require = "no-harm"     // no harm was found in enough data
	ProvenSafe Require = "proven-safe" // each deciding SLI was proven safe
)

// Defaults for fields of Config and SLI that are zero.
const (
	DefaultAlpha    = 0.05
	DefaultTolerate = 1.0
	DefaultSafe     = 2.0
)

// Power is the chance that "could have seen" speaks about.
const Power = 0.8

// SLI is one indicator under judgement.
type SLI struct {
	Name string `json:"name"`
	// Tolerate is the ratio of failure shares, canary to stable (or to the budget), up to which nothing is harm.
	Tolerate float64 `json:"tolerate,omitempty"`
	// Safe is the ratio that has to be excluded for the verdict safe.
	Safe float64 `json:"safe,omitempty"`
	// Objective is the SLO's objective in percent, for AgainstObjective.
	Objective float64 `json:"objective,omitempty"`
	// Critical reserves evidence for this SLI: half of Alpha is divided among the critical ones alone and the other half
	// among all, so harm in a critical SLI is found sooner, at the price of the others. Harm in any deciding SLI decides.
	Critical bool `json:"critical,omitempty"`
	// DryRun judges and reports the SLI without letting it decide anything.
	DryRun bool `json:"dry_run,omitempty"`
	// Weight is this SLI's part of Alpha relative to the others; 1 when zero.
	Weight float64 `json:"weight,omitempty"`
}

// Config is how a watch is judged. It must be the same for all ticks of a watch; a state refuses another one.
type Config struct {
	Against Against `json:"against,omitempty"`
	SLIs    []SLI   `json:"slis"`
	// Alpha is the chance of a false harm verdict over the whole watch, all SLIs together.
	Alpha   float64 `json:"alpha,omitempty"`
	Require Require `json:"require,omitempty"`
	// Inconclusive names what the caller does when the watch ends without a pass and without harm. The judge hands it on.
	Inconclusive string `json:"inconclusive,omitempty"`
	// MinRequests is the least number of requests per SLI and version for a pass; 1 when zero.
	MinRequests uint64 `json:"min_requests,omitempty"`
	// MinSeen, when set, asks for more than "no harm": the data must have been able to show this ratio.
	MinSeen float64 `json:"min_seen,omitempty"`
	// Sticky switches the check of the split off: clients stay with a version.
	Sticky bool `json:"sticky,omitempty"`
}

// withDefaults returns c with its zero fields filled in; c is not changed.
func (c Config) withDefaults() Config {
	c.Against = or(c.Against, AgainstStable)
	c.Require = or(c.Require, NoHarm)
	c.Alpha = or(c.Alpha, DefaultAlpha)
	c.MinRequests = or(c.MinRequests, 1)
	c.SLIs = append([]SLI(nil), c.SLIs...)
	for i := range c.SLIs {
		s := &c.SLIs[i]
		s.Tolerate = or(s.Tolerate, DefaultTolerate)
		s.Safe = or(s.Safe, DefaultSafe)
		s.Weight = or(s.Weight, 1)
	}
	return c
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// Validate reports every reason why c cannot judge.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	if c.Against != AgainstStable && c.Against != AgainstObjective {
		errs = append(errs, fmt.Errorf("against %q, want %q or %q", c.Against, AgainstStable, AgainstObjective))
	}
	if c.Require != NoHarm && c.Require != ProvenSafe {
		errs = append(errs, fmt.Errorf("require %q, want %q or %q", c.Require, NoHarm, ProvenSafe))
	}
	if !(c.Alpha > 0 && c.Alpha < 1) {
		errs = append(errs, fmt.Errorf("alpha %v is not between 0 and 1", c.Alpha))
	}
	if !(c.MinSeen >= 0) || math.IsInf(c.MinSeen, 1) {
		errs = append(errs, fmt.Errorf("minimum seen ratio %v is not a ratio", c.MinSeen))
	}
	if len(c.SLIs) == 0 {
		errs = append(errs, errors.New("no SLI to judge"))
	}
	names := map[string]bool{}
	for _, s := range c.SLIs {
		if names[s.Name] {
			errs = append(errs, fmt.Errorf("SLI %q is listed twice", s.Name))
		}
		names[s.Name] = true
		if err := s.validate(c.Against); err != nil {
			errs = append(errs, fmt.Errorf("SLI %q: %w", s.Name, err))
		}
	}
	return errors.Join(errs...)
}

func (s SLI) validate(a Against) error {
	if s.Name == "" {
		return errors.New("has no name")
	}
	for _, f := range []struct {
		name  string
		value float64
	}{{"tolerate", s.Tolerate}, {"safe", s.Safe}, {"weight", s.Weight}} {
		if !(f.value > 0) || math.IsInf(f.value, 1) {
			return fmt.Errorf("%s %v is not a positive number", f.name, f.value)
		}
	}
	if a != AgainstObjective {
		return nil
	}
	if !(s.Objective > 0 && s.Objective < 100) {
		return fmt.Errorf("objective %v is not between 0 and 100", s.Objective)
	}
	if s.Tolerate*s.budget() >= 1 {
		return fmt.Errorf("tolerates %v times a budget of %v: every request may fail", s.Tolerate, s.budget())
	}
	return nil
}

// budget is the failure share that the objective allows.
func (s SLI) budget() float64 { return (100 - s.Objective) / 100 }

// Alphas returns each SLI's part of Alpha, in the order of SLIs. The parts of those that decide add up to Alpha at most. A dry
// run gets what it would get if it alone joined them.
func (c Config) Alphas() []float64 {
	c = c.withDefaults()
	parts := make([]evidence.Part, len(c.SLIs))
	for i, s := range c.SLIs {
		parts[i] = evidence.Part{Weight: s.Weight, Critical: s.Critical, DryRun: s.DryRun}
	}
	return evidence.SplitAlpha(c.Alpha, parts)
}

// fingerprint identifies what the evidence depends on: comparison, names, ratios, objectives, order and parts of alpha.
func (c Config) fingerprint() string {
	h := fnv.New64a()
	buf := append([]byte(nil), c.Against...)
	num := func(v float64) { buf = append(strconv.AppendFloat(append(buf, ' '), v, 'g', -1, 64), ' ') }
	for i, a := range c.Alphas() {
		s := c.SLIs[i]
		buf = strconv.AppendQuote(buf, s.Name)
		num(s.Tolerate)
		num(s.Safe)
		num(s.Objective)
		num(a)
		buf = strconv.AppendBool(buf, s.DryRun)
	}
	h.Write(buf)
	return strconv.FormatUint(h.Sum64(), 16)
}

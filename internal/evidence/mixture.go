package evidence

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

// Spacing is the ratio between neighbours of the grid of alternatives. Points alternatives, the usual grid, reach from 1.25 to
// about 36 times the null ratio. WidePoints reach about 7,500 times: for one sample against a small budget, where the robust
// factor needs bold bets to make a tick with a few failures among many requests count.
const (
	Spacing    = 1.25
	Points     = 16
	WidePoints = 40
)

// Method names the e-factor of a mixture.
type Method string

// The two factors; see the package documentation.
const (
	Robust   Method = "robust"
	Binomial Method = "binomial"
)

// Side says on which side of the null ratio the alternatives lie.
type Side string

// Above collects evidence that the ratio is larger than the null ratio, Below that it is smaller.
const (
	Above Side = "above"
	Below Side = "below"
)

// Trial is what one tick showed: two arms with their sizes and their hits.
type Trial struct {
	CanarySize float64 // requests served by the canary, or any number proportional to them; > 0
	StableSize float64 // requests served by stable, in the same unit; > 0
	CanaryHits float64 // failures of the canary; >= 0
	StableHits float64 // failures of stable; >= 0
}

// informative says whether the trial can move evidence: both arms served and something failed.
func (t Trial) informative() bool {
	return t.CanarySize > 0 && t.StableSize > 0 && t.CanaryHits+t.StableHits > 0
}

// Mixture is the running evidence against one claim about the ratio. The zero value is not usable; make one with [NewAbove],
// [NewBelow] or [NewWide]. It is plain data: copying Logs copies it, and its JSON form keeps every bit.
type Mixture struct {
	Method Method  `json:"method"`
	Side   Side    `json:"side"`
	Null   float64 `json:"null"` // the ratio claimed, > 0
	// Logs holds, per alternative of the grid, the natural logarithm of its product of factors so far.
	Logs []float64 `json:"logs"`
}

// NewAbove returns a mixture without evidence yet against "the ratio is at most null".
func NewAbove(m Method, null float64) Mixture { return newMixture(m, Above, null, Points) }

// NewBelow returns a mixture without evidence yet against "the ratio is at least null".
func NewBelow(m Method, null float64) Mixture { return newMixture(m, Below, null, Points) }

// NewWide is NewAbove or NewBelow with the wide grid.
func NewWide(m Method, s Side, null float64) Mixture { return newMixture(m, s, null, WidePoints) }

func newMixture(m Method, s Side, null float64, points int) Mixture {
	return Mixture{Method: m, Side: s, Null: null, Logs: make([]float64, points)}
}

// alternative returns the k-th ratio of the grid, k from 0.
func alternative(s Side, null float64, k int) float64 {
	step := math.Pow(Spacing, float64(k+1))
	if s == Below {
		return null / step
	}
	return null * step
}

// boundary returns the ratio that a trial is tested at. It differs from the null ratio for the robust factor when that ratio
// is not 1: the mean of the canary's part among at least one failure then lies beyond theta, by (d-1)/(d*nc+nb) in log odds
// to first order, most with a handful of requests. Twice that covers it for every failure share and every size; a test goes
// through them exactly.
func boundary(m Method, s Side, null float64, t Trial) float64 {
	if m != Robust {
		return null
	}
	if s == Above && null > 1 {
		return null * (1 + 2*(null-1)/(null*t.CanarySize+t.StableSize))
	}
	if s == Below && null < 1 {
		return null / (1 + 2*(1/null-1)/(t.StableSize/null+t.CanarySize))
	}
	return null
}

// Observe adds one trial. A trial in which nothing failed, or in which one arm served nothing, changes nothing.
func (m *Mixture) Observe(t Trial) {
	if !t.informative() {
		return
	}
	null := boundary(m.Method, m.Side, m.Null, t)
	base := newArms(null, t)
	ratio, step := null, Spacing
	if m.Side == Below {
		step = 1 / Spacing
	}
	for k := range m.Logs {
		ratio *= step
		m.Logs[k] += logFactor(m.Method, base, newArms(ratio, t), t.CanaryHits, t.StableHits)
	}
}

// Log returns the natural logarithm of the evidence: the mean of the products, computed without leaving log space.
func (m *Mixture) Log() float64 {
	return mixed(m.Logs)
}

// Exceeds says whether the evidence has reached 1/alpha.
func (m *Mixture) Exceeds(alpha float64) bool { return m.Log() >= -math.Log(alpha) }

// arms holds the chance that a failure is the canary's, and its complement. Both are computed directly, so that neither
// loses its digits when the other is close to 1.
type arms struct{ canary, stable float64 }

func newArms(ratio float64, t Trial) arms {
	c := ratio * t.CanarySize
	sum := c + t.StableSize
	return arms{canary: c / sum, stable: t.StableSize / sum}
}

// logFactor is the natural logarithm of the e-factor of one trial. The explicit conversions forbid fused multiply-add, so
// that a replay gives the same bits on every architecture that has the same math.Log.
func logFactor(m Method, base, alt arms, canaryHits, stableHits float64) float64 {
	up, down := alt.canary/base.canary, alt.stable/base.stable
	if m == Binomial {
		return float64(canaryHits*math.Log(up)) + float64(stableHits*math.Log(down))
	}
	hits := canaryHits + stableHits
	return math.Log(float64(canaryHits/hits*up) + float64(stableHits/hits*down))
}

func logSumExp(logs []float64) float64 {
	top := math.Inf(-1)
	for _, l := range logs {
		top = max(top, l)
	}
	if math.IsInf(top, -1) {
		return top
	}
	var sum float64
	for _, l := range logs {
		sum += math.Exp(l - top)
	}
	return top + math.Log(sum)
}

// Check reports why m can't be evidence: an unknown method or side, a null ratio that is no positive number, a grid of
// another length, a product that is no number.
func (m *Mixture) Check() error {
	if m.Method != Robust && m.Method != Binomial {
		return fmt.Errorf("unknown method %q, want %q or %q", m.Method, Robust, Binomial)
	}
	if m.Side != Above && m.Side != Below {
		return fmt.Errorf("unknown side %q, want %q or %q", m.Side, Above, Below)
	}
	if !(m.Null > 0) || math.IsInf(m.Null, 1) {
		return fmt.Errorf("null ratio %v is not a positive number", m.Null)
	}
	if n := len(m.Logs); n != Points && n != WidePoints {
		return fmt.Errorf("%d products, want %d or %d", n, Points, WidePoints)
	}
	for _, l := range m.Logs {
		if math.IsNaN(l) || math.IsInf(l, 0) {
			return errors.New("a product is not a number")
		}
	}
	return nil
}

// UnmarshalJSON reads what json.Marshal wrote and refuses everything that [Mixture.Check] refuses.
func (m *Mixture) UnmarshalJSON(data []byte) error {
	type plain Mixture
	var p plain
	if err := json.Unmarshal(data, &p); err != nil {
		return fmt.Errorf("decode evidence: %w", err)
	}
	got := Mixture(p)
	if err := got.Check(); err != nil {
		return fmt.Errorf("decode evidence: %w", err)
	}
	*m = got
	return nil
}

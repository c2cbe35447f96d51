package judge

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/penstock-dev/penstock/internal/evidence"
)

// stateVersion is the format of State's JSON.
const stateVersion = 1

// State is the evidence of one watch. Its JSON form keeps every bit, so a state that was stored and read continues as if
// nothing had happened. The zero value is an empty watch that takes the config of its first tick.
type State struct {
	Version int `json:"version"`
	// Config is the fingerprint of the config that the evidence was collected under.
	Config  string  `json:"config"`
	Ticks   int     `json:"ticks"`   // ticks taken
	Elapsed float64 `json:"elapsed"` // of the last tick
	Weight  float64 `json:"weight"`  // of the last tick
	SLIs    []Watch `json:"slis"`    // in the order of Config.SLIs
}

// Watch is the state of one SLI.
type Watch struct {
	Name string           `json:"name"`
	Harm evidence.Mixture `json:"harm"` // against "at most the tolerated ratio"
	Safe evidence.Mixture `json:"safe"` // against "at least the safe ratio"
	// Peak is the largest logarithm that the evidence of harm has had. Once it reaches 1/alpha the verdict stays.
	Peak float64 `json:"peak"`
	// HarmAt is the elapsed time at which harm was proven.
	HarmAt *float64 `json:"harm_at,omitempty"`
	// Expected is how many of the failures would have been the canary's, had both failed equally often.
	Expected float64 `json:"expected"`
	// Segments sum the counts by configured weight, in the order of appearance.
	Segments []Segment `json:"segments"`
	Missing  int       `json:"missing,omitempty"` // ticks without series
	Late     int       `json:"late,omitempty"`    // ticks with a stale series
	Invalid  int       `json:"invalid,omitempty"` // ticks with impossible numbers
	Last     Code      `json:"last,omitempty"`    // what was wrong with the last tick
}

// Segment is what was counted at one weight.
type Segment struct {
	Weight float64 `json:"weight"`
	// Ticks are those in which each version that is compared served something.
	Ticks  int    `json:"ticks"`
	Counts Counts `json:"counts"`
}

// NewState returns the empty state of a watch under cfg, or why cfg cannot judge.
func NewState(cfg Config) (*State, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("judge config: %w", err)
	}
	cfg = cfg.withDefaults()
	s := &State{Version: stateVersion, Config: cfg.fingerprint(), SLIs: make([]Watch, len(cfg.SLIs))}
	for i, sli := range cfg.SLIs {
		w := Watch{Name: sli.Name, Segments: []Segment{}}
		if cfg.Against == AgainstObjective {
			w.Harm = evidence.NewWide(evidence.Robust, evidence.Above, 1)
			w.Safe = evidence.NewBelow(evidence.Binomial, 1)
		} else {
			w.Harm = evidence.NewAbove(evidence.Robust, sli.Tolerate)
			w.Safe = evidence.NewBelow(evidence.Robust, sli.Safe)
		}
		s.SLIs[i] = w
	}
	return s, nil
}

// Totals sums the counts over all weights.
func (w *Watch) Totals() Counts {
	var c Counts
	for _, seg := range w.Segments {
		c.add(seg.Counts)
	}
	return c
}

// segment returns the sum for a weight, adding it when it is new.
func (w *Watch) segment(weight float64) *Segment {
	for i := range w.Segments {
		if w.Segments[i].Weight == weight {
			return &w.Segments[i]
		}
	}
	w.Segments = append(w.Segments, Segment{Weight: weight})
	return &w.Segments[len(w.Segments)-1]
}

// UnmarshalJSON reads what json.Marshal wrote and refuses what cannot be a state: evidence read from a damaged record would
// be worse than none.
func (s *State) UnmarshalJSON(data []byte) error {
	type plain State
	var p plain
	if err := json.Unmarshal(data, &p); err != nil {
		return fmt.Errorf("decode judge state: %w", err)
	}
	got := State(p)
	if err := got.check(); err != nil {
		return fmt.Errorf("decode judge state: %w", err)
	}
	*s = got
	return nil
}

func (s *State) check() error {
	if s.Version == 0 && s.Config == "" && s.Ticks == 0 && s.Elapsed == 0 && s.Weight == 0 && len(s.SLIs) == 0 {
		return nil // the zero value
	}
	if s.Version != stateVersion {
		return fmt.Errorf("format %d is not known, want %d", s.Version, stateVersion)
	}
	if s.Config == "" || len(s.SLIs) == 0 {
		return errors.New("it names no config or no SLI")
	}
	if s.Ticks < 0 || !finite(s.Elapsed) || s.Elapsed < 0 || !isWeight(s.Weight) {
		return errors.New("its last tick is impossible")
	}
	for i := range s.SLIs {
		if err := s.SLIs[i].check(s.Ticks); err != nil {
			return fmt.Errorf("SLI %q: %w", s.SLIs[i].Name, err)
		}
	}
	return nil
}

func (w *Watch) check(ticks int) error {
	if err := errors.Join(w.Harm.Check(), w.Safe.Check()); err != nil {
		return err
	}
	if w.Harm.Side != evidence.Above || w.Safe.Side != evidence.Below {
		return errors.New("the sides of its evidence are swapped")
	}
	if !finite(w.Peak) || !finite(w.Expected) || w.Expected < 0 || (w.HarmAt != nil && !finite(*w.HarmAt)) {
		return errors.New("a number is out of range")
	}
	if min(w.Missing, w.Late, w.Invalid) < 0 || w.Missing > ticks || w.Late > ticks || w.Invalid > ticks {
		return errors.New("more ticks were bad than there were")
	}
	for _, seg := range w.Segments {
		if !isWeight(seg.Weight) || seg.Ticks < 0 || seg.Ticks > ticks || !seg.Counts.valid() {
			return fmt.Errorf("the counts at weight %v are impossible", seg.Weight)
		}
	}
	if c := w.Totals(); c.CanaryTotal >= maxCount || c.StableTotal >= maxCount {
		return errors.New("the counts are impossible")
	}
	return nil
}

func finite(v float64) bool   { return !math.IsNaN(v) && !math.IsInf(v, 0) }
func isWeight(v float64) bool { return v >= 0 && v <= 100 }

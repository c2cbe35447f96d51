package metrics

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// lookBack is how far before the evaluation a server may look for a sample (Prometheus's own default). An answer of an
// earlier time is stale.
const lookBack = 5 * time.Minute

// answer is what /api/v1/query answers, as https://prometheus.io/docs/prometheus/latest/querying/api/ describes it.
type answer struct {
	Status    string   `json:"status"`
	ErrorType string   `json:"errorType"`
	Error     string   `json:"error"`
	Warnings  []string `json:"warnings"`
	Data      *struct {
		ResultType string          `json:"resultType"`
		Result     json.RawMessage `json:"result"`
	} `json:"data"`
}

// sample is one value at one time.
type sample struct {
	at    time.Time
	value float64
}

// decodeAnswer reads the one sample of an answer. Anything but exactly one is an error.
func decodeAnswer(body []byte) (sample, error) {
	var a answer
	if err := json.Unmarshal(body, &a); err != nil {
		return sample{}, fmt.Errorf("the answer is not what Prometheus answers: %w", err)
	}
	switch {
	case a.Status == "error":
		return sample{}, fmt.Errorf("the server says %s", saying(a))
	case a.Status != "success" || a.Data == nil:
		return sample{}, fmt.Errorf("the answer is not what Prometheus answers: status %q", shorten(a.Status))
	case len(a.Warnings) > 0: // most often a part of the data could not be read
		return sample{}, fmt.Errorf("the server warns of its answer: %s: %w", shorten(strings.Join(a.Warnings, "; ")), ErrNoData)
	}
	switch a.Data.ResultType {
	case "scalar":
		return decodeSample(a.Data.Result)
	case "vector":
		return decodeVector(a.Data.Result)
	}
	return sample{}, fmt.Errorf("the result is a %q, want one number", shorten(a.Data.ResultType))
}

func decodeVector(raw json.RawMessage) (sample, error) {
	var series []struct {
		Value     json.RawMessage `json:"value"`
		Histogram json.RawMessage `json:"histogram"`
	}
	if err := json.Unmarshal(raw, &series); err != nil {
		return sample{}, fmt.Errorf("read the result: %w", err)
	}
	switch {
	case series == nil:
		return sample{}, errors.New("read the result: there is none")
	case len(series) == 0:
		return sample{}, fmt.Errorf("the query finds no series: %w", ErrNoData)
	case len(series) > 1:
		return sample{}, fmt.Errorf("the query finds %d series, want one: aggregate them, for example with sum", len(series))
	case series[0].Value == nil && series[0].Histogram != nil:
		return sample{}, errors.New("the result is a histogram, want one number")
	}
	return decodeSample(series[0].Value)
}

// decodeSample reads [seconds, "value"].
func decodeSample(raw json.RawMessage) (sample, error) {
	var pair []json.RawMessage
	if err := json.Unmarshal(raw, &pair); err != nil || len(pair) != 2 {
		return sample{}, errors.New("read the result: a sample is a time and a value")
	}
	var seconds *float64
	var text *string
	if err := json.Unmarshal(pair[0], &seconds); err != nil || seconds == nil || math.Abs(*seconds) > 1e11 {
		return sample{}, errors.New("read the result: the sample's time is not a number of seconds")
	}
	if err := json.Unmarshal(pair[1], &text); err != nil || text == nil {
		return sample{}, errors.New("read the result: the sample's value is not a text")
	}
	v, err := strconv.ParseFloat(*text, 64)
	if err != nil {
		return sample{}, fmt.Errorf("read the result: %q is not a number", shorten(*text))
	}
	return sample{at: time.UnixMilli(int64(math.Round(*seconds * 1000))), value: v}, nil
}

// number is the value, when it is one and belongs to the time that was asked for.
func (s sample) number(at time.Time) (float64, error) {
	switch {
	case math.IsNaN(s.value) || math.IsInf(s.value, 0):
		return 0, fmt.Errorf("the result is %g, most often a ratio without traffic: %w", s.value, ErrNoData)
	case at.Sub(s.at) > lookBack:
		return 0, fmt.Errorf("the answer is of %s before the time asked for: %w", at.Sub(s.at).Round(time.Second), ErrStale)
	case s.at.Sub(at) > lookBack:
		return 0, fmt.Errorf("the answer is of %s after the time asked for", s.at.Sub(at).Round(time.Second))
	}
	return s.value, nil
}

// refusal says why the server gave no answer, in its own words where it has some.
func refusal(status string, body []byte) error {
	var a answer
	if err := json.Unmarshal(body, &a); err == nil && a.Status == "error" {
		return fmt.Errorf("%s: %s", shorten(status), saying(a))
	}
	return errors.New(shorten(status))
}

func saying(a answer) string { return shorten(strings.TrimPrefix(a.ErrorType+": "+a.Error, ": ")) }

// shorten makes a server's text fit into one line.
func shorten(s string) string {
	const longest = 300
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	if r := []rune(s); len(r) > longest {
		return string(r[:longest]) + "…"
	}
	return s
}

package judge

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Explain says in one line, with its numbers, why the finding is what it is: the deciding SLIs that show harm, otherwise all.
func (f Finding) Explain() string {
	var parts []string
	for _, c := range f.Codes {
		parts = append(parts, string(c))
	}
	for _, s := range f.SLIs {
		if f.Verdict == Harm && (s.Verdict != Harm || s.DryRun) {
			continue
		}
		parts = append(parts, s.Explain())
	}
	if len(parts) == 0 {
		return string(f.Verdict)
	}
	return string(f.Verdict) + ": " + strings.Join(parts, "; ")
}

// Explain says in one line how the watch ended and why.
func (c Conclusion) Explain() string {
	head := string(c.Outcome)
	if c.Outcome == Pass {
		head += " (" + string(c.Require) + ")"
	}
	if c.Inconclusive != "" {
		head += ", then " + c.Inconclusive
	}
	return head + ": " + strings.TrimPrefix(c.Finding.Explain(), string(c.Finding.Verdict)+": ")
}

// Explain says in one line what the counts are, what equal versions would show, how strong the evidence is and what it takes.
func (f SLIFinding) Explain() string {
	var b strings.Builder
	b.WriteString(f.Name)
	if f.DryRun {
		b.WriteString(" (dry run)")
	}
	b.WriteString(": " + f.numbers())
	switch f.Verdict {
	case Harm:
		fmt.Fprintf(&b, "; harm proven at %s, evidence %s against %s (proof at %s)",
			seconds(*f.HarmAt), odds(f.HarmPeak), f.claim("at most", f.Tolerate), odds(-math.Log(f.HarmAlpha)))
	case Safe:
		fmt.Fprintf(&b, "; proven safe, evidence %s against %s (proof at %s)",
			odds(f.SafeLog), f.claim("at least", f.Safe), odds(-math.Log(f.SafeAlpha)))
	default:
		fmt.Fprintf(&b, "; evidence of harm %s (proof at %s), of safety %s (proof at %s)",
			odds(f.HarmLog), odds(-math.Log(f.HarmAlpha)), odds(f.SafeLog), odds(-math.Log(f.SafeAlpha)))
	}
	if f.Seen != nil && f.Verdict != Harm {
		b.WriteString("; " + f.Seen.text(f.Against))
	}
	for i, c := range f.Codes {
		b.WriteString([]string{"; missing: ", ", "}[min(i, 1)] + string(c))
	}
	return b.String()
}

func (f SLIFinding) numbers() string {
	c := f.Counts
	if c.CanaryTotal == 0 && c.StableTotal == 0 {
		return "no requests counted"
	}
	if f.Against == AgainstObjective {
		return fmt.Sprintf("canary failed %s of %s; its budget of %s %% allows %s",
			count(c.CanaryBad), count(c.CanaryTotal), short(100*f.Budget), short(f.Expected))
	}
	if c.CanaryBad+c.StableBad == 0 {
		return fmt.Sprintf("nothing failed, canary 0 of %s, stable 0 of %s", count(c.CanaryTotal), count(c.StableTotal))
	}
	return fmt.Sprintf("canary failed %s of %s, stable %s of %s; equally good versions would put %s of these %s failures on the canary",
		count(c.CanaryBad), count(c.CanaryTotal), count(c.StableBad), count(c.StableTotal), short(f.Expected), count(c.CanaryBad+c.StableBad))
}

func (f SLIFinding) claim(bound string, ratio float64) string {
	if f.Against == AgainstObjective {
		return fmt.Sprintf("%s %s the budget", bound, times(ratio))
	}
	return fmt.Sprintf("%s %s stable's failures", bound, times(ratio))
}

// text says what would have been seen, or that nothing would.
func (s Seen) text(a Against) string {
	if s.Ratio == 0 {
		return "not even a canary that fails every request would have been found out"
	}
	of := "stable"
	switch {
	case a == AgainstObjective:
		of = "the budget"
	case s.Assumed:
		of = fmt.Sprintf("a stable version that fails once in %s", count(uint64(math.Round(1/s.Baseline))))
	}
	return fmt.Sprintf("no harm found, could have seen ≥ %s %s (%s %% of the canary's requests)", times(s.Ratio), of, short(100*s.Share))
}

// odds writes evidence as "41:1"; below 1:1 as "1:3". Digits beyond a billion to one say nothing more.
func odds(log float64) string {
	const most = 1e9
	switch v := math.Exp(math.Abs(log)); {
	case v > most && log > 0:
		return "over 1,000,000,000:1"
	case v > most:
		return "under 1:1,000,000,000"
	case log < 0:
		return "1:" + short(v)
	default:
		return short(v) + ":1"
	}
}

func times(r float64) string { return short(r) + "x" }

func seconds(s float64) string { return short(s) + " s" }

// short writes three significant digits, whole numbers above 1,000 with separators.
func short(v float64) string {
	if v >= 1000 {
		return count(uint64(math.Round(v)))
	}
	return strconv.FormatFloat(round3(v), 'f', -1, 64)
}

func round3(v float64) float64 {
	if v == 0 {
		return 0
	}
	digits := math.Pow(10, math.Max(0, 2-math.Floor(math.Log10(math.Abs(v)))))
	return math.Round(v*digits) / digits
}

// count writes a number with separators: 57,000.
func count(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

package check

import (
	"slices"
	"strings"

	"github.com/penstock-dev/penstock/schema"
)

// waived reports whether the pipeline waives a policy for a stage on the day of the check. A check that says the same as
// the policy is silent then: the waiver has a reason, an owner and an end, and the audit counts it. Where no day is known it
// holds, for the policy asks again.
func (p *pass) waived(code schema.PolicyCode, stage string) bool {
	w, ok := p.pipe.Waivers[code]
	if !ok || strings.TrimSpace(w.Reason) == "" || strings.TrimSpace(w.Owner) == "" || w.Expires == "" {
		return false
	}
	return p.today <= string(w.Expires) && (len(w.Stages) == 0 || slices.Contains(w.Stages, schema.StageName(stage)))
}

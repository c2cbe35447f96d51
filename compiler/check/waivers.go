package check

func waiverDocs() []Doc {
	return []Doc{{
		Code:  "waiver-expired",
		Allow: true,
		Title: "a waiver has expired",
		What:  "The last day of a waiver is over. It is a warning: the pipeline still compiles, so that a release can be taken back; the rule waiver-valid denies the plan.",
		Why:   "The rule that was waived binds again, and what the waiver promised to mend by then is due.",
		Bad:   `waivers: "production-slo": {reason: "no traffic yet", owner: "web", expires: "2020-03-31"}`,
		Good:  `waivers: "production-slo": {reason: "no traffic yet", owner: "web", expires: "2099-12-31"}`,
	}}
}

// waivers looks at the calendar, where there is one.
func waivers(p *pass) {
	if p.today == "" {
		return
	}
	for code, w := range p.pipe.Waivers {
		if w.Expires == "" || string(w.Expires) >= p.today {
			continue
		}
		d := p.warnf("waiver-expired", root("waivers").field(string(code)).field("expires"), "the waiver of %q expired on %s", code, w.Expires)
		d.Hint = "meet the rule and remove the waiver, or agree on a later day with " + w.Owner
	}
}

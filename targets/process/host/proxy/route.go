package proxy

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// Match is one condition on a request. Requests that meet all conditions of a route go to the canary, whatever the weight.
type Match struct {
	// Header or Cookie is the name looked for; exactly one of them is set.
	Header string `json:"header,omitempty"`
	Cookie string `json:"cookie,omitempty"`
	// Exact, Prefix and Regex compare the value; at most one is set, and with none any value will do.
	// Regex is an RE2 expression that must match the whole value.
	Exact  string `json:"exact,omitempty"`
	Prefix string `json:"prefix,omitempty"`
	Regex  string `json:"regex,omitempty"`
}

// condition is a Match ready for use.
type condition struct {
	Match
	re *regexp.Regexp
}

// compile checks conditions and prepares them.
func compile(ms []Match) ([]condition, error) {
	out := make([]condition, 0, len(ms))
	for _, m := range ms {
		c := condition{Match: m}
		if (m.Header == "") == (m.Cookie == "") {
			return nil, fmt.Errorf("a match needs exactly one of header and cookie")
		}
		if m.Regex != "" {
			re, err := regexp.Compile("^(?:" + m.Regex + ")$")
			if err != nil {
				return nil, fmt.Errorf("match %s%s: %w", m.Header, m.Cookie, err)
			}
			c.re = re
		}
		out = append(out, c)
	}
	return out, nil
}

// meets reports whether a request carries what the condition asks for.
func (c *condition) meets(r *http.Request) bool {
	if c.Cookie != "" {
		for _, ck := range r.CookiesNamed(c.Cookie) {
			if c.accepts(ck.Value) {
				return true
			}
		}
		return false
	}
	for _, v := range r.Header.Values(c.Header) {
		if c.accepts(strings.TrimSpace(v)) {
			return true
		}
	}
	return false
}

// accepts compares one value.
func (c *condition) accepts(v string) bool {
	switch {
	case c.re != nil:
		return c.re.MatchString(v)
	case c.Prefix != "":
		return strings.HasPrefix(v, c.Prefix)
	case c.Exact != "":
		return v == c.Exact
	}
	return true
}

// Route says which versions requests go to.
type Route struct {
	// Stable takes what the canary does not; nil before the first release.
	Stable *Upstream
	// Canary takes Weight percent, and the requests that meet all Matches if there are any; nil when there is none.
	Canary  *Upstream
	Weight  float64
	Matches []Match
}

// routeState is a Route in force; changed is closed when another one replaces it.
type routeState struct {
	Route
	conditions []condition
	deck       *deck
	changed    chan struct{}
}

// choose picks the version for a request. It returns nil when nothing takes traffic.
func (s *routeState) choose(r *http.Request) (u *Upstream, matched bool) {
	if s.Canary == nil {
		return s.Stable, false
	}
	if len(s.conditions) > 0 && s.meetsAll(r) {
		return s.Canary, true
	}
	if s.deck.deal() {
		return s.Canary, false
	}
	return s.Stable, false
}

// meetsAll reports whether a request meets every condition of the route.
func (s *routeState) meetsAll(r *http.Request) bool {
	for i := range s.conditions {
		if !s.conditions[i].meets(r) {
			return false
		}
	}
	return true
}

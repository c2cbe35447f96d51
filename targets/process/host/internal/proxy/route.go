package proxy

import (
	"net/http"
	"strings"
)

// Match sends a request to the canary whatever the weight, when the header or cookie it names has the value.
type Match struct {
	// Header or Cookie is the name looked for; exactly one of them is set.
	Header string `json:"header,omitempty"`
	Cookie string `json:"cookie,omitempty"`
	// Value is compared exactly; empty means that any value will do.
	Value string `json:"value,omitempty"`
}

// matches reports whether a request carries what m asks for.
func (m Match) matches(r *http.Request) bool {
	if m.Cookie != "" {
		c, err := r.Cookie(m.Cookie)
		return err == nil && (m.Value == "" || c.Value == m.Value)
	}
	for _, v := range r.Header.Values(m.Header) {
		if m.Value == "" || strings.TrimSpace(v) == m.Value {
			return true
		}
	}
	return false
}

// Route says which versions requests go to.
type Route struct {
	// Stable takes what the canary does not; nil before the first release.
	Stable *Upstream
	// Canary takes Weight percent and whatever a Match names; nil when there is none.
	Canary  *Upstream
	Weight  float64
	Matches []Match
}

// routeState is a Route in force; changed is closed when another one replaces it.
type routeState struct {
	Route
	deck    *deck
	changed chan struct{}
}

// choose picks the version for a request. It returns nil when nothing takes traffic.
func (s *routeState) choose(r *http.Request) (u *Upstream, matched bool) {
	if s.Canary == nil {
		return s.Stable, false
	}
	for _, m := range s.Matches {
		if m.matches(r) {
			return s.Canary, true
		}
	}
	if s.deck.deal() {
		return s.Canary, false
	}
	return s.Stable, false
}

package sshsig

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// ErrSigners means that a list of signers can't be read, or asks for what isn't supported.
var ErrSigners = errors.New("allowed signers")

// Signers is a parsed allowed_signers file.
type Signers []Signer

// Signer is one line of it.
type Signer struct {
	// Principals are names, never patterns.
	Principals []string
	Key        ssh.PublicKey
	// Namespaces are patterns; none allows all.
	Namespaces []string
	// After and Before bound when the key is valid, both ends included; zero is no bound.
	After, Before time.Time
}

// ParseSigners reads an allowed_signers file. Lines that ssh-keygen accepts but whose meaning would be weak or differ from
// machine to machine are refused, each with its line number: certificate authorities, patterns as principals, times
// without Z. All errors are [ErrSigners].
func ParseSigners(file []byte) (Signers, error) {
	var out Signers
	n := 0
	for line := range bytes.Lines(file) {
		n++
		text := strings.TrimSpace(string(line))
		if text == "" || text[0] == '#' {
			continue
		}
		s, err := parseSigner(text)
		if err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrSigners, n, err)
		}
		out = append(out, s)
	}
	return out, nil
}

func parseSigner(text string) (Signer, error) {
	var s Signer
	names, rest := field(text)
	if names == "" || rest == "" {
		return s, errors.New("wants principals, options and a key")
	}
	for name := range strings.SplitSeq(strings.Trim(names, `"`), ",") {
		if name == "" || strings.ContainsAny(name, "*?!\"") {
			return s, fmt.Errorf("principal %q: name people, not patterns", name)
		}
		s.Principals = append(s.Principals, name)
	}
	key, _, options, trailing, err := ssh.ParseAuthorizedKey([]byte(rest))
	if err != nil {
		return s, fmt.Errorf("key: %w", err)
	}
	if len(trailing) > 0 {
		return s, errors.New("more than one line")
	}
	if err := checkKey(key); err != nil {
		return s, err
	}
	s.Key = key
	for _, o := range options {
		if err := s.option(o); err != nil {
			return s, err
		}
	}
	if !s.After.IsZero() && !s.Before.IsZero() && !s.Before.After(s.After) {
		return s, errors.New("valid-before is not after valid-after")
	}
	return s, nil
}

// field cuts the first field off, which may be quoted.
func field(text string) (first, rest string) {
	quoted := false
	for i, r := range text {
		if r == '"' {
			quoted = !quoted
		}
		if !quoted && (r == ' ' || r == '\t') {
			return text[:i], strings.TrimSpace(text[i:])
		}
	}
	return text, ""
}

func (s *Signer) option(o string) error {
	name, value, has := strings.Cut(o, "=")
	if has {
		if len(value) < 3 || value[0] != '"' || value[len(value)-1] != '"' {
			return fmt.Errorf("option %s wants a value in quotes", name)
		}
		value = value[1 : len(value)-1]
	}
	var err error
	switch name = strings.ToLower(name); {
	case name == "cert-authority":
		return errors.New("cert-authority is not supported: list the keys of people")
	case name == "namespaces" && has && s.Namespaces == nil:
		s.Namespaces = strings.Split(value, ",")
	case name == "valid-after" && has && s.After.IsZero():
		s.After, err = moment(value)
	case name == "valid-before" && has && s.Before.IsZero():
		s.Before, err = moment(value)
	default:
		return fmt.Errorf("option %q is unknown, repeated or misses its value", o)
	}
	if err != nil {
		return fmt.Errorf("option %s: %w", name, err)
	}
	return nil
}

// moment reads YYYYMMDDZ, YYYYMMDDHHMMZ or YYYYMMDDHHMMSSZ.
func moment(text string) (time.Time, error) {
	digits, utc := strings.CutSuffix(text, "Z")
	if !utc {
		return time.Time{}, fmt.Errorf("%q means another moment on every machine: end it with Z", text)
	}
	for _, layout := range []string{"20060102", "200601021504", "20060102150405"} {
		if len(layout) == len(digits) {
			return time.Parse(layout, digits)
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time: YYYYMMDD[HHMM[SS]]Z", text)
}

// Principals returns who the key stands for, for a namespace, at every one of the given times; sorted, each once.
func (s Signers) Principals(key ssh.PublicKey, namespace string, at ...time.Time) []string {
	var out []string
	for _, l := range s {
		if bytes.Equal(l.Key.Marshal(), key.Marshal()) && l.allows(namespace) && !slices.ContainsFunc(at, l.outside) {
			out = append(out, l.Principals...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (s Signer) outside(at time.Time) bool {
	return !s.After.IsZero() && at.Before(s.After) || !s.Before.IsZero() && at.After(s.Before)
}

// allows reports whether the list of patterns admits a namespace: one matches, and none with "!" does.
func (s Signer) allows(namespace string) bool {
	in := len(s.Namespaces) == 0
	for _, p := range s.Namespaces {
		pattern, not := strings.CutPrefix(p, "!")
		if !matches(pattern, namespace) {
			continue
		}
		if not {
			return false
		}
		in = true
	}
	return in
}

// matches compares with a pattern of ssh: "*" is any run of characters, "?" any one. It goes back to the last star only,
// so it takes at most len(pattern)·len(text) steps.
func matches(pattern, text string) bool {
	p, t, star, from := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			from++
			p, t = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

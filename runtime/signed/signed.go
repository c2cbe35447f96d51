// Package signed makes answers of people provable: the statement that an ssh key signs, and what a signed answer has to
// be for its name to count. Who may sign is the word of the plan: each group's allowed_signers file, by the digest that was
// reviewed. A signed answer carries the files it rests on, so that it can be verified for ever and anywhere.
package signed

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/internal/sshsig"
	"github.com/penstock-dev/penstock/runtime/event"
)

// Namespace is the purpose that signatures name: one made for anything else doesn't count.
const Namespace = "penstock-approval@v1"

// How is what [event.Actor] says of people whose signature was verified.
const How = "ssh"

const (
	osUser      = "os-user"
	format      = "penstock-approval@v1"
	maxSigners  = 1 << 20
	maxAhead    = 5 * time.Minute // how far a signer's clock may be ahead
	answerYes   = "approve"
	answerNo    = "reject"
	digestLabel = "sha256:"
)

// Why a signed answer doesn't count, besides the errors of sshsig.
var (
	ErrStatement = errors.New("what was signed is not this answer")
	ErrSigners   = errors.New("the list of signers is not the one that was reviewed with the plan")
	ErrUnknown   = errors.New("no group of the plan lets that key sign")
	ErrAmbiguous = errors.New("the key stands for several people")
	ErrUnsigned  = errors.New("it says that it is signed, and is not")
	ErrFuture    = errors.New("it was signed in the future: a clock is wrong")
)

// Context is what an answer is about.
type Context struct {
	Run     event.RunID
	Node    plan.NodeID
	Plan    plan.ID
	Subject string
	Reject  bool
}

// statement is what is signed, as JSON with the fields in this order.
type statement struct {
	Format  string      `json:"format"`
	Run     event.RunID `json:"run"`
	Node    plan.NodeID `json:"node"`
	Plan    plan.ID     `json:"plan"`
	Subject string      `json:"subject"`
	Answer  string      `json:"answer"`
	Reason  string      `json:"reason"`
	At      time.Time   `json:"at"`
}

func (c Context) statement(reason string, at time.Time) ([]byte, error) {
	s := statement{format, c.Run, c.Node, c.Plan, c.Subject, answerYes, reason, at.UTC()}
	if c.Reject {
		s.Answer = answerNo
	}
	b, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("write statement: %w", err)
	}
	return b, nil
}

// Sign answers with a key. read returns the content of a group's list of signers by the path in the plan. Who the answer
// is by is what [Verify] says.
func Sign(p *plan.Plan, c Context, reason string, at time.Time, key ssh.Signer, read func(path string) ([]byte, error)) (event.Approval, error) {
	text, err := c.statement(reason, at)
	if err != nil {
		return event.Approval{}, err
	}
	sig, err := sshsig.Sign(key, Namespace, text)
	if err != nil {
		return event.Approval{}, err
	}
	a := event.Approval{Subject: c.Subject, Reason: reason, Signature: &event.Signature{Statement: string(text), Armored: string(sig)}}
	held := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(p.Groups)) {
		g := p.Groups[name]
		if g.Signers == "" || held[g.SignersDigest] {
			continue
		}
		b, err := read(g.Signers)
		if err != nil {
			return event.Approval{}, fmt.Errorf("signers of group %s: %w", name, err)
		}
		if Digest(b) != g.SignersDigest {
			return event.Approval{}, fmt.Errorf("%s of group %s: %w", g.Signers, name, ErrSigners)
		}
		held[g.SignersDigest] = true
		a.Signature.Signers = append(a.Signature.Signers, string(b))
	}
	a.By, err = Verify(p, c, a, at)
	return a, err
}

// Verify says who signed an answer, in which groups, by the plan's lists; seen is when the answer was taken in. The key
// has to be valid both then and when it signed. What the answer itself says about its author is not looked at.
func Verify(p *plan.Plan, c Context, a event.Approval, seen time.Time) (event.Actor, error) {
	if a.Signature == nil {
		return event.Actor{}, ErrUnsigned
	}
	at, err := c.check(a)
	if err != nil {
		return event.Actor{}, err
	}
	if at.After(seen.Add(maxAhead)) {
		return event.Actor{}, ErrFuture
	}
	sig, err := sshsig.Parse([]byte(a.Signature.Armored))
	if err != nil {
		return event.Actor{}, err
	}
	if err := sig.Verify([]byte(a.Signature.Statement), Namespace); err != nil {
		return event.Actor{}, err
	}
	lists, err := admitted(a.Signature.Signers)
	if err != nil {
		return event.Actor{}, err
	}
	who, err := signer(p, lists, sig.Key, at, seen)
	if err != nil {
		return event.Actor{}, fmt.Errorf("key %s: %w", ssh.FingerprintSHA256(sig.Key), err)
	}
	who.Proof = Digest([]byte(a.Signature.Armored))
	return who, nil
}

// check holds the statement against the answer and returns when it was signed.
func (c Context) check(a event.Approval) (time.Time, error) {
	var s statement
	dec := json.NewDecoder(bytes.NewReader([]byte(a.Signature.Statement)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return time.Time{}, fmt.Errorf("%w: %w", ErrStatement, err)
	}
	want, err := c.statement(a.Reason, s.At)
	if err != nil {
		return time.Time{}, err
	}
	switch {
	case a.Subject != c.Subject || s.Subject != c.Subject:
		return time.Time{}, fmt.Errorf("%w: its subject is %s instead of %s", ErrStatement, s.Subject, c.Subject)
	case s.Run != c.Run || s.Node != c.Node || s.Plan != c.Plan:
		return time.Time{}, fmt.Errorf("%w: it is about %q of run %s", ErrStatement, s.Node, s.Run)
	case string(want) != a.Signature.Statement:
		return time.Time{}, fmt.Errorf("%w: answer or reason differ, or it isn't written canonically", ErrStatement)
	}
	return s.At, nil
}

// admitted parses lists of signers, by digest.
func admitted(files []string) (map[string]sshsig.Signers, error) {
	out := map[string]sshsig.Signers{}
	size := 0
	for _, f := range files {
		if size += len(f); size > maxSigners {
			return nil, fmt.Errorf("lists of signers have more than %d bytes", maxSigners)
		}
		list, err := sshsig.ParseSigners([]byte(f))
		if err != nil {
			return nil, err
		}
		out[Digest([]byte(f))] = list
	}
	return out, nil
}

// signer is the one member of the plan's groups that a key stands for. A key that stands for two people would let one
// person be a quorum.
func signer(p *plan.Plan, lists map[string]sshsig.Signers, key ssh.PublicKey, at ...time.Time) (event.Actor, error) {
	who := event.Actor{How: How}
	names := map[string][]string{} // principal → groups
	missing := false
	for _, group := range slices.Sorted(maps.Keys(p.Groups)) {
		g := p.Groups[group]
		if g.SignersDigest == "" {
			continue
		}
		list, ok := lists[g.SignersDigest]
		missing = missing || !ok
		for _, name := range list.Principals(key, Namespace, at...) {
			if len(g.Members) == 0 || slices.Contains(g.Members, "user:"+name) {
				names[name] = append(names[name], group)
			}
		}
	}
	switch {
	case missing:
		return who, ErrSigners
	case len(names) == 0:
		return who, ErrUnknown
	case len(names) > 1:
		return who, fmt.Errorf("%w: %v", ErrAmbiguous, slices.Sorted(maps.Keys(names)))
	}
	for name, groups := range names {
		who.Name, who.Groups = name, groups
	}
	for group, g := range p.Groups { // groups without a list name their members only
		if g.SignersDigest == "" && slices.Contains(g.Members, "user:"+who.Name) {
			who.Groups = append(who.Groups, group)
		}
	}
	slices.Sort(who.Groups)
	return who, nil
}

// Admit returns an answer with what is proven about who gave it, or why it doesn't count. An answer without a signature
// is one of an OS user: it claims nothing better.
func Admit(p *plan.Plan, c Context, a event.Approval, seen time.Time) (event.Approval, error) {
	if a.Signature == nil {
		if a.By.How != osUser {
			return a, ErrUnsigned
		}
		return a, nil
	}
	who, err := Verify(p, c, a, seen)
	a.By = who
	return a, err
}

// Digest is the sha256 of bytes as plans write it.
func Digest(b []byte) string {
	sum := sha256.Sum256(b)
	return digestLabel + hex.EncodeToString(sum[:])
}

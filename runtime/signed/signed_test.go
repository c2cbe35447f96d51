package signed

import (
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/internal/sshsig"
	"github.com/penstock-dev/penstock/runtime/event"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func key(t *testing.T, seed byte) (ssh.Signer, string) {
	t.Helper()
	s, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune(seed)), 32))))
	if err != nil {
		t.Fatal(err)
	}
	return s, string(ssh.MarshalAuthorizedKey(s.PublicKey()))
}

func TestVerify(t *testing.T) {
	signer, pub := key(t, 'a')
	other, _ := key(t, 'b')
	list := "ada " + pub
	p := &plan.Plan{Groups: map[string]plan.Group{
		"sre":  {Members: []string{"user:ada", "user:bob"}, Signers: "s", SignersDigest: Digest([]byte(list))},
		"all":  {Members: []string{"user:ada"}},
		"none": {Members: []string{"user:eve"}, Signers: "s", SignersDigest: Digest([]byte(list))},
	}}
	read := func(string) ([]byte, error) { return []byte(list), nil }
	c := Context{Run: "r1", Node: "go/approve", Plan: "sha256:1", Subject: "sha256:2"}
	a, err := Sign(p, c, "fine <now>", noon, signer, read)
	if err != nil {
		t.Fatal(err)
	}
	if a.By.Name != "ada" || a.By.How != "ssh" || strings.Join(a.By.Groups, ",") != "all,sre" || a.By.Proof != Digest([]byte(a.Signature.Armored)) {
		t.Errorf("by %+v", a.By)
	}
	if _, err := Sign(p, c, "", noon, other, read); !errors.Is(err, ErrUnknown) {
		t.Errorf("another key: %v", err)
	}
	if _, err := Sign(p, c, "", noon, signer, func(string) ([]byte, error) { return []byte(list + "#"), nil }); !errors.Is(err, ErrSigners) {
		t.Errorf("another list: %v", err)
	}
	for name, x := range map[string]struct {
		edit func(*Context, *event.Approval, *event.Signature)
		want error
	}{
		"run":          {func(c *Context, _ *event.Approval, _ *event.Signature) { c.Run = "r2" }, ErrStatement},
		"node":         {func(c *Context, _ *event.Approval, _ *event.Signature) { c.Node = "x" }, ErrStatement},
		"plan":         {func(c *Context, _ *event.Approval, _ *event.Signature) { c.Plan = "x" }, ErrStatement},
		"subject":      {func(c *Context, _ *event.Approval, _ *event.Signature) { c.Subject = "x" }, ErrStatement},
		"both subject": {func(c *Context, a *event.Approval, _ *event.Signature) { c.Subject, a.Subject = "x", "x" }, ErrStatement},
		"no for yes":   {func(c *Context, _ *event.Approval, _ *event.Signature) { c.Reject = true }, ErrStatement},
		"reason":       {func(_ *Context, a *event.Approval, _ *event.Signature) { a.Reason = "x" }, ErrStatement},
		"not JSON":     {func(_ *Context, _ *event.Approval, s *event.Signature) { s.Statement = "x" }, ErrStatement},
		"spaces":       {func(_ *Context, _ *event.Approval, s *event.Signature) { s.Statement += " " }, ErrStatement},
		"time": {func(_ *Context, _ *event.Approval, s *event.Signature) {
			s.Statement = strings.Replace(s.Statement, "T12", "T11", 1)
		}, sshsig.ErrMismatch},
		"no list":   {func(_ *Context, _ *event.Approval, s *event.Signature) { s.Signers = nil }, ErrSigners},
		"own list":  {func(_ *Context, _ *event.Approval, s *event.Signature) { s.Signers = []string{"bob " + pub} }, ErrSigners},
		"no armor":  {func(_ *Context, _ *event.Approval, s *event.Signature) { s.Armored = "" }, sshsig.ErrFormat},
		"other how": {func(_ *Context, a *event.Approval, _ *event.Signature) { a.Signature, a.By.How = nil, "oidc" }, ErrUnsigned},
		"unsigned":  {func(_ *Context, a *event.Approval, _ *event.Signature) { a.Signature = nil }, ErrUnsigned},
	} {
		about, edited, sig := c, a, *a.Signature
		edited.Signature = &sig
		x.edit(&about, &edited, &sig)
		if _, err := Admit(p, about, edited, noon); !errors.Is(err, x.want) {
			t.Errorf("%s: %v, want %v", name, err, x.want)
		}
	}
	if _, err := Verify(p, c, a, noon.Add(-time.Hour)); !errors.Is(err, ErrFuture) {
		t.Errorf("signed in the future: %v", err)
	}
	forged := a
	forged.By = event.Actor{Name: "bob", How: "ssh", Groups: []string{"none"}}
	if got, err := Admit(p, c, forged, noon); err != nil || got.By.Name != "ada" {
		t.Errorf("by %s (%v), want what is proven", got.By.Name, err)
	}
}

func TestOneKeyOnePerson(t *testing.T) {
	signer, pub := key(t, 'a')
	list := "ada,bob " + pub
	p := &plan.Plan{Groups: map[string]plan.Group{
		"sre": {Members: []string{"user:ada", "user:bob"}, Signers: "s", SignersDigest: Digest([]byte(list))},
	}}
	read := func(string) ([]byte, error) { return []byte(list), nil }
	if _, err := Sign(p, Context{Run: "r"}, "", noon, signer, read); !errors.Is(err, ErrAmbiguous) {
		t.Errorf("a key of two members: %v", err)
	}
}

package runtime_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/penstock-dev/penstock/compiler"
	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/signed"
	"github.com/penstock-dev/penstock/runtime/store"
)

// signedRun is a plan whose release managers sign with a key, and that key.
func signedRun(t *testing.T) (plan.File, *plan.Plan, ssh.Signer, []byte) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	list := append([]byte(`ada namespaces="`+signed.Namespace+`" `), ssh.MarshalAuthorizedKey(key.PublicKey())...)
	all, diags, err := compiler.Compile(t.Context(), compiler.Options{Dir: "../examples/payments"})
	if err != nil || diags.HasErrors() {
		t.Fatal(err, diags)
	}
	p := *all[0].Plan
	p.Groups = map[string]plan.Group{"release-managers": {Members: []string{"user:ada"}, Signers: "keys/signers", SignersDigest: signed.Digest(list)}}
	f, err := plan.Seal(&p, all[0].File.Provenance)
	if err != nil {
		t.Fatal(err)
	}
	return f, &p, key, list
}

// The audit verifies each signed answer again, with nothing but the record.
func TestCheckSignatures(t *testing.T) {
	f, p, key, list := signedRun(t)
	const run, node = "run-1", "approval/approve"
	at := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	c := signed.Context{Run: run, Node: node, Plan: f.ID, Subject: "sha256:subject"}
	good, err := signed.Sign(p, c, "looks fine", at, key, func(string) ([]byte, error) { return list, nil })
	if err != nil {
		t.Fatal(err)
	}
	good.Subject = c.Subject
	if good, err = signed.Admit(p, c, good, at); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		change func(*event.Approval)
		bad    bool
	}{
		"as it was signed": {func(*event.Approval) {}, false},
		"for something else": {func(a *event.Approval) {
			a.Signature.Statement = a.Signature.Statement[:len(a.Signature.Statement)-2] + " }"
		}, true},
		"by somebody else":  {func(a *event.Approval) { a.By.Name = "eve" }, true},
		"signature broken":  {func(a *event.Approval) { a.Signature.Armored = a.Signature.Armored[:80] }, true},
		"signature removed": {func(a *event.Approval) { a.Signature = nil }, true},
		"another list":      {func(a *event.Approval) { a.Signature.Signers = []string{"eve " + string(list[4:])} }, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b, err := plan.Encode(f)
			if err != nil {
				t.Fatal(err)
			}
			st := store.NewMemory()
			defer st.Close()
			if err := st.PutPlan(t.Context(), f.ID, b); err != nil {
				t.Fatal(err)
			}
			a := good
			if good.Signature != nil {
				sig := *good.Signature
				a.Signature = &sig
			}
			tt.change(&a)
			events := []event.Event{
				event.Event{Run: run, Time: at, Type: event.RunStarted}.With(event.Started{Format: event.Format, Plan: f.ID, Release: "r"}),
				event.Event{Run: run, Time: at, Type: event.ApprovalRequested, Node: node}.With(event.ApprovalRequest{Subject: c.Subject}),
				event.Event{Run: run, Time: at, Type: event.ApprovalGiven, Node: node}.With(a),
			}
			if _, err := st.Append(t.Context(), run, events); err != nil {
				t.Fatal(err)
			}
			problems, err := runtime.CheckSignatures(t.Context(), st, run)
			if err != nil {
				t.Fatal(err)
			}
			if (len(problems) > 0) != tt.bad || tt.bad && problems[0].Kind != store.ProblemApproval {
				t.Errorf("found %+v, want trouble: %v", problems, tt.bad)
			}
		})
	}
}

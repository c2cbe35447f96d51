package e2e

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/penstock-dev/penstock/internal/sshsig"
	"github.com/penstock-dev/penstock/runtime"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/signed"
	"github.com/penstock-dev/penstock/runtime/store"
	"github.com/penstock-dev/penstock/test/site"
)

// keyPair writes a private key and returns its path and its line for a list of signers.
func keyPair(t *testing.T, name string) (path, line string) {
	t.Helper()
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, name)
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := ssh.NewPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	return path, name + ` namespaces="penstock-approval@v1" ` + string(bytes.TrimSpace(ssh.MarshalAuthorizedKey(p))) + "\n"
}

const waived = `	waivers: {
		"lower-tier-first": {reason: "one machine", owner: "web", expires: "2099-12-31"}
		"production-judged": {reason: "one machine", owner: "web", expires: "2099-12-31"}
	}
`

// forge posts an answer as somebody who may write to the store, around what the command checks.
func forge(t *testing.T, s *site.Site, keyFile string, edit func(*signed.Context, *event.Approval)) {
	t.Helper()
	ctx := t.Context()
	st, err := store.Open(ctx, s.Dir)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	runs, err := st.Runs(ctx, store.Filter{})
	if err != nil || len(runs) != 1 {
		t.Fatalf("%d runs (%v)", len(runs), err)
	}
	l, err := runtime.Load(ctx, st, runs[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	about := signed.Context{Run: runs[0].ID, Node: "asked/approve", Plan: runs[0].Plan}
	about.Subject, _, _, _ = l.State.Asked(about.Node)
	edit(&about, nil)
	key, done, err := sshsig.Open(ctx, keyFile, "")
	if err != nil {
		t.Fatal(err)
	}
	a, err := signed.Sign(l.Plan, about, "", time.Now(), key, func(p string) ([]byte, error) { return os.ReadFile(filepath.Join(s.Dir, p)) })
	if err := errors.Join(err, done()); err != nil {
		t.Fatal(err)
	}
	edit(&about, &a)
	body, err := json.Marshal(runtime.Answer{Node: about.Node, Approval: a})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.Post(ctx, store.Message{Run: runs[0].ID, Kind: store.Approve, At: time.Now().UTC(), From: a.By, Body: body}); err != nil {
		t.Fatal(err)
	}
}

// TestSignedApproval: production takes the signature of a member of the group that is asked, and nothing less.
func TestSignedApproval(t *testing.T) {
	t.Parallel()
	ada, list := keyPair(t, "ada")
	mallory, _ := keyPair(t, "mallory")
	s := site.New(t, bins, edited(t, pipeline, canary, atOnce, `tier: "development"`, `tier: "production"`,
		"\tslos:", waived+"\tgroups: sre: {members: [\"user:ada\", \"user:"+me(t)+"\"], signers: \"signers\"}\n\tslos:",
		`needs: ["build"]`, `needs: ["asked"]`, "\t\trelease: {", "\t\tasked: {needs: [\"build\"], approve: by: [\"group:sre\"]}\n\t\trelease: {"))
	s.Write("signers", list)
	s.Use("1")
	if code, out, err := s.Run(t.Context(), "run", "--park"); err != nil || code != 5 {
		t.Fatalf("run: exit code %d (%v)\n%s", code, err, out)
	}
	refused := func(why string, args ...string) {
		t.Helper()
		code, out, err := s.Run(t.Context(), args...)
		if err != nil || code == 0 || !strings.Contains(out, why) {
			t.Errorf("%v: exit code %d (%v), want refused with %q\n%s", args, code, err, why, out)
		}
	}
	refused("the operating system's user is not enough", "approve")
	refused("no group of the plan lets that key sign", "approve", "--key", mallory)
	s.Write("signers", list+"# changed since\n")
	refused("not the one that was reviewed", "approve", "--key", ada)
	s.Write("signers", list)
	forge(t, s, ada, func(c *signed.Context, a *event.Approval) {
		if a == nil {
			c.Subject = "sha256:" + strings.Repeat("0", 64)
		}
	})
	forge(t, s, ada, func(_ *signed.Context, a *event.Approval) {
		if a != nil {
			a.Signature = nil
		}
	})
	s.Must(5, "resume", "--park")
	contains(t, s.Must(0, "logs", "--events"), "what was signed is not this answer", "it says that it is signed, and is not")
	s.Must(0, "approve", "--key", ada, "--reason", "looks good")
	s.Must(0, "resume")
	if v := serving(t, s); v != "1" {
		t.Errorf("version %s serves, want 1", v)
	}
	events := s.Must(0, "logs", "--events")
	contains(t, events, `"how":"ssh"`, `"name":"ada"`, "BEGIN SSH SIGNATURE", "looks good")
	s.Must(0, "audit", "verify")
}

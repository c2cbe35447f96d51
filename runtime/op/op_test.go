package op

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
)

// dirContent keeps files in a directory by digest.
type dirContent string

func (d dirContent) PutFile(_ context.Context, path string) (string, int64, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", 0, err
	}
	sum := sha256.Sum256(b)
	name := hex.EncodeToString(sum[:])
	return "sha256:" + name, int64(len(b)), os.WriteFile(filepath.Join(string(d), name), b, 0o644)
}

func (d dirContent) File(_ context.Context, digest string) (string, error) {
	path := filepath.Join(string(d), strings.TrimPrefix(digest, "sha256:"))
	_, err := os.Stat(path)
	return path, err
}

// nopMask leaves values in; masking has its own tests in internal/secret.
type nopMask struct{ io.Writer }

func (nopMask) Close() error { return nil }

type logFile struct{ *bytes.Buffer }

func (logFile) Close() error { return nil }

func newExecutor(t *testing.T, p *plan.Plan) (*Executor, *bytes.Buffer) {
	t.Helper()
	log := &bytes.Buffer{}
	return &Executor{
		Plan: p, Dir: t.TempDir(), Environ: []string{"PATH=" + os.Getenv("PATH"), "TOKEN=hush", "HOME=/nowhere"},
		Content: dirContent(t.TempDir()),
		Secret: func(_ context.Context, r plan.SecretRef) (string, error) {
			if r.Env == "TOKEN" {
				return "hush", nil
			}
			return "", errors.New("unknown secret")
		},
		Mask:  func(w io.Writer, _ []string) io.WriteCloser { return nopMask{w} },
		Log:   func(plan.NodeID) (io.WriteCloser, string, error) { return logFile{log}, "logs/x.log", nil },
		Now:   time.Now,
		Grace: 2 * time.Second,
	}, log
}

func do(e *plan.Exec) Call {
	return Call{Run: "r1", Node: "build/exec", Key: "k", Do: &plan.Do{Exec: e}}
}

func TestExec(t *testing.T) {
	withToken := map[string]plan.SecretRef{"TOKEN": {Env: "TOKEN"}}
	p := &plan.Plan{
		Envs:  map[string]plan.Environment{"prod": {Variables: map[string]string{"url": "https://x"}}},
		Nodes: []plan.Node{{Do: plan.Do{Exec: &plan.Exec{Secrets: withToken}}}},
	}
	tests := map[string]struct {
		exec    *plan.Exec
		call    func(*Call)
		log     string
		failure string
		check   func(t *testing.T, o Outcome)
	}{
		"output":          {exec: &plan.Exec{Command: []string{"echo", "hello"}}, log: "hello\n"},
		"exit code":       {exec: &plan.Exec{Command: []string{"sh", "-c", "echo why; exit 3"}}, failure: "exit code 3: why", log: "why\n"},
		"no such program": {exec: &plan.Exec{Command: []string{"no-such-program"}}, failure: "not found"},
		"variables": {
			exec: &plan.Exec{Command: []string{"sh", "-c", "echo $A $B $D $PENSTOCK_FENCE $PENSTOCK_KEY"}, Environment: "prod", Env: map[string]string{"A": "1"}, Inject: map[string]plan.Binding{"B": {Variable: "url"}, "D": {Artifact: "app"}}},
			call: func(c *Call) { c.Bindings, c.Fence = map[string]string{"artifact:app": "sha256:aa"}, 7 },
			log:  "1 https://x sha256:aa 7 k\n",
		},
		"not known yet":                      {exec: &plan.Exec{Command: []string{"true"}, Inject: map[string]plan.Binding{"D": {Artifact: "app"}}}, failure: "not known yet"},
		"a secret for who declares it":       {exec: &plan.Exec{Command: []string{"sh", "-c", "echo $TOKEN"}, Secrets: withToken}, log: "hush\n"},
		"and for nobody else":                {exec: &plan.Exec{Command: []string{"sh", "-c", "echo [$TOKEN]"}}, log: "[]\n"},
		"a missing secret is named, alone":   {exec: &plan.Exec{Command: []string{"true"}, Secrets: map[string]plan.SecretRef{"X": {Env: "NOT_THERE"}}}, failure: "secret X"},
		"containers need somewhere to run":   {exec: &plan.Exec{Command: []string{"true"}, Image: "x@sha256:1"}, failure: "container jobs"},
		"a program below the pipeline's dir": {exec: &plan.Exec{Command: []string{"./here.sh"}}, log: "here\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			x, log := newExecutor(t, p)
			if err := os.WriteFile(filepath.Join(x.Dir, "here.sh"), []byte("#!/bin/sh\necho here\n"), 0o755); err != nil {
				t.Fatal(err)
			}
			c := do(tt.exec)
			if tt.call != nil {
				tt.call(&c)
			}
			o := x.Do(t.Context(), c)
			switch {
			case tt.failure == "" && o.Done == nil:
				t.Fatalf("failed: %+v", o.Failure)
			case tt.failure != "" && (o.Failure == nil || !strings.Contains(o.Failure.Message, tt.failure)):
				t.Fatalf("got %+v %+v, want a failure with %q", o.Done, o.Failure, tt.failure)
			}
			if log.String() != tt.log {
				t.Errorf("log %q, want %q", log, tt.log)
			}
		})
	}
}

func TestProducedArtifactsAreBound(t *testing.T) {
	x, _ := newExecutor(t, &plan.Plan{})
	o := x.Do(t.Context(), do(&plan.Exec{
		Command:  []string{"sh", "-c", "printf bytes >app; echo registry.example.com/x@sha256:" + strings.Repeat("ab", 32) + " >image.digest"},
		Produces: []plan.Produce{{Artifact: "app", Path: "app"}, {Artifact: "image", DigestFile: "image.digest"}},
	}))
	if o.Done == nil {
		t.Fatal(o.Failure)
	}
	sum := sha256.Sum256([]byte("bytes"))
	if got, want := o.Done.Bindings["artifact:app"], "sha256:"+hex.EncodeToString(sum[:]); got != want {
		t.Errorf("app %s, want %s", got, want)
	}
	if got := o.Done.Bindings["artifact:image"]; got != "sha256:"+strings.Repeat("ab", 32) {
		t.Errorf("image %s", got)
	}
	o = x.Do(t.Context(), do(&plan.Exec{Command: []string{"sh", "-c", "echo latest >image.digest"}, Produces: []plan.Produce{{Artifact: "image", DigestFile: "image.digest"}}}))
	if o.Failure == nil || !strings.Contains(o.Failure.Message, "holds no digest") {
		t.Errorf("a tag was taken for a digest: %+v", o)
	}
}

func TestStoppedCommandIsUnknownAndGone(t *testing.T) {
	x, log := newExecutor(t, &plan.Plan{})
	ctx, cancel := context.WithCancelCause(t.Context())
	// the grandchild must go too
	c := do(&plan.Exec{Command: []string{"sh", "-c", "sleep 60 & echo $!; wait"}})
	result := make(chan Outcome)
	go func() { result <- x.Do(ctx, c) }()
	time.Sleep(300 * time.Millisecond)
	cancel(errors.New("harm"))
	o := <-result
	if o.Failure == nil || !o.Failure.Unknown || !strings.Contains(o.Failure.Message, "harm") {
		t.Errorf("got %+v", o.Failure)
	}
	pid := strings.TrimSpace(log.String())
	for range 200 { // the kernel takes its time to end what was killed
		b, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil || strings.Contains(string(b), ") Z ") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("process %s is still there", pid)
}

func TestRecovery(t *testing.T) {
	x, _ := newExecutor(t, &plan.Plan{})
	check := func(code string) *plan.Exec {
		return &plan.Exec{Command: []string{"false"}, Interrupted: plan.InterruptedCheck, Check: []string{"sh", "-c", "exit " + code}}
	}
	migrate := func(code string) *plan.Do {
		return &plan.Do{Migrate: &plan.Migrate{Check: []string{"sh", "-c", "exit " + code}, Command: []string{"false"}}}
	}
	revert := func(code string) *plan.Do { return &plan.Do{Revert: migrate(code).Migrate} }
	tests := map[string]struct {
		do   *plan.Do
		want event.Observation
	}{
		"a command can't be asked":  {&plan.Do{Exec: &plan.Exec{Command: []string{"true"}}}, event.EffectUnknown},
		"check says done":           {&plan.Do{Exec: check("0")}, event.EffectDone},
		"check says not done":       {&plan.Do{Exec: check("1")}, event.EffectNotDone},
		"check doesn't know":        {&plan.Do{Exec: check("2")}, event.EffectUnknown},
		"migration applied":         {migrate("0"), event.EffectDone},
		"migration not applied":     {migrate("1"), event.EffectNotDone},
		"migration unclear":         {migrate("9"), event.EffectUnknown},
		"revert: still applied":     {revert("0"), event.EffectNotDone},
		"revert: gone":              {revert("1"), event.EffectDone},
		"what only looks, may look": {&plan.Do{Snapshot: &plan.DeployRef{}}, event.EffectNotDone},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			o := x.Do(t.Context(), Call{Node: "n", Do: tt.do, Recover: true})
			if o.Observed == nil || o.Observed.Effect != tt.want {
				t.Errorf("got %+v %+v, want %s", o.Observed, o.Failure, tt.want)
			}
		})
	}
}

func TestMigrateLooksBeforeAndAfter(t *testing.T) {
	tests := map[string]struct {
		before  bool
		command string
		failure string
	}{
		"applies":            {false, "touch done", ""},
		"is applied already": {true, "exit 1", ""},
		"says so but isn't":  {false, "true", "the check says"},
		"fails":              {false, "exit 2", "exit code 2"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			x, _ := newExecutor(t, &plan.Plan{})
			if tt.before {
				if err := os.WriteFile(filepath.Join(x.Dir, "done"), nil, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			o := x.Do(t.Context(), Call{Node: "m", Do: &plan.Do{Migrate: &plan.Migrate{Check: []string{"test", "-e", "done"}, Command: []string{"sh", "-c", tt.command}}}})
			if tt.failure == "" && o.Done == nil || tt.failure != "" && (o.Failure == nil || !strings.Contains(o.Failure.Message, tt.failure)) {
				t.Errorf("got %+v %+v", o.Done, o.Failure)
			}
		})
	}
}

func TestVerifyArtifact(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	pub := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	pubSum := sha256.Sum256(pub)
	sum := sha256.Sum256([]byte("bytes"))
	digest := "sha256:" + hex.EncodeToString(sum[:])
	good, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	other := sha256.Sum256([]byte("other"))
	bad, err := ecdsa.SignASN1(rand.Reader, key, other[:])
	if err != nil {
		t.Fatal(err)
	}
	signed := &plan.Trust{Signatures: []plan.Signature{{Key: "key.pub", KeyDigest: "sha256:" + hex.EncodeToString(pubSum[:])}}}
	tests := map[string]struct {
		trust   *plan.Trust
		files   map[string]string
		failure string
	}{
		"no trust asked":      {nil, nil, ""},
		"signed":              {signed, map[string]string{"app.sig": base64.StdEncoding.EncodeToString(good)}, ""},
		"of other bytes":      {signed, map[string]string{"app.sig": base64.StdEncoding.EncodeToString(bad)}, "not a signature of these bytes"},
		"not signed":          {signed, nil, "read signature"},
		"another key":         {&plan.Trust{Signatures: []plan.Signature{{Key: "key.pub", KeyDigest: "sha256:" + strings.Repeat("0", 64)}}}, nil, "not the one that was reviewed"},
		"sbom":                {&plan.Trust{SBOM: true}, map[string]string{"app.spdx.json": `{"sha256":"` + digest[7:] + `"}`}, ""},
		"sbom of other bytes": {&plan.Trust{SBOM: true}, map[string]string{"app.spdx.json": `{}`}, "speaks of other bytes"},
		"no sbom":             {&plan.Trust{SBOM: true}, nil, "no SBOM"},
		"provenance": {&plan.Trust{Provenance: true, Builder: "b"}, map[string]string{
			"app.intoto.jsonl": `{"subject":[{"digest":{"sha256":"` + digest[7:] + `"}}],"predicate":{"runDetails":{"builder":{"id":"b"}}}}`}, ""},
		"provenance by another": {&plan.Trust{Provenance: true, Builder: "c"}, map[string]string{
			"app.intoto.jsonl": `{"subject":[{"digest":{"sha256":"` + digest[7:] + `"}}],"predicate":{"runDetails":{"builder":{"id":"b"}}}}`}, "no statement"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			x, _ := newExecutor(t, &plan.Plan{Artifacts: map[string]plan.Artifact{"app": {File: &plan.FileArtifact{Path: "app"}, Trust: tt.trust}}})
			files := map[string]string{"app": "bytes", "key.pub": string(pub)}
			for n, text := range tt.files {
				files[n] = text
			}
			for n, text := range files {
				if err := os.WriteFile(filepath.Join(x.Dir, n), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if _, _, err := x.Content.PutFile(t.Context(), filepath.Join(x.Dir, "app")); err != nil {
				t.Fatal(err)
			}
			o := x.Do(t.Context(), Call{Node: "v", Bindings: map[string]string{"artifact:app": digest}, Do: &plan.Do{VerifyArtifact: &plan.VerifyArtifact{Artifact: "app"}}})
			if tt.failure == "" && o.Done == nil || tt.failure != "" && (o.Failure == nil || !strings.Contains(o.Failure.Message, tt.failure)) {
				t.Errorf("got %+v %+v", o.Done, o.Failure)
			}
		})
	}
}

package op

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
)

// verifyArtifact checks that the artifact is still there by its digest and that its trust holds. The trust of a file lies
// beside it: PATH.sig, PATH.spdx.json or PATH.cdx.json, PATH.intoto.jsonl.
func (x *Executor) verifyArtifact(ctx context.Context, c Call, v *plan.VerifyArtifact) (*event.Done, error) {
	a, ok := x.Plan.Artifacts[v.Artifact]
	if !ok {
		return nil, fmt.Errorf("the plan has no artifact %q", v.Artifact)
	}
	digest, ok := x.artifactDigest(c, v.Artifact)
	if !ok {
		return nil, fmt.Errorf("artifact %q has no digest yet", v.Artifact)
	}
	if a.Image != nil {
		return nil, fmt.Errorf("artifact %q: image signatures need a registry client, which this build has not", v.Artifact)
	}
	path, err := x.Content.File(ctx, digest)
	if err != nil {
		return nil, fmt.Errorf("artifact %q: %w", v.Artifact, err)
	}
	var said []string
	if t := a.Trust; t != nil {
		said, err = x.verifyTrust(a.File.Path, path, digest, t)
		if err != nil {
			return nil, fmt.Errorf("artifact %q: %w", v.Artifact, err)
		}
	}
	return &event.Done{Detail: strings.Join(append([]string{"bytes are " + shortDigest(digest)}, said...), ", ")}, nil
}

func (x *Executor) verifyTrust(declared, path, digest string, t *plan.Trust) (said []string, err error) {
	for _, s := range t.Signatures {
		if s.Key == "" {
			return nil, fmt.Errorf("signatures by identity (%s) need a transparency log client, which this build has not", s.Identity)
		}
		if err := x.verifySignature(declared, path, s); err != nil {
			return nil, err
		}
		said = append(said, "signed by "+s.Key)
	}
	if t.SBOM {
		name, err := x.sbom(declared, digest)
		if err != nil {
			return nil, err
		}
		said = append(said, "SBOM "+name)
	}
	if t.Provenance {
		if err := x.provenance(declared, digest, t); err != nil {
			return nil, err
		}
		said = append(said, "provenance of its build")
	}
	return said, nil
}

// verifySignature checks PATH.sig, the base64 of an ECDSA (ASN.1, over sha256) or Ed25519 signature of the bytes, with the
// very key that was reviewed.
func (x *Executor) verifySignature(declared, path string, s plan.Signature) error {
	key, err := x.readIn(s.Key, 1<<16)
	if err != nil {
		return fmt.Errorf("read key: %w", err)
	}
	sum := sha256.Sum256(key)
	if got := "sha256:" + hex.EncodeToString(sum[:]); s.KeyDigest != "" && got != s.KeyDigest {
		return fmt.Errorf("key %s is not the one that was reviewed (%s, want %s)", s.Key, shortDigest(got), shortDigest(s.KeyDigest))
	}
	block, _ := pem.Decode(key)
	if block == nil {
		return fmt.Errorf("key %s is no PEM file", s.Key)
	}
	pub, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return fmt.Errorf("key %s: %w", s.Key, err)
	}
	text, err := x.readIn(declared+".sig", 1<<16)
	if err != nil {
		return fmt.Errorf("read signature: %w", err)
	}
	sig, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		return fmt.Errorf("%s.sig: %w", declared, err)
	}
	ok, err := verifyBytes(pub, path, sig)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("%s.sig is not a signature of these bytes by %s", declared, s.Key)
	}
	return nil
}

func verifyBytes(pub any, path string, sig []byte) (bool, error) {
	switch k := pub.(type) {
	case *ecdsa.PublicKey:
		f, err := os.Open(path)
		if err != nil {
			return false, err
		}
		defer f.Close()
		h := sha256.New()
		if _, err := io.Copy(h, f); err != nil {
			return false, err
		}
		return ecdsa.VerifyASN1(k, h.Sum(nil), sig), nil
	case ed25519.PublicKey:
		b, err := os.ReadFile(path)
		if err != nil {
			return false, err
		}
		return ed25519.Verify(k, b, sig), nil
	}
	return false, fmt.Errorf("keys of type %T are not supported: use ECDSA or Ed25519", pub)
}

// sbom finds an SPDX or CycloneDX document that speaks of the digest.
func (x *Executor) sbom(declared, digest string) (string, error) {
	want := strings.TrimPrefix(digest, "sha256:")
	for _, ext := range []string{".spdx.json", ".cdx.json"} {
		b, err := x.readIn(declared+ext, 64<<20)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("read SBOM: %w", err)
		}
		if !json.Valid(b) {
			return "", fmt.Errorf("%s%s is no JSON", declared, ext)
		}
		if !strings.Contains(strings.ToLower(string(b)), want) {
			return "", fmt.Errorf("%s%s speaks of other bytes: it has no sha256 %s…", declared, ext, want[:12])
		}
		return filepath.Base(declared + ext), nil
	}
	return "", fmt.Errorf("there is no SBOM: want %s.spdx.json or %s.cdx.json", declared, declared)
}

// statement is the part of an in-toto statement with SLSA provenance that is looked at.
type statement struct {
	Subject []struct {
		Digest map[string]string `json:"digest"`
	} `json:"subject"`
	PredicateType string `json:"predicateType"`
	Predicate     struct {
		BuildDefinition struct {
			ResolvedDependencies []struct {
				URI string `json:"uri"`
			} `json:"resolvedDependencies"`
		} `json:"buildDefinition"`
		RunDetails struct {
			Builder struct {
				ID string `json:"id"`
			} `json:"builder"`
		} `json:"runDetails"`
	} `json:"predicate"`
}

// provenance looks in PATH.intoto.jsonl for a statement about the digest by the declared builder and source. The lines are
// plain statements or DSSE envelopes; what binds them to the artifact is the signature over it, which trust asks for apart.
func (x *Executor) provenance(declared, digest string, t *plan.Trust) error {
	b, err := x.readIn(declared+".intoto.jsonl", 16<<20)
	if err != nil {
		return fmt.Errorf("read provenance: %w", err)
	}
	want := strings.TrimPrefix(digest, "sha256:")
	for line := range strings.Lines(string(b)) {
		var st statement
		if err := json.Unmarshal(payload([]byte(line)), &st); err != nil {
			continue
		}
		if speaksOf(st, want) && (t.Builder == "" || st.Predicate.RunDetails.Builder.ID == t.Builder) && (t.Source == "" || from(st, t.Source)) {
			return nil
		}
	}
	return fmt.Errorf("%s.intoto.jsonl has no statement about these bytes by the declared builder and source", declared)
}

// payload unwraps a DSSE envelope.
func payload(line []byte) []byte {
	var env struct {
		Payload string `json:"payload"`
	}
	if json.Unmarshal(line, &env) == nil && env.Payload != "" {
		if b, err := base64.StdEncoding.DecodeString(env.Payload); err == nil {
			return b
		}
	}
	return line
}

func speaksOf(st statement, sha string) bool {
	for _, s := range st.Subject {
		if s.Digest["sha256"] == sha {
			return true
		}
	}
	return false
}

func from(st statement, source string) bool {
	for _, d := range st.Predicate.BuildDefinition.ResolvedDependencies {
		if d.URI == source || strings.HasPrefix(d.URI, source+"@") {
			return true
		}
	}
	return false
}

// readIn reads a file below the pipeline's directory, up to a limit.
func (x *Executor) readIn(name string, limit int64) ([]byte, error) {
	f, err := x.openIn(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("%s is larger than %d bytes", name, limit)
	}
	return b, err
}

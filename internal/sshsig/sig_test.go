package sshsig

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	"net"
)

const namespace = "penstock-approval@v1"

func file(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// keys makes a private key of each type.
func keys(t testing.TB) map[string]any {
	t.Helper()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]any{"ed25519": &ed, "ecdsa": ec, "rsa": r}
}

func signerOf(t testing.TB, key any) ssh.Signer {
	t.Helper()
	s, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestRecorded verifies what ssh-keygen signed.
func TestRecorded(t *testing.T) {
	message := file(t, "message")
	for _, name := range []string{"ed25519", "ed25519-sha256", "ecdsa", "rsa"} {
		sig, err := Parse(file(t, name+".sig"))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := sig.Verify(message, namespace); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := sig.Verify(append(bytes.Clone(message), ' '), namespace); !errors.Is(err, ErrMismatch) {
			t.Errorf("%s over another message: %v", name, err)
		}
		if err := sig.Verify(message, "file"); !errors.Is(err, ErrNamespace) {
			t.Errorf("%s for another purpose: %v", name, err)
		}
		if name == "ed25519-sha256" {
			continue
		}
		want, _, _, _, err := ssh.ParseAuthorizedKey(file(t, name+".pub"))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(want.Marshal(), sig.Key.Marshal()) {
			t.Errorf("%s names another key", name)
		}
	}
}

func TestEveryBitCounts(t *testing.T) {
	block, _ := pem.Decode(file(t, "ed25519.sig"))
	message := file(t, "message")
	for i := range block.Bytes {
		b := bytes.Clone(block.Bytes)
		b[i] ^= 1
		sig, err := Parse(armor(b))
		if err == nil && sig.Verify(message, namespace) == nil {
			t.Errorf("bit 0 of byte %d doesn't count", i)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	good := file(t, "ed25519.sig")
	block, _ := pem.Decode(good)
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	old := signerOf(t, weak)
	if _, err := Sign(old, namespace, nil); !errors.Is(err, ErrAlgorithm) {
		t.Errorf("signed with 1024 bits: %v", err)
	}
	strong := signerOf(t, keys(t)["rsa"])
	sum, err := toSign(namespace, "sha512", nil)
	if err != nil {
		t.Fatal(err)
	}
	sha1, err := strong.Sign(rand.Reader, sum) // ssh-rsa
	if err != nil {
		t.Fatal(err)
	}
	wrap := func(e envelope) []byte {
		return armor(append([]byte("SSHSIG\x00\x00\x00\x01"), ssh.Marshal(e)...))
	}
	for name, c := range map[string]struct {
		in   []byte
		want error
	}{
		"nothing":       {nil, ErrFormat},
		"text before":   {append([]byte("x\n"), good...), ErrFormat},
		"two":           {append(bytes.Clone(good), good...), ErrFormat},
		"huge":          {bytes.Repeat([]byte("-"), maxArmored+1), ErrFormat},
		"other armor":   {pem.EncodeToMemory(&pem.Block{Type: "X", Bytes: block.Bytes}), ErrFormat},
		"other version": {armor(append([]byte("SSHSIG\x00\x00\x00\x02"), block.Bytes[10:]...)), ErrFormat},
		"cut off":       {armor(block.Bytes[:len(block.Bytes)-1]), ErrFormat},
		"longer":        {armor(append(bytes.Clone(block.Bytes), 0)), ErrFormat},
		"weak key":      {wrap(envelope{Key: old.PublicKey().Marshal(), Namespace: namespace, Hash: "sha512"}), ErrAlgorithm},
		"sha1":          {wrap(envelope{Key: strong.PublicKey().Marshal(), Namespace: namespace, Hash: "sha512", Signature: ssh.Marshal(sha1)}), ErrAlgorithm},
		"no namespace":  {wrap(envelope{Key: strong.PublicKey().Marshal(), Hash: "sha512"}), ErrFormat},
	} {
		if _, err := Parse(c.in); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestSign(t *testing.T) {
	for name, key := range keys(t) {
		armored, err := Sign(signerOf(t, key), namespace, []byte("hello"))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		sig, err := Parse(armored)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := sig.Verify([]byte("hello"), namespace); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Sign(signerOf(t, keys(t)["ecdsa"]), "", nil); !errors.Is(err, ErrNamespace) {
		t.Errorf("without a namespace: %v", err)
	}
}

// TestKeygen has the real ssh-keygen verify what is signed here. That it isn't installed is no failure: TestRecorded
// holds the other direction everywhere.
func TestKeygen(t *testing.T) {
	tool, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("ssh-keygen is not installed")
	}
	for name, key := range keys(t) {
		dir := t.TempDir()
		signer := signerOf(t, key)
		message := []byte("hello from " + name)
		armored, err := Sign(signer, namespace, message)
		if err != nil {
			t.Fatal(err)
		}
		list := append([]byte(`ada,ada@example.com namespaces="penstock-*" `), ssh.MarshalAuthorizedKey(signer.PublicKey())...)
		write(t, filepath.Join(dir, "signers"), list)
		write(t, filepath.Join(dir, "sig"), armored)
		cmd := exec.CommandContext(t.Context(), tool, "-Y", "verify", "-f", filepath.Join(dir, "signers"), "-I", "ada", "-n", namespace, "-s", filepath.Join(dir, "sig"))
		cmd.Stdin = bytes.NewReader(message)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		block, err := ssh.MarshalPrivateKey(key, "")
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, "key"), pem.EncodeToMemory(block))
		cmd = exec.CommandContext(t.Context(), tool, "-Y", "sign", "-f", filepath.Join(dir, "key"), "-n", namespace)
		cmd.Stdin = bytes.NewReader(message)
		theirs, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		sig, err := Parse(theirs)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := sig.Verify(message, namespace); err != nil {
			t.Errorf("%s by ssh-keygen: %v", name, err)
		}
	}
}

func write(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestOpen signs with a key file, and through an agent where the file is locked or only the public key.
func TestOpen(t *testing.T) {
	dir := t.TempDir()
	key := keys(t)["rsa"]
	signer := signerOf(t, key)
	plain, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		t.Fatal(err)
	}
	locked, err := ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "plain"), pem.EncodeToMemory(plain))
	write(t, filepath.Join(dir, "locked"), pem.EncodeToMemory(locked))
	write(t, filepath.Join(dir, "only.pub"), ssh.MarshalAuthorizedKey(signer.PublicKey()))
	write(t, filepath.Join(dir, "other.pub"), ssh.MarshalAuthorizedKey(signerOf(t, keys(t)["ecdsa"]).PublicKey()))
	socket := serveAgent(t, key)
	for name, c := range map[string]struct {
		path, socket string
		ok           bool
	}{
		"key file":           {"plain", "", true},
		"locked, no agent":   {"locked", "", false},
		"locked":             {"locked", socket, true},
		"public only":        {"only.pub", socket, true},
		"public beside":      {"only", socket, true},
		"not in the agent":   {"other.pub", socket, false},
		"no file":            {"nosuch", socket, false},
		"agent doesn't live": {"locked", filepath.Join(dir, "gone"), false},
	} {
		s, done, err := Open(t.Context(), filepath.Join(dir, c.path), c.socket)
		if !c.ok {
			if !errors.Is(err, ErrNoSigner) {
				t.Errorf("%s: %v, want %v", name, err, ErrNoSigner)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		armored, err := Sign(s, namespace, []byte("x"))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if sig, err := Parse(armored); err != nil || sig.Verify([]byte("x"), namespace) != nil {
			t.Errorf("%s: a signature that doesn't hold (%v)", name, err)
		}
		if err := done(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// serveAgent is an ssh agent that holds a key; it returns its socket.
func serveAgent(t *testing.T, key any) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "agent") // short: paths of sockets are limited
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	ring := agent.NewKeyring()
	if err := ring.Add(agent.AddedKey{PrivateKey: key}); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_ = agent.ServeAgent(ring, c) // ends with the client
			}()
		}
	}()
	return l.Addr().String()
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"ed25519.sig", "ecdsa.sig", "rsa.sig"} {
		f.Add(file(f, name))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		sig, err := Parse(b)
		if err != nil {
			return
		}
		if sig.Key == nil || sig.Namespace == "" {
			t.Error("parsed without a key or a namespace")
		}
		if sig.Verify([]byte("never signed by anybody"), sig.Namespace) == nil {
			t.Error("a signature over nothing holds")
		}
	})
}

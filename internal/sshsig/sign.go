package sshsig

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// ErrNoSigner means that neither the key file nor the ssh agent can sign.
var ErrNoSigner = errors.New("can't sign with that key")

// Sign returns the armored signature of a message (hash sha512).
func Sign(signer ssh.Signer, namespace string, message []byte) ([]byte, error) {
	if namespace == "" {
		return nil, fmt.Errorf("%w: empty namespace", ErrNamespace)
	}
	key := signer.PublicKey()
	if err := checkKey(key); err != nil {
		return nil, err
	}
	const hash = "sha512"
	data, err := toSign(namespace, hash, message)
	if err != nil {
		return nil, err
	}
	with, ok := signer.(ssh.AlgorithmSigner)
	if !ok {
		return nil, fmt.Errorf("%w: key of type %s has no choice of algorithm", ErrAlgorithm, key.Type())
	}
	sig, err := with.SignWithAlgorithm(rand.Reader, data, algorithms[key.Type()][0])
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	blob := append([]byte(magic), 0, 0, 0, version)
	blob = append(blob, ssh.Marshal(envelope{Key: key.Marshal(), Namespace: namespace, Hash: hash, Signature: ssh.Marshal(sig)})...)
	return armor(blob), nil
}

// Open finds who signs for a key file: the file itself where it holds a private key without a passphrase, otherwise the
// ssh agent at socket (SSH_AUTH_SOCK; empty means none) for the public key in path or path.pub. Close ends the
// connection to the agent.
func Open(ctx context.Context, path, socket string) (signer ssh.Signer, closeAgent func() error, err error) {
	none := func() error { return nil }
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, none, fmt.Errorf("key: %w", err)
	}
	var want ssh.PublicKey
	if err == nil {
		signer, perr := ssh.ParsePrivateKey(b)
		if perr == nil {
			return signer, none, nil
		}
		if locked, ok := errors.AsType[*ssh.PassphraseMissingError](perr); ok {
			want = locked.PublicKey
		}
	}
	if want == nil {
		if want, err = publicKey(b, path); err != nil {
			return nil, none, err
		}
	}
	return openAgent(ctx, want, path, socket)
}

// publicKey reads the public key that the file is, or that lies beside it.
func publicKey(b []byte, path string) (ssh.PublicKey, error) {
	if key, _, _, _, err := ssh.ParseAuthorizedKey(b); err == nil {
		return key, nil
	}
	if strings.HasSuffix(path, ".pub") {
		return nil, fmt.Errorf("%w: %s holds no key", ErrNoSigner, path)
	}
	beside, err := os.ReadFile(path + ".pub")
	if err != nil {
		return nil, fmt.Errorf("%w: %s holds no private key, and no public one lies beside it: %w", ErrNoSigner, path, err)
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey(beside)
	if err != nil {
		return nil, fmt.Errorf("%w: %s.pub: %w", ErrNoSigner, path, err)
	}
	return key, nil
}

func openAgent(ctx context.Context, want ssh.PublicKey, path, socket string) (ssh.Signer, func() error, error) {
	none := func() error { return nil }
	if socket == "" {
		return nil, none, fmt.Errorf("%w: %s needs a passphrase or an ssh agent: start one and run ssh-add %s", ErrNoSigner, path, path)
	}
	var dial net.Dialer
	conn, err := dial.DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, none, fmt.Errorf("%w: ssh agent: %w", ErrNoSigner, err)
	}
	all, err := agent.NewClient(conn).Signers()
	if err != nil {
		return nil, none, errors.Join(fmt.Errorf("%w: ssh agent: %w", ErrNoSigner, err), conn.Close())
	}
	for _, s := range all {
		if bytes.Equal(s.PublicKey().Marshal(), want.Marshal()) {
			return s, conn.Close, nil
		}
	}
	return nil, none, errors.Join(fmt.Errorf("%w: the ssh agent doesn't hold %s: run ssh-add", ErrNoSigner, path), conn.Close())
}

package sshsig

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

const (
	magic     = "SSHSIG"
	version   = 1
	armorType = "SSH SIGNATURE"
	// maxArmored bounds what Parse looks at: a signature of a 16384-bit RSA key has less than 8 KiB.
	maxArmored = 16 << 10
	minRSABits = 2048
)

// Why a signature is refused.
var (
	ErrFormat    = errors.New("not an ssh signature")
	ErrNamespace = errors.New("made for another purpose")
	ErrAlgorithm = errors.New("algorithm not accepted")
	ErrMismatch  = errors.New("the signature does not match what was signed")
)

// algorithms lists the signature algorithms that are accepted for each type of key.
var algorithms = map[string][]string{
	ssh.KeyAlgoED25519:    {ssh.KeyAlgoED25519},
	ssh.KeyAlgoECDSA256:   {ssh.KeyAlgoECDSA256},
	ssh.KeyAlgoECDSA384:   {ssh.KeyAlgoECDSA384},
	ssh.KeyAlgoECDSA521:   {ssh.KeyAlgoECDSA521},
	ssh.KeyAlgoSKED25519:  {ssh.KeyAlgoSKED25519},
	ssh.KeyAlgoSKECDSA256: {ssh.KeyAlgoSKECDSA256},
	ssh.KeyAlgoRSA:        {ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256},
}

// Signature is a parsed signature. Nothing about it is verified yet.
type Signature struct {
	Key       ssh.PublicKey
	Namespace string
	// Hash is "sha256" or "sha512".
	Hash string
	sig  ssh.Signature
}

// envelope is the blob behind the magic and the version.
type envelope struct {
	Key       []byte
	Namespace string
	Reserved  string
	Hash      string
	Signature []byte
}

// signedData is what the key signs, behind the magic.
type signedData struct {
	Namespace string
	Reserved  string
	Hash      string
	Digest    []byte
}

// Parse reads an armored signature; nothing may stand before or behind it. Errors are [ErrFormat] or [ErrAlgorithm].
func Parse(armored []byte) (*Signature, error) {
	if len(armored) > maxArmored {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrFormat, maxArmored)
	}
	text := bytes.TrimSpace(armored)
	if !bytes.HasPrefix(text, []byte("-----BEGIN "+armorType+"-----")) {
		return nil, fmt.Errorf("%w: no armor", ErrFormat)
	}
	block, rest := pem.Decode(text)
	if block == nil || block.Type != armorType || len(block.Headers) > 0 || len(rest) > 0 {
		return nil, fmt.Errorf("%w: the armor is damaged", ErrFormat)
	}
	return parseBlob(block.Bytes)
}

func parseBlob(b []byte) (*Signature, error) {
	head := append([]byte(magic), 0, 0, 0, version)
	if !bytes.HasPrefix(b, head) {
		return nil, fmt.Errorf("%w: unknown magic or version", ErrFormat)
	}
	var e envelope
	if err := ssh.Unmarshal(b[len(head):], &e); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	key, err := ssh.ParsePublicKey(e.Key)
	if err != nil {
		return nil, fmt.Errorf("%w: key: %w", ErrFormat, err)
	}
	if err := checkKey(key); err != nil {
		return nil, err
	}
	if e.Namespace == "" {
		return nil, fmt.Errorf("%w: empty namespace", ErrFormat)
	}
	s := &Signature{Key: key, Namespace: e.Namespace, Hash: e.Hash}
	if err := ssh.Unmarshal(e.Signature, &s.sig); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if !slices.Contains(algorithms[key.Type()], s.sig.Format) {
		return nil, fmt.Errorf("%w: signature %q of a key of type %s", ErrAlgorithm, s.sig.Format, key.Type())
	}
	sk := strings.HasPrefix(key.Type(), "sk-")
	if sk && len(s.sig.Rest) != 5 || !sk && len(s.sig.Rest) != 0 {
		return nil, fmt.Errorf("%w: odd length", ErrFormat)
	}
	if _, err := digest(e.Hash, nil); err != nil {
		return nil, err
	}
	return s, nil
}

// checkKey refuses keys that are too weak, and certificates.
func checkKey(key ssh.PublicKey) error {
	if _, known := algorithms[key.Type()]; !known {
		return fmt.Errorf("%w: key of type %s", ErrAlgorithm, key.Type())
	}
	if c, ok := key.(ssh.CryptoPublicKey); ok {
		if r, ok := c.CryptoPublicKey().(*rsa.PublicKey); ok && r.N.BitLen() < minRSABits {
			return fmt.Errorf("%w: an RSA key of %d bits, less than %d", ErrAlgorithm, r.N.BitLen(), minRSABits)
		}
	}
	return nil
}

// Verify reports whether the signature's own key signed the message for the namespace. Whether that key may is another
// question: [Signers.Principals]. Errors are [ErrNamespace] and [ErrMismatch].
func (s *Signature) Verify(message []byte, namespace string) error {
	if s.Namespace != namespace {
		return fmt.Errorf("%w: %q instead of %q", ErrNamespace, s.Namespace, namespace)
	}
	if len(s.sig.Rest) > 0 && s.sig.Rest[0]&1 == 0 {
		return fmt.Errorf("%w: nobody touched the security key", ErrMismatch)
	}
	data, err := toSign(namespace, s.Hash, message)
	if err != nil {
		return err
	}
	if err := s.Key.Verify(data, &s.sig); err != nil {
		return fmt.Errorf("%w: %w", ErrMismatch, err)
	}
	return nil
}

// toSign is the blob that the key signs for a message.
func toSign(namespace, hash string, message []byte) ([]byte, error) {
	sum, err := digest(hash, message)
	if err != nil {
		return nil, err
	}
	return append([]byte(magic), ssh.Marshal(signedData{Namespace: namespace, Hash: hash, Digest: sum})...), nil
}

func digest(hash string, message []byte) ([]byte, error) {
	switch hash {
	case "sha512":
		sum := sha512.Sum512(message)
		return sum[:], nil
	case "sha256":
		sum := sha256.Sum256(message)
		return sum[:], nil
	}
	return nil, fmt.Errorf("%w: hash %q", ErrAlgorithm, hash)
}

// armor writes a blob as ssh-keygen does, in lines of 70 characters.
func armor(blob []byte) []byte {
	var out bytes.Buffer
	out.WriteString("-----BEGIN " + armorType + "-----\n")
	for line := range slices.Chunk([]byte(base64.StdEncoding.EncodeToString(blob)), 70) {
		out.Write(line)
		out.WriteByte('\n')
	}
	out.WriteString("-----END " + armorType + "-----\n")
	return out.Bytes()
}

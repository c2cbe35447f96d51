package store

import (
	"crypto/sha256"
	"encoding/hex"
)

// hash is one link of a chain; the zero value is where every chain begins.
type hash [sha256.Size]byte

// next returns the hash of the link that holds b.
func (h hash) next(b []byte) hash {
	d := sha256.New()
	d.Write(h[:])
	d.Write(b)
	var out hash
	d.Sum(out[:0])
	return out
}

func (h hash) String() string { return "sha256:" + hex.EncodeToString(h[:]) }

// EvidenceDigest returns the digest of an evidence stream, as Seal does: h_0 is 32 zero bytes,
// h_n = sha256(h_{n-1} || tick_n), and the digest is "sha256:" and the hex digits of the last one.
func EvidenceDigest(ticks [][]byte) string {
	var h hash
	for _, t := range ticks {
		h = h.next(t)
	}
	return h.String()
}

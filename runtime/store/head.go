package store

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/penstock-dev/penstock/runtime/event"
)

// Head is the end of a run's chain: an anchor when it is kept outside the store.
type Head struct {
	Seq uint64 `json:"seq"`
	// Hash is "sha256:" and 64 hex digits.
	Hash string `json:"hash"`
}

// String renders a head as "SEQ@sha256:HEX", as [ParseHead] reads it.
func (h Head) String() string { return strconv.FormatUint(h.Seq, 10) + "@" + h.Hash }

// ParseHead reads what String writes.
func ParseHead(s string) (Head, error) {
	seq, hash, ok := strings.Cut(s, "@")
	n, err := strconv.ParseUint(seq, 10, 63)
	if !ok || err != nil {
		return Head{}, fmt.Errorf("read head %q: want SEQ@sha256:HEX", s)
	}
	digits, ok := strings.CutPrefix(hash, "sha256:")
	if b, err := hex.DecodeString(digits); !ok || err != nil || len(b) != 32 {
		return Head{}, fmt.Errorf("read head %q: want sha256: and 64 hex digits behind the @", s)
	}
	return Head{Seq: n, Hash: strings.ToLower(hash)}, nil
}

// VerifyReport is what Verify found.
type VerifyReport struct {
	Run event.RunID `json:"run"`
	// Events is how many rows there are, Head where the chain over them ends.
	Events int  `json:"events"`
	Head   Head `json:"head"`
	// Anchor is what the chain was compared with; without one a truncation or full rewrite cannot be seen.
	Anchor   *Head     `json:"anchor,omitempty"`
	Problems []Problem `json:"problems"`
}

// OK reports whether nothing is wrong.
func (r VerifyReport) OK() bool { return len(r.Problems) == 0 }

// Problem is one thing that is wrong with a run's record.
type Problem struct {
	Kind ProblemKind `json:"kind"`
	// Seq is the event it is about, 0 when it is about the run.
	Seq    uint64 `json:"seq,omitempty"`
	Detail string `json:"detail"`
}

// ProblemKind names a kind of problem.
type ProblemKind string

// The kinds of problems.
const (
	ProblemEdited    ProblemKind = "edited"    // the bytes of an event are not those that were hashed
	ProblemMissing   ProblemKind = "missing"   // rows are missing
	ProblemMisplaced ProblemKind = "misplaced" // an event says that it is another one, or of another run
	ProblemTruncated ProblemKind = "truncated" // the end is missing
	ProblemRewritten ProblemKind = "rewritten" // the chain is another one than that of the anchor
	ProblemIndex     ProblemKind = "index"     // the index says something else than the events
	ProblemApproval  ProblemKind = "approval"  // a signed answer whose signature does not hold
	ProblemEvidence  ProblemKind = "evidence"  // the ticks are not those that a verdict was based on
)

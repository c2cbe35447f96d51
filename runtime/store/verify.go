package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
)

// Verify implements [Journal].
func (c *core) Verify(ctx context.Context, run event.RunID, anchor *Head) (VerifyReport, error) {
	rep, err := read(ctx, c, func(v view) (VerifyReport, error) { return verify(v, run, anchor) })
	if err != nil {
		return VerifyReport{}, fmt.Errorf("verify run %s: %w", run, err)
	}
	return rep, nil
}

// verify checks what a view holds of a run. A run of which nothing is left is not found, unless an anchor says that it
// was there.
func verify(v view, run event.RunID, anchor *Head) (VerifyReport, error) {
	rec, err := v.record(run)
	if err != nil {
		return VerifyReport{}, err
	}
	vr := verifier{run: run, outline: v.outline, anchor: anchor, sealed: map[plan.MonitorID][]event.Verdict{}}
	vr.report = VerifyReport{Run: run, Anchor: anchor, Problems: []Problem{}}
	if err := v.rows(run, 0, vr.row); err != nil {
		return VerifyReport{}, err
	}
	if rec == nil && vr.report.Events == 0 && anchor == nil {
		return VerifyReport{}, ErrNotFound
	}
	vr.report.Head = Head{Seq: vr.last, Hash: vr.hash.String()}
	vr.checkIndex(rec)
	vr.checkAnchor()
	if err := vr.checkEvidence(v); err != nil {
		return VerifyReport{}, err
	}
	return vr.report, nil
}

// verifier walks the rows of one run.
type verifier struct {
	run     event.RunID
	outline func(plan.ID) (*outline, error)
	anchor  *Head
	report  VerifyReport

	last   uint64 // seq of the last row
	hash   hash   // as stored with the last row
	folded record // the index as the events give it
	broken bool   // folded means nothing any more
	// anchored is the stored hash at the anchor's seq.
	anchored string
	sealed   map[plan.MonitorID][]event.Verdict
}

func (v *verifier) found(kind ProblemKind, seq uint64, format string, args ...any) {
	v.report.Problems = append(v.report.Problems, Problem{Kind: kind, Seq: seq, Detail: fmt.Sprintf(format, args...)})
}

// row checks the next row against the one before it. Behind a break it goes on from the stored hash, so that one edit is
// one problem.
func (v *verifier) row(r row) error {
	v.report.Events++
	gap := r.seq != v.last+1
	if gap {
		v.broken = true
		v.found(ProblemMissing, v.last+1, "%s missing", span(v.last+1, r.seq-1))
	} else if v.hash.next(r.bytes) != r.hash {
		v.broken = true
		v.found(ProblemEdited, r.seq, "event %d is not what was hashed", r.seq)
	}
	v.last, v.hash = r.seq, r.hash
	if v.anchor != nil && v.anchor.Seq == r.seq {
		v.anchored = r.hash.String()
	}
	e, err := decodeRow(v.run, r)
	if err != nil {
		v.broken = true
		kind := ProblemEdited
		if errors.Is(err, errMisplaced) {
			kind = ProblemMisplaced
		}
		v.found(kind, r.seq, "%v", err)
		return nil
	}
	return v.event(e)
}

// event folds an event into what the index should say and notes the evidence that it names.
func (v *verifier) event(e event.Event) error {
	if !v.broken {
		if err := v.folded.fold(e, v.outline); errors.Is(err, ErrInvalid) {
			v.broken = true
			v.found(ProblemEdited, e.Seq, "event %d cannot stand here: %v", e.Seq, err)
		} else if err != nil {
			return err
		}
		v.folded.seq = e.Seq
	}
	if e.Type != event.MonitorVerdict && e.Type != event.MonitorClosed {
		return nil
	}
	if p, err := event.Payload[event.Verdict](e); err != nil {
		v.found(ProblemEdited, e.Seq, "event %d: its verdict: %v", e.Seq, err)
	} else if p.Evidence != "" {
		v.sealed[e.Monitor] = append(v.sealed[e.Monitor], p)
	}
	return nil
}

func (v *verifier) checkIndex(rec *record) {
	switch {
	case rec == nil && v.report.Events > 0:
		v.found(ProblemIndex, 0, "the run is not in the index")
	case rec == nil:
	case rec.seq > v.last:
		v.found(ProblemTruncated, v.last+1, "%s missing at the end", span(v.last+1, rec.seq))
	case rec.seq < v.last || rec.hash != v.hash:
		v.found(ProblemIndex, v.last, "the index says that the chain ends at %s, it ends at %s", rec.head(), v.report.Head)
	case !v.broken && !sameInfo(rec.RunInfo, v.folded.RunInfo):
		v.found(ProblemIndex, 0, "the index says something else of the run than its events")
	}
}

func sameInfo(a, b RunInfo) bool {
	return a.ID == b.ID && a.Pipeline == b.Pipeline && a.Plan == b.Plan && a.Release == b.Release &&
		a.Started.Equal(b.Started) && a.Ended.Equal(b.Ended) && a.Outcome == b.Outcome && a.State == b.State &&
		a.Actor.Name == b.Actor.Name && a.Actor.How == b.Actor.How && a.Actor.Proof == b.Actor.Proof &&
		slices.Equal(a.Actor.Groups, b.Actor.Groups) && a.Commit == b.Commit && slices.Equal(a.Envs, b.Envs)
}

func (v *verifier) checkAnchor() {
	if v.anchor == nil || v.anchor.Seq == 0 {
		return
	}
	switch {
	case v.last < v.anchor.Seq:
		v.found(ProblemTruncated, v.last+1, "the anchor is at event %d, the journal ends at %d", v.anchor.Seq, v.last)
	case v.anchored == "":
		v.found(ProblemMissing, v.anchor.Seq, "the event of the anchor is missing")
	case v.anchored != v.anchor.Hash:
		v.found(ProblemRewritten, v.anchor.Seq, "event %d has the hash %s, the anchor says %s", v.anchor.Seq, v.anchored, v.anchor.Hash)
	}
}

// checkEvidence holds the ticks against the verdicts that were based on them.
func (v *verifier) checkEvidence(from view) error {
	var mons []plan.MonitorID
	for m := range v.sealed {
		mons = append(mons, m)
	}
	slices.Sort(mons)
	for _, m := range mons {
		ticks, err := from.ticks(v.run, m)
		if err != nil {
			return err
		}
		for _, p := range v.sealed[m] {
			switch {
			case p.Ticks < 0 || p.Ticks > len(ticks):
				v.found(ProblemEvidence, 0, "monitor %s: a verdict is based on %d ticks, %d are stored", m, p.Ticks, len(ticks))
			case EvidenceDigest(ticks[:p.Ticks]) != p.Evidence:
				v.found(ProblemEvidence, 0, "monitor %s: the first %d ticks are not those of its verdict", m, p.Ticks)
			}
		}
	}
	return nil
}

func span(from, to uint64) string {
	if from == to {
		return fmt.Sprintf("event %d is", from)
	}
	return fmt.Sprintf("events %d to %d are", from, to)
}

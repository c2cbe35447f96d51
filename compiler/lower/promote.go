package lower

import (
	"fmt"

	"github.com/penstock-dev/penstock/compiler/plan"
)

// promoteStage copies an artifact, after it has shown what is demanded of it.
func promoteStage(b *builder) error {
	p := *b.s.src.Promote
	a, ok := b.l.p.Artifacts[p.Artifact]
	if !ok {
		return fmt.Errorf("unknown artifact %q", p.Artifact)
	}
	if err := b.enter(false); err != nil {
		return err
	}
	if a.Trust() != nil {
		b.next("verify-"+string(p.Artifact), b.path, plan.Do{VerifyArtifact: &plan.VerifyArtifact{Artifact: string(p.Artifact)}})
	}
	b.next("copy", b.path, plan.Do{CopyArtifact: &plan.CopyArtifact{Artifact: string(p.Artifact), From: p.From, To: p.To}})
	return nil
}

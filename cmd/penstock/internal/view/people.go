package view

import (
	"fmt"
	"io"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
)

// Request is what somebody asked of a run.
type Request struct {
	Run event.RunID `json:"run"`
	// Asked is "approve", "reject" or "abort".
	Asked string `json:"asked"`
	// Node and Subject are what was answered; empty for "abort".
	Node    plan.NodeID `json:"node,omitempty"`
	Subject string      `json:"subject,omitempty"`
	By      string      `json:"by"`
	Reason  string      `json:"reason,omitempty"`
	// Driven says that a process is there to read it; else resume does.
	Driven bool `json:"driven"`
}

// Asked confirms a request, with the step that makes it take effect.
func Asked(w io.Writer, output string, r Request) error {
	if output == "json" {
		return JSON(w, struct {
			Format int `json:"format_version"`
			Request
		}{1, r})
	}
	switch r.Asked {
	case "approve":
		fmt.Fprintf(w, "approved %s of run %s as %s, for %s\n", r.Node, r.Run, r.By, short(r.Subject))
	case "reject":
		fmt.Fprintf(w, "rejected %s of run %s as %s, for %s\n", r.Node, r.Run, r.By, short(r.Subject))
	default:
		fmt.Fprintf(w, "asked run %s to return to stable\n", r.Run)
	}
	if !r.Driven {
		fmt.Fprintf(w, "no process drives the run; next: penstock resume %s\n", r.Run)
	}
	return nil
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/penstock-dev/penstock/cmd/penstock/internal/lsp"
	"github.com/penstock-dev/penstock/compiler/language"
	"github.com/penstock-dev/penstock/policies/engine"
)

func newLSPCmd(a *App) *cobra.Command {
	var src sourceFlags
	cmd := &cobra.Command{
		Use:     "lsp",
		Short:   "Serve an editor: findings while typing, completion, documentation, definitions",
		Example: `  penstock lsp -t region=eu`,
		Long: `Speak the Language Server Protocol on standard input and output. An editor starts it; docs/editors.md
says how.

Exit code 0: the editor shut it down. 1: the editor left without a word.`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s := lsp.New(lsp.Options{
				Version: a.Version, Tags: src.tags,
				Today: func() string { return time.Now().UTC().Format(time.DateOnly) },
				Codes: func() []language.Code { return waivable(cmd.Context()) },
			})
			err := s.Serve(cmd.Context(), a.Stdin, a.Stdout)
			if errors.Is(err, lsp.ErrNoShutdown) {
				return &exitError{code: ExitFindings, err: fmt.Errorf("serve an editor: %w", err)} // the protocol wants 1
			}
			return err
		},
	}
	src.addTags(cmd)
	// editors' libraries add this flag on their own
	cmd.Flags().Bool("stdio", true, "speak on standard input and output; there is no other way")
	return cmd
}

// waivable are the shipped policies that a pipeline can waive.
func waivable(ctx context.Context) []language.Code {
	eng, list, err := engine.Load(ctx, engine.Options{})
	if err != nil || list.HasErrors() {
		return nil // completion goes without them
	}
	var codes []language.Code
	for _, r := range eng.Rules() {
		if r.Waivable {
			codes = append(codes, language.Code{Name: r.Code, Doc: r.Title})
		}
	}
	return codes
}

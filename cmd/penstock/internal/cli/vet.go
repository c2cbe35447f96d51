package cli

import (
	"github.com/spf13/cobra"

	"github.com/penstock-dev/penstock/compiler"
)

func newVetCmd(a *App) *cobra.Command {
	var src sourceFlags
	var output string
	cmd := &cobra.Command{
		Use:   "vet [PKG | FILE | ./... | -]...",
		Short: "Check pipelines offline: what is wrong, at which line, and what would be right",
		Example: `  penstock vet
  penstock vet ./... -o json`,
		Long: `Check pipelines without a network, a cluster or a run. Arguments are packages, files,
patterns such as ./..., or - for standard input; none means the package here.

Exit code 0: no errors (warnings are shown). 1: findings.`,
		RunE: func(cmd *cobra.Command, given []string) error {
			oneShot()
			res, list, err := compiler.Vet(cmd.Context(), a.options(given, src))
			if err != nil {
				return err
			}
			return a.showDiagnostics(res.Names(), list, output)
		},
	}
	src.addTags(cmd)
	outputFlag(cmd, &output, "text", "json")
	return cmd
}

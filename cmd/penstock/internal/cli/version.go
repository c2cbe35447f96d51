package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/penstock-dev/penstock/cmd/penstock/internal/view"
	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/schema"
)

func newVersionCmd(a *App) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version and the formats it reads and writes",
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output == "json" {
				return view.JSON(a.Stdout, map[string]any{
					"format_version": 1, "version": a.Version, "go": runtime.Version(),
					"schema": schema.Version, "plan_format": plan.Format, "event_format": event.Format,
				})
			}
			_, err := fmt.Fprintf(a.Stdout, "penstock %s (schema %s, plan format %d, %s)\n", a.Version, schema.Version, plan.Format, runtime.Version())
			return err
		},
	}
	outputFlag(cmd, &output, "text", "json")
	return cmd
}

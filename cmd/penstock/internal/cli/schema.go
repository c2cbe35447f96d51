package cli

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/penstock-dev/penstock/schema"
)

func newSchemaCmd(a *App) *cobra.Command {
	return family("schema", "The language itself, for other programs", newSchemaJSONCmd(a))
}

func newSchemaJSONCmd(a *App) *cobra.Command {
	return &cobra.Command{
		Use:     "json",
		Short:   "Print the language as JSON Schema (draft 2020-12)",
		Example: `  penstock schema json >pipeline.schema.json`,
		Long: `Print the language as JSON Schema, draft 2020-12, for editors and for programs in other
languages that generate pipelines. It describes a file with "pipeline" or "pipelines" at
its top. What a schema can't say (references, cycles, races) vet says.`,
		Args: args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			_, err := io.WriteString(a.Stdout, schema.JSONSchema)
			return err
		},
	}
}

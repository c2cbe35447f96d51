package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/penstock-dev/penstock/cmd/penstock/internal/view"
	"github.com/penstock-dev/penstock/compiler/plan"
)

func newCompileCmd(a *App) *cobra.Command {
	var src sourceFlags
	var out string
	var id bool
	cmd := &cobra.Command{
		Use:   "compile [PKG]",
		Short: "Compile a pipeline into its plan",
		Example: `  penstock compile --out plan.json
  penstock run plan.json`,
		Long: `Compile a pipeline into its plan: everything that will be executed, as JSON with an id
over it. The same pipeline gives the same bytes, wherever and whenever it is compiled.`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			oneShot()
			f, _, err := a.planOf(cmd.Context(), given, src)
			if err != nil {
				return err
			}
			if id {
				_, err := fmt.Fprintln(a.Stdout, f.ID)
				return err
			}
			b, err := plan.Encode(f)
			if err != nil {
				return err
			}
			if out != "" {
				return writeFile(out, b)
			}
			_, err = a.Stdout.Write(b)
			return err
		},
	}
	src.add(cmd)
	cmd.Flags().StringVar(&out, "out", "", "write the plan to a file")
	cmd.Flags().BoolVar(&id, "id", false, "print only the plan's id")
	return cmd
}

// writeFile replaces a file as a whole or not at all.
func writeFile(path string, b []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".penstock-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(tmp.Name())
	if _, err := tmp.Write(b); err != nil {
		tmp.Close()
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := tmp.Close(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(tmp.Name(), path)
}

func newGraphCmd(a *App) *cobra.Command {
	var src sourceFlags
	var output string
	var nodes bool
	cmd := &cobra.Command{
		Use:     "graph [PKG | PLAN.json]",
		Short:   "Draw a pipeline's stages, or every instruction of its plan",
		Example: `  penstock graph | dot -Tsvg >stages.svg`,
		Args:    args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			oneShot()
			_, p, err := a.planOf(cmd.Context(), given, src)
			if err != nil {
				return err
			}
			return view.Graph(a.Stdout, p, output, nodes)
		},
	}
	src.add(cmd)
	outputFlag(cmd, &output, "dot", "mermaid")
	cmd.Flags().BoolVar(&nodes, "nodes", false, "draw every instruction instead of the stages")
	return cmd
}

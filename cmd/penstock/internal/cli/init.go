package cli

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

//go:embed skeleton
var skeleton embed.FS

func newInitCmd(a *App) *cobra.Command {
	var name, team string
	cmd := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Write a first pipeline that vets",
		Long: `Write pipeline.cue and RUNBOOK.md into a directory. Files that are there already are
never changed: init refuses and writes nothing.`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(_ *cobra.Command, given []string) error {
			dir := "."
			if len(given) == 1 {
				dir = given[0]
			}
			return a.initPipeline(dir, name, team)
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "the pipeline's name (default: the directory's)")
	cmd.Flags().StringVar(&team, "team", "my-team", "the team that owns it")
	return cmd
}

// enter is the step into a directory that isn't the one where the user stands.
func enter(dir string) string {
	if filepath.Clean(dir) == "." {
		return ""
	}
	return "\n  cd " + dir
}

var nameLike = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

func (a *App) initPipeline(dir, name, team string) error {
	if name == "" {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return err
		}
		name = strings.ToLower(filepath.Base(abs))
	}
	for flag, value := range map[string]string{"--name": name, "--team": team} {
		if !nameLike.MatchString(value) {
			return usagef("%s %q: use lower-case letters, digits and dashes, starting with a letter", flag, value)
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("create %s: %w", dir, err)
	}
	files := []string{"pipeline.cue", "RUNBOOK.md"}
	for _, f := range files {
		if _, err := os.Lstat(filepath.Join(dir, f)); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is there already: nothing was written", filepath.Join(dir, f))
		}
	}
	for _, f := range files {
		b, err := skeleton.ReadFile("skeleton/" + f)
		if err != nil {
			return err
		}
		text := strings.NewReplacer("NAME", name, "TEAM", team).Replace(string(b))
		if err := os.WriteFile(filepath.Join(dir, f), []byte(text), 0o644); err != nil {
			return fmt.Errorf("write: %w", err)
		}
		fmt.Fprintln(a.Stdout, "wrote", filepath.Join(dir, f))
	}
	fmt.Fprintf(a.Stdout, `next:%s
  penstock vet        check it
  penstock simulate   see what a run would do
  penstock run        release; "make build" has to write bin/%s, "make test" to pass
`, enter(dir), name)
	return nil
}

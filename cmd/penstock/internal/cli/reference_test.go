package cli

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

const referenceFile = "../../../../docs/cli.md"

// TestReference holds docs/cli.md against the commands; UPDATE=1 writes it.
func TestReference(t *testing.T) {
	got := reference(newRootCmd(&App{}))
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(referenceFile, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(referenceFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("docs/cli.md is stale, run UPDATE=1 go test ./cmd/penstock/internal/cli:\n%s", diff)
	}
}

// TestShorts holds the one-line texts together: each begins with a capital, has no stop and fits a line of help.
func TestShorts(t *testing.T) {
	each(newRootCmd(&App{}), func(c *cobra.Command) {
		s := c.Short
		if s == "" || s[:1] != strings.ToUpper(s[:1]) || strings.HasSuffix(s, ".") || len(s) > 100 {
			t.Errorf("%s: %q", c.CommandPath(), s)
		}
	})
}

// each calls f for the command and all below it, in the order of help.
func each(c *cobra.Command, f func(*cobra.Command)) {
	f(c)
	for _, sub := range c.Commands() {
		each(sub, f)
	}
}

// exitCodes are the rows of the table in the reference.
var exitCodes = []struct {
	code int
	text string
}{
	{ExitFine, "did what was asked"},
	{ExitFindings, "findings: diagnostics with errors, a denial by the policies, a changed record, drift"},
	{ExitUsage, "wrong flags or arguments; nothing was done"},
	{ExitFailed, "could not do the job; nothing had to be taken back"},
	{ExitRolledBack, "the run ended with the old version"},
	{ExitParked, "the run waits for people or a window: `penstock resume` goes on"},
	{ExitUnsettled, "a persistent fault: the lock is kept, `penstock resume` settles it"},
}

func reference(root *cobra.Command) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Commands\n\nGenerated from the commands themselves; a test fails when it is stale.\n\n%s\n\n", strings.Split(root.Long, "\n\nExit codes")[0])
	fmt.Fprintf(&b, "`-o json` is described in [json.md](json.md). `NO_COLOR` turns colour off; live progress needs a terminal and no `CI`.\n\n")
	fmt.Fprintf(&b, "## Exit codes\n\n| code | meaning |\n|---|---|\n")
	for _, e := range exitCodes {
		fmt.Fprintf(&b, "| %d | %s |\n", e.code, e.text)
	}
	for _, g := range root.Groups() {
		fmt.Fprintf(&b, "\n## %s\n", strings.TrimSuffix(g.Title, ":"))
		for _, c := range root.Commands() {
			if c.GroupID == g.ID {
				each(c, func(c *cobra.Command) { command(&b, c) })
			}
		}
	}
	return b.Bytes()
}

func command(b *bytes.Buffer, c *cobra.Command) {
	fmt.Fprintf(b, "\n### %s\n\n%s.\n", c.CommandPath(), c.Short)
	if c.HasSubCommands() && c.Long == "" {
		return
	}
	if !c.HasSubCommands() {
		fmt.Fprintf(b, "\n    %s\n", strings.TrimSuffix(c.UseLine(), " [flags]"))
	}
	if c.Long != "" {
		fmt.Fprintf(b, "\n%s\n", c.Long)
	}
	if c.Example != "" {
		fmt.Fprintf(b, "\nFor example:\n\n%s\n", strings.ReplaceAll("  "+c.Example, "\n", "\n  "))
	}
	var flags []string
	for line := range strings.Lines(c.LocalFlags().FlagUsages() + c.InheritedFlags().FlagUsages()) {
		if !strings.Contains(line, "--help ") {
			flags = append(flags, "    "+strings.TrimRight(line, " \n"))
		}
	}
	if len(flags) > 0 {
		fmt.Fprintf(b, "\nFlags:\n\n%s\n", strings.Join(flags, "\n"))
	}
}

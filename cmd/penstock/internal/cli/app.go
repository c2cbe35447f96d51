// Package cli holds penstock's commands, one file each: flags go to a struct, a package does the work, a view shows it.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/penstock-dev/penstock/cmd/penstock/internal/view"
)

// App is the program with its surroundings; tests give their own.
type App struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	Version        string
}

// Main runs one command line and returns the exit code.
func (a *App) Main(ctx context.Context, args []string) int {
	root := newRootCmd(a)
	root.SetArgs(args)
	root.SetIn(a.Stdin)
	root.SetOut(a.Stdout)
	root.SetErr(a.Stderr)
	err := root.ExecuteContext(ctx)
	var e *exitError
	if err != nil && (!errors.As(err, &e) || e.err != nil) {
		fmt.Fprintf(a.Stderr, "penstock: %v\n", err)
	}
	return codeOf(err)
}

// oneShot turns the garbage collector off up to a memory limit: nearly everything that a compile allocates stays live.
func oneShot() {
	if !collects() {
		return
	}
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(memoryLimit)
}

// memoryLimit is what a one-shot command may use before it collects garbage.
const memoryLimit = 480 << 20

// collects reports whether the collector is penstock's to control: nobody has set it by Go's own variables.
func collects() bool { return os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" }

// style says how to draw on a stream: colour and live progress only on a terminal, and never with NO_COLOR.
func (a *App) style(w io.Writer) view.Style {
	f, ok := w.(*os.File)
	tty := ok && term.IsTerminal(int(f.Fd())) && a.Getenv("TERM") != "dumb"
	s := view.Style{Colour: tty && a.Getenv("NO_COLOR") == "", Live: tty && a.Getenv("CI") == ""}
	if tty {
		s.Size = func() (cols, rows int) {
			cols, rows, err := term.GetSize(int(f.Fd()))
			if err != nil {
				return 0, 0
			}
			return cols, rows
		}
	}
	return s
}

// outputFlag adds -o with the given formats; the first is the default.
func outputFlag(cmd *cobra.Command, to *string, formats ...string) {
	list := ""
	for i, f := range formats {
		if i > 0 {
			list += ", "
		}
		list += f
	}
	cmd.Flags().StringVarP(to, "output", "o", formats[0], "output format: "+list)
	prev := cmd.PreRunE
	cmd.PreRunE = func(c *cobra.Command, args []string) error {
		for _, f := range formats {
			if *to == f {
				if prev != nil {
					return prev(c, args)
				}
				return nil
			}
		}
		return usagef("unknown output format %q: use one of %s", *to, list)
	}
}

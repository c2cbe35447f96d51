package cli

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/penstock-dev/penstock/cmd/penstock/internal/view"
	"github.com/penstock-dev/penstock/targets/process/client"
	"github.com/penstock-dev/penstock/targets/process/control"
	"github.com/penstock-dev/penstock/targets/process/host"
)

// hostFlags choose a host of this machine.
type hostFlags struct {
	name           string
	state, runtime string
}

func (f *hostFlags) add(cmd *cobra.Command) {
	cmd.PersistentFlags().StringVar(&f.name, "name", "default", "the host's name, as `host` in a process environment says")
	cmd.PersistentFlags().StringVar(&f.state, "state", "", "its state directory (default: below $XDG_STATE_HOME)")
	cmd.PersistentFlags().StringVar(&f.runtime, "runtime", "", "the directory of its sockets (default: below $XDG_RUNTIME_DIR)")
}

func (f *hostFlags) dirs(a *App) (control.Dirs, error) {
	d, err := control.DefaultDirs(f.name, a.Getenv)
	if err != nil {
		return d, err
	}
	if f.state != "" {
		d.State = f.state
	}
	if f.runtime != "" {
		d.Runtime = f.runtime
	}
	return d, nil
}

func newHostCmd(a *App) *cobra.Command {
	var flags hostFlags
	cmd := &cobra.Command{
		Use:   "host",
		Short: "The supervisor and proxy of the process target",
		Long: `The host runs versions of programs on this machine and splits live HTTP traffic between
them. It is started by the first run that needs it, outlives the runs, and takes a
canary back by itself when the run that watches it is gone.`,
		Args: knownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	flags.add(cmd)
	cmd.AddCommand(newHostRunCmd(a, &flags), newHostStatusCmd(a, &flags), newHostDriftCmd(a, &flags),
		newHostRestartCmd(a, &flags), newHostStopCmd(a, &flags))
	return cmd
}

func newHostRunCmd(a *App, flags *hostFlags) *cobra.Command {
	var takeover bool
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Be the host, until it is stopped or replaced",
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			dirs, err := flags.dirs(a)
			if err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return host.Run(ctx, host.Options{Dirs: dirs, Version: a.Version, Log: a.Stderr, Takeover: takeover})
		},
	}
	cmd.Flags().BoolVar(&takeover, "takeover", false, "take the sockets over from the running host and replace it")
	return cmd
}

// reach returns a client of the host that runs; it starts none.
func (f *hostFlags) reach(a *App) (*client.Client, error) {
	dirs, err := f.dirs(a)
	if err != nil {
		return nil, err
	}
	return client.Open(client.Options{Dirs: dirs}), nil
}

func newHostStatusCmd(a *App, flags *hostFlags) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show what runs, who has which share of traffic, and who holds which lock",
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := flags.reach(a)
			if err != nil {
				return err
			}
			h, err := c.Host(cmd.Context())
			if err != nil {
				return noHost(err)
			}
			if output == "json" {
				return view.HostJSON(a.Stdout, h)
			}
			view.Host(a.Stdout, a.style(a.Stdout), h)
			return nil
		},
	}
	outputFlag(cmd, &output, "text", "json")
	return cmd
}

func noHost(err error) error {
	if errors.Is(err, client.ErrNoHost) {
		return fmt.Errorf("%w: the first run that needs one starts it", err)
	}
	return err
}

func newHostDriftCmd(a *App, flags *hostFlags) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "drift",
		Short: "Compare what runs with what was released; exit code 1 when it differs",
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := flags.reach(a)
			if err != nil {
				return err
			}
			diffs, err := c.Drift(cmd.Context(), control.Service{})
			if err != nil {
				return noHost(err)
			}
			if output == "json" {
				err = view.JSON(a.Stdout, map[string]any{"format_version": 1, "differences": orEmpty(diffs)})
			} else {
				view.HostDrift(a.Stdout, diffs)
			}
			if err == nil && len(diffs) > 0 {
				return silent(ExitFindings)
			}
			return err
		},
	}
	outputFlag(cmd, &output, "text", "json")
	return cmd
}

func newHostRestartCmd(a *App, flags *hostFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "restart",
		Short: "Replace the host by one of this program, without losing a request",
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			dirs, err := flags.dirs(a)
			if err != nil {
				return err
			}
			return client.Restart(cmd.Context(), client.Options{Dirs: dirs, Start: true})
		},
	}
}

func newHostStopCmd(a *App, flags *hostFlags) *cobra.Command {
	var keep bool
	cmd := &cobra.Command{
		Use:   "stop",
		Short: "Stop the host and its programs",
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := flags.reach(a)
			if err != nil {
				return err
			}
			if err := c.Stop(cmd.Context(), keep); err != nil && !errors.Is(err, client.ErrNoHost) {
				return err
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&keep, "keep-programs", false, "let the programs go on; the next host takes them over")
	return cmd
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

package cli

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"slices"
	"strconv"
)

// inTrial is set for the other process of a trial.
const inTrial = "PENSTOCK_TRIAL"

// trial vets what is given in a process of its own and says whether that dies of it: when one step asks for more memory
// than the machine has, Go ends the process, whoever watches.
func (a *App) trial(given []string, f sourceFlags, stdin []byte) func(context.Context) bool {
	if a.Getenv == nil || a.Getenv(inTrial) != "" || slices.Contains(given, "-") && stdin == nil {
		return nil
	}
	return func(ctx context.Context) bool {
		exe, err := os.Executable()
		if err != nil {
			return false // it is evaluated here, as nearly everything is
		}
		args := []string{"vet"}
		for _, t := range f.tags {
			args = append(args, "--tag", t)
		}
		l := f.limits.limits()
		args = append(args, "--max-memory", strconv.FormatInt(l.Memory, 10))
		if f.limits.timeout.set {
			args = append(args, "--timeout", l.Timeout.String())
		}
		cmd := exec.CommandContext(ctx, exe, append(append(args, "--"), given...)...)
		cmd.Env = append(os.Environ(), inTrial+"=1")
		cmd.Stdin = bytes.NewReader(stdin)
		said := &head{}
		cmd.Stderr = said
		return cmd.Run() != nil && cmd.ProcessState != nil && cmd.ProcessState.ExitCode() == goCrash &&
			bytes.Contains(said.text, []byte("out of memory"))
	}
}

// goCrash is the exit code of a Go program that its runtime ends.
const goCrash = 2

// head keeps the beginning of what is written to it.
type head struct{ text []byte }

// Write never fails.
func (h *head) Write(b []byte) (int, error) {
	const most = 4096
	h.text = append(h.text, b[:min(len(b), most-len(h.text))]...)
	return len(b), nil
}

package local

import (
	"errors"
	"os"
	"syscall"

	"github.com/penstock-dev/penstock/targets"
)

// gone reports whether a holder's process was on this host and runs no more. A pid that was given to another process since
// makes it say no: then whoever waits is told less, and nothing wrong.
func gone(h targets.Holder) bool {
	host, err := os.Hostname()
	if err != nil || h.PID <= 0 || h.Host != host {
		return false
	}
	return errors.Is(syscall.Kill(h.PID, 0), syscall.ESRCH)
}

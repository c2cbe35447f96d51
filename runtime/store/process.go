package store

import (
	"fmt"
	"os"
	"time"
)

// Self returns this process as an owner. The command is shown to those who wait; it must hold no secret.
func Self(command string) (Owner, error) {
	host, err := os.Hostname()
	if err != nil {
		return Owner{}, fmt.Errorf("read own host name: %w", err)
	}
	o := Owner{Host: host, PID: os.Getpid(), Command: command, Since: time.Now().UTC()}
	if err := identify(&o); err != nil {
		return Owner{}, fmt.Errorf("read own process: %w", err)
	}
	return o, nil
}

// ProcessGone reports whether an owner's process is known to have ended. Of a process on another host, or in another
// pid namespace, nothing is known.
func ProcessGone(o Owner) bool {
	self, err := Self("")
	if err != nil || o.Host != self.Host {
		return false
	}
	if o.Boot != "" && self.Boot != "" && o.Boot != self.Boot {
		return true
	}
	if o.Namespace != self.Namespace {
		return false
	}
	start, alive, err := lookup(o.PID)
	if err != nil {
		return false
	}
	return !alive || o.Start != 0 && start != 0 && start != o.Start
}

package view

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/penstock-dev/penstock/targets/process/control"
)

// Host writes what a process host runs.
func Host(w io.Writer, st Style, h control.Host) {
	fmt.Fprintf(w, "host %d, version %s, since %s, state in %s\n", h.PID, h.Version, h.Since.Local().Format(time.DateTime), h.State)
	if h.Draining {
		fmt.Fprintln(w, st.paint(yellow, "the host before it still finishes requests"))
	}
	for _, s := range h.Services {
		fmt.Fprintf(w, "%s on %s\n", s.Service, strings.Join(s.Listen, ", "))
		for _, v := range s.Versions {
			share := ""
			switch v.Role {
			case "canary":
				share = fmt.Sprintf(", %g %% of traffic", s.Weight)
			case "stable":
				share = fmt.Sprintf(", %g %% of traffic", 100-s.Weight)
			}
			fmt.Fprintf(w, "  %-8s %s  %s%s, pid %d, started %d×%s\n", v.Role, short(v.Version), v.State, share, v.PID, v.Starts, after(v.Reason))
		}
		if l := s.Lease; l != nil {
			text := "lease of run " + l.Run + " until " + l.Until.Local().Format(time.TimeOnly)
			if l.Expired {
				text = "lease of run " + l.Run + " ran out: the host took the canary back by itself"
			}
			fmt.Fprintf(w, "  %s\n", st.paint(yellow, text))
		}
	}
	for _, l := range h.Locks {
		if l.Holder != nil {
			fmt.Fprintf(w, "lock of %s held by run %s (%s), fencing number %d\n", l.Place, l.Holder.Run, l.Holder.Actor, l.Fence)
		}
	}
}

// HostJSON writes the host with a format version beside its fields; empty lists are [].
func HostJSON(w io.Writer, h control.Host) error {
	h.Services, h.Locks = orEmpty(h.Services), orEmpty(h.Locks)
	return JSON(w, struct {
		Format int `json:"format_version"`
		control.Host
	}{1, h})
}

// HostDrift writes in what the running programs differ from what was released.
func HostDrift(w io.Writer, diffs []control.Difference) {
	for _, d := range diffs {
		since := ""
		if !d.Since.IsZero() {
			since = ", since " + d.Since.Local().Format(time.DateTime)
		}
		fmt.Fprintf(w, "%s %s: %s is %s, was released as %s%s\n", d.Service, short(d.Version), d.Field, d.Got, d.Want, since)
	}
	if len(diffs) == 0 {
		fmt.Fprintln(w, "no drift: what runs is what was released")
	}
}

package live

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/penstock-dev/penstock/targets"
	"github.com/penstock-dev/penstock/targets/process/client"
	"github.com/penstock-dev/penstock/targets/process/control"
)

// Observe tells what runs now. Where nothing was ever released it starts no host to find that out.
func (d *Driver) Observe(ctx context.Context, dep targets.Deploy) (targets.Observed, error) {
	cl, dirs, err := d.client(dep.Place)
	if err != nil {
		return targets.Observed{}, err
	}
	if !hasState(dirs) {
		return targets.Observed{}, nil
	}
	st, err := cl.Observe(ctx, service(dep))
	if err != nil {
		return targets.Observed{}, refused(targets.Call{}, err)
	}
	return observed(st), nil
}

// hasState reports whether a host was ever asked for anything.
func hasState(dirs control.Dirs) bool {
	_, err := os.Stat(filepath.Join(dirs.State, "state.json"))
	return err == nil
}

// observed translates a status.
func observed(st control.Status) targets.Observed {
	o := targets.Observed{Weight: st.Weight}
	var notes []string
	for _, v := range st.Versions {
		ready := v.State == control.Running
		switch v.Role {
		case control.Stable:
			o.Stable, o.StableSpec, o.StableReady = v.Version, v.Source, ready
		case control.Canary:
			o.Canary, o.CanaryReady = v.Version, ready
		case control.Prior:
			if ready {
				o.Prior = v.Version
			}
		}
		if !ready && v.Role != control.Leaving {
			notes = append(notes, fmt.Sprintf("%s version is %s: %s", v.Role, v.State, v.Reason))
		}
	}
	if l := st.Lease; l != nil && l.Expired {
		notes = append(notes, fmt.Sprintf("lease of run %s expired %s, traffic was taken back", l.Run, l.Until.Format(time.RFC3339)))
	}
	o.Note = strings.Join(notes, "; ")
	return o
}

// Drift compares what runs with what was last executed. A host that does not run is drift itself, and is not started.
func (d *Driver) Drift(ctx context.Context, dep targets.Deploy) ([]targets.Difference, error) {
	_, dirs, err := d.client(dep.Place)
	if err != nil {
		return nil, err
	}
	object := service(dep).String()
	quiet := client.Open(client.Options{Dirs: dirs})
	st, err := quiet.Observe(ctx, service(dep))
	if errors.Is(err, client.ErrNoHost) {
		return []targets.Difference{{Place: dep.Place.ID, Object: "host", Field: "state", Want: "running", Got: "not running"}}, nil
	}
	if err != nil {
		return nil, refused(targets.Call{}, err)
	}
	var out []targets.Difference
	if v, _ := st.In(control.Stable); v.Version != dep.Version {
		got := v.Version
		if got == "" {
			got = "(absent)"
		}
		out = append(out, targets.Difference{Place: dep.Place.ID, Object: object, Field: "version", Want: dep.Version, Got: got})
	}
	diffs, err := quiet.Drift(ctx, service(dep))
	if err != nil {
		return nil, refused(targets.Call{}, err)
	}
	for _, x := range diffs {
		o := object
		if x.Version != "" {
			o += "/" + x.Version
		}
		out = append(out, targets.Difference{Place: dep.Place.ID, Object: o, Field: x.Field, Want: x.Want, Got: x.Got, Since: x.Since})
	}
	return out, nil
}

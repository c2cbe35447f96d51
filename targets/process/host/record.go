package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/penstock-dev/penstock/targets/process/control"
	"github.com/penstock-dev/penstock/targets/process/host/internal/child"
	"github.com/penstock-dev/penstock/targets/process/host/proxy"
)

// stateFormat is the version of the state file. A host refuses a file of another format.
const stateFormat = 1

// keptKeys is how many idempotency keys a service remembers. A run uses a handful per deploy.
const keptKeys = 256

// keptDigests is how many retired programs stay in the content store, for a release to go back to.
const keptDigests = 8

// record is what a service should be. It holds no secret.
type record struct {
	Service    control.Service `json:"service"`
	Generation uint64          `json:"generation"`
	Versions   []versionRecord `json:"versions"`
	Weight     float64         `json:"weight"`
	Matches    []proxy.Match   `json:"matches,omitempty"`
	Lease      *control.Lease  `json:"lease,omitempty"`
	Fence      uint64          `json:"fence"`
	Order      uint64          `json:"order"`
	Keys       []keyRecord     `json:"keys,omitempty"`
	Retired    []string        `json:"retired,omitempty"` // digests, the latest last
}

// endRecord says when and how a process ended.
type endRecord struct {
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
}

// versionRecord is one version of a service.
type versionRecord struct {
	// Fence is the number of the lock under which it was brought up.
	Fence      uint64       `json:"fence"`
	Spec       control.Spec `json:"spec"`
	Role       control.Role `json:"role"`
	Generation uint64       `json:"generation"`
	Proc       *procRecord  `json:"proc,omitempty"`
	// WasReady says that it could serve at least once; only such a version is started again when it dies.
	WasReady  bool      `json:"wasReady,omitempty"`
	Starts    int       `json:"starts,omitempty"`
	StartedAt time.Time `json:"startedAt,omitzero"`
	// Ended is the last time its process ended although nobody had asked it to.
	Ended *endRecord `json:"ended,omitempty"`
}

// procRecord is the process of a version.
type procRecord struct {
	ID    child.Identity `json:"id"`
	Port  int            `json:"port"`
	Ready bool           `json:"ready,omitempty"`
}

// keyRecord is a request that was executed.
type keyRecord struct {
	Key   string `json:"key"`
	Hash  string `json:"hash"`
	Order uint64 `json:"order"`
}

// clone returns a copy that shares nothing which is changed in place.
func (r record) clone() record {
	r.Versions = slices.Clone(r.Versions)
	r.Keys = slices.Clone(r.Keys)
	r.Retired = slices.Clone(r.Retired)
	r.Matches = slices.Clone(r.Matches)
	if r.Lease != nil {
		l := *r.Lease
		r.Lease = &l
	}
	return r
}

// role returns the version with a role, to be changed in place, or nil.
func (r *record) role(role control.Role) *versionRecord {
	for i := range r.Versions {
		if r.Versions[i].Role == role {
			return &r.Versions[i]
		}
	}
	return nil
}

// named returns the version with a name that does not leave, or nil.
func (r *record) named(version string) *versionRecord {
	for i := range r.Versions {
		if v := &r.Versions[i]; v.Spec.Version == version && v.Role != control.Leaving {
			return v
		}
	}
	return nil
}

// generation returns the version with a number, or nil.
func (r *record) generation(gen uint64) *versionRecord {
	for i := range r.Versions {
		if r.Versions[i].Generation == gen {
			return &r.Versions[i]
		}
	}
	return nil
}

// isLeaving reports whether a version with a name is still being drained or stopped.
func (r *record) isLeaving(version string) bool {
	return slices.ContainsFunc(r.Versions, func(v versionRecord) bool {
		return v.Role == control.Leaving && v.Spec.Version == version
	})
}

// add appends a version.
func (r *record) add(spec control.Spec, role control.Role) {
	r.Generation++
	r.Versions = append(r.Versions, versionRecord{Spec: spec, Role: role, Generation: r.Generation, Fence: r.Fence})
}

// unexpose takes the canary's traffic away.
func (r *record) unexpose() { r.Weight, r.Matches, r.Lease = 0, nil, nil }

// drop removes a version that has ended and remembers its program.
func (r *record) drop(gen uint64) {
	v := r.generation(gen)
	if v == nil {
		return
	}
	digest := v.Spec.Digest
	r.Versions = slices.DeleteFunc(r.Versions, func(v versionRecord) bool { return v.Generation == gen })
	r.Retired = append(slices.DeleteFunc(r.Retired, func(d string) bool { return d == digest }), digest)
	r.Retired = r.Retired[max(0, len(r.Retired)-keptDigests):]
}

// doors returns the addresses that the service should listen on, sorted.
func (r *record) doors() []string {
	var out []string
	for _, v := range r.Versions {
		if v.Role != control.Leaving {
			out = append(out, v.Spec.Listen)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// stateFile is everything that survives the host.
type stateFile struct {
	Format   int                     `json:"format"`
	Services map[string]record       `json:"services"`
	Locks    map[string]control.Lock `json:"locks"`
}

// readState reads the state file of a directory; a directory without one is new.
func readState(dir string) (stateFile, error) {
	st := stateFile{Format: stateFormat, Services: map[string]record{}, Locks: map[string]control.Lock{}}
	b, err := os.ReadFile(filepath.Join(dir, "state.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return st, nil
	}
	if err != nil {
		return st, fmt.Errorf("read state: %w", err)
	}
	if err := json.Unmarshal(b, &st); err != nil {
		return st, fmt.Errorf("read state %s: %w", dir, err)
	}
	if st.Format != stateFormat {
		return st, fmt.Errorf("read state %s: format %d, this penstock knows %d", dir, st.Format, stateFormat)
	}
	return st, nil
}

// writeState replaces the state file so that a power failure leaves the old or the new one.
func writeState(dir string, st stateFile) error {
	b, err := json.Marshal(st)
	if err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	tmp, err := os.OpenFile(filepath.Join(dir, "state.json.new"), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	_, err = tmp.Write(b)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	if err := os.Rename(tmp.Name(), filepath.Join(dir, "state.json")); err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	return nil
}

package process

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/schema"
	"github.com/penstock-dev/penstock/targets"
)

// Finding is something that cannot work.
type Finding struct {
	// Path leads from the workload's process field to the culprit, such as "env.PORT".
	Path    string
	Message string
	Hint    string
}

// Reserved are the variables that the host sets itself, sorted.
func Reserved() []string { return []string{"PENSTOCK_LISTEN", "PENSTOCK_VERSION", "PORT"} }

// Check returns what is wrong with a program's description beyond its types, in a fixed order.
func Check(w schema.ProcessWorkload) []Finding {
	var out []Finding
	if w.Listen != "" {
		if msg := checkListen(w.Listen); msg != "" {
			out = append(out, Finding{Path: "listen", Message: msg, Hint: `for example "127.0.0.1:8080"`})
		}
	}
	names := map[string][]string{}
	for k := range w.Env {
		names[string(k)] = append(names[string(k)], "env")
	}
	for k := range w.Inject {
		names[string(k)] = append(names[string(k)], "inject")
	}
	for k := range w.Secrets {
		names[string(k)] = append(names[string(k)], "secrets")
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		in := names[name]
		if slices.Contains(Reserved(), name) {
			out = append(out, Finding{
				Path: in[0] + "." + name, Message: fmt.Sprintf("%q is set by penstock", name),
				Hint: "the program listens where PENSTOCK_LISTEN says; users connect to listen",
			})
		}
		if len(in) > 1 {
			out = append(out, Finding{
				Path:    in[1] + "." + name,
				Message: fmt.Sprintf("%q is set by %s as well", name, in[0]), Hint: "keep one of them",
			})
		}
	}
	return out
}

// checkListen says what is wrong with an address to listen on, or nothing.
func checkListen(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Sprintf("%q is not of the form host:port", addr)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return fmt.Sprintf("port %q is not a number from 1 to 65535", port)
	}
	if host == "" || host == "localhost" {
		return ""
	}
	if _, err := netip.ParseAddr(host); err != nil {
		return fmt.Sprintf("%q is not an address of this machine: a name may mean another one tomorrow", host)
	}
	return ""
}

// SameDoor reports whether two addresses cannot be listened on at once: same port, and same or any host.
func SameDoor(a, b string) bool {
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	if errA != nil || errB != nil || portA != portB {
		return false
	}
	x, anyX := where(hostA)
	y, anyY := where(hostB)
	return anyX || anyY || x == y
}

// where reads a host to listen on; any means all addresses.
func where(host string) (addr netip.Addr, any bool) {
	if host == "" {
		return netip.Addr{}, true
	}
	if host == "localhost" {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1}), false
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}, false
	}
	return addr.Unmap(), addr.IsUnspecified()
}

// Decode reads the spec of a process workload.
func Decode(raw json.RawMessage) (targets.ProcessSpec, error) {
	var s targets.ProcessSpec
	if err := json.Unmarshal(raw, &s); err != nil {
		return s, fmt.Errorf("process spec: %w", err)
	}
	return s, nil
}

// ProgramName is what a program sees as its own name: that of the file it was built as.
func ProgramName(s targets.ProcessSpec, ref plan.Ref) string {
	if base := path.Base(s.Artifact.Path); s.Artifact.Path != "" && base != "." && base != "/" {
		return base
	}
	return Workload(ref)
}

// Workload is the workload's own name in a reference such as "hello@local".
func Workload(ref plan.Ref) string {
	name, _, _ := strings.Cut(string(ref), "@")
	return name
}

package host

import (
	"maps"
	"slices"
	"strings"

	"github.com/penstock-dev/penstock/targets/process/control"
	"github.com/penstock-dev/penstock/targets/process/host/internal/content"
)

// sum returns the digest of the program that a process executes.
func (h *Host) sum(path string) (string, error) { return content.Sum(path) }

// withoutSecrets returns an environment without the variables that are secret: their values are neither compared nor shown.
func withoutSecrets(env, secrets []string) []string {
	var out []string
	for _, kv := range env {
		name, _, _ := strings.Cut(kv, "=")
		if !slices.Contains(secrets, name) {
			out = append(out, kv)
		}
	}
	return out
}

// envDrift returns the variables that differ between two environments, by name. What the host itself passes on from its
// own environment may differ between two hosts and is left out.
func envDrift(want, got []string) []control.Difference {
	w, g := toMap(want), toMap(got)
	for _, name := range inherited() {
		delete(w, name)
		delete(g, name)
	}
	names := map[string]bool{}
	for k := range w {
		names[k] = true
	}
	for k := range g {
		names[k] = true
	}
	var out []control.Difference
	for _, k := range slices.Sorted(maps.Keys(names)) {
		a, inWant := w[k]
		b, inGot := g[k]
		if !inWant {
			a = "(absent)"
		}
		if !inGot {
			b = "(absent)"
		}
		if a != b || inWant != inGot {
			out = append(out, control.Difference{Field: "env." + k, Want: a, Got: b})
		}
	}
	return out
}

// toMap reads an environment.
func toMap(env []string) map[string]string {
	out := make(map[string]string, len(env))
	for _, kv := range env {
		k, v, _ := strings.Cut(kv, "=")
		out[k] = v
	}
	return out
}

package engine

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestDocs holds the table in docs/policies.md against the rules' own annotations.
func TestDocs(t *testing.T) {
	const file, begin, end = "../../docs/policies.md", "<!-- generated: rules -->\n", "<!-- end -->"
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(b), begin)
	_, tail, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has lost the marks around the generated table", file)
	}
	want := head + begin + table(load(t, Options{}).Rules()) + end + tail
	if want == string(b) {
		return
	}
	if os.Getenv("UPDATE") == "" {
		t.Fatalf("%s is not what the rules say: UPDATE=1 go test ./policies/engine mends it", file)
	}
	if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

func table(rules []Rule) string {
	var b strings.Builder
	b.WriteString("| code | severity | what it asks | fix | waiver |\n|---|---|---|---|---|\n")
	for _, r := range rules {
		severities := make([]string, len(r.Severities))
		for i, s := range r.Severities {
			severities[i] = string(s)
		}
		waive := r.Waive
		if !r.Waivable {
			waive = "not waivable: " + waive
		}
		fmt.Fprintf(&b, "| `%s` | %s | **%s.** %s | %s | %s |\n", r.Code, strings.Join(severities, ", "), r.Title, r.Description, r.Fix, waive)
	}
	return b.String()
}

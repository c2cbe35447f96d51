package view

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/penstock-dev/penstock/internal/diag"
)

// TestConceal holds that the line of a secret is named and not quoted.
func TestConceal(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "p.cue"), []byte("password: \"hunter2\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	at := diag.Range{File: "p.cue", Start: diag.Position{Line: 1, Column: 11}}
	for _, conceal := range []bool{false, true} {
		list := diag.List{{Code: "secret-literal", Severity: diag.SeverityError, Message: "a secret", Hint: "take it back", Range: at, Conceal: conceal}}
		var out strings.Builder
		Diagnostics(&out, Style{}, &Sources{Dir: dir}, list)
		if got := out.String(); strings.Contains(got, "hunter2") == conceal || !strings.Contains(got, "p.cue:1:11: a secret [secret-literal]") || !strings.Contains(got, "hint: take it back") {
			t.Errorf("conceal %v: %s", conceal, got)
		}
	}
}

package e2e

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/penstock-dev/penstock/internal/secret"
	"github.com/penstock-dev/penstock/test/site"
)

// TestSecretsStaySecret: what an exec and a workload are given as a secret reaches both, and no file and no output of
// penstock tells it, not even when the exec prints it.
func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	// said-42 is in what the exec prints and not in its definition, so that a file that has it holds the output
	const says = `"test -n \"$TOKEN\" && echo \"said-$((40 + 2)) $TOKEN\" && echo \"coded $(printf %s \"$TOKEN\" | base64 -w0)\" && mkdir -p bin && `
	const given = `secrets: TOKEN: env: "DEMO_TOKEN"`
	s := site.New(t, bins, edited(t, pipeline, canary, atOnce, buildCommand, says,
		"produces: app: {}", "produces: app: {}, "+given, listen, listen+"\t\t"+given+"\n"))
	value := rand.Text() + rand.Text()
	s.Setenv("DEMO_TOKEN", value)
	s.Use("1")

	outputs := map[string]string{"run": s.Must(0, "run")}
	if variable(t, s, "TOKEN") != value {
		t.Error("the program did not get the secret's value")
	}
	for _, args := range [][]string{
		{"logs"}, {"logs", "--events"}, {"status"}, {"status", "-o", "json"}, {"compile"}, {"history", "-o", "json"},
		{"host", "status", "-o", "json"},
	} {
		outputs[strings.Join(args, " ")] = s.Must(0, args...)
	}
	outputs["logs of the exec"] = s.Must(0, "logs", newest(t, s), "build/exec")
	contains(t, outputs["logs of the exec"], "said-42 "+secret.Shown, "coded "+secret.Shown)
	for name, out := range outputs {
		if form := told([]byte(out), value); form != "" {
			t.Errorf("the output of %q tells the secret (%s)", name, form)
		}
	}
	untold(t, s, value, "said-42")
}

// told names the form in which b holds the value, "" when it doesn't.
func told(b []byte, value string) string {
	if bytes.Contains(b, []byte(value)) {
		return "plain"
	}
	// the same bytes look different after 0, 1 and 2 others; the first and last digits depend on what is beside them
	for shift := range 3 {
		code := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat(" ", shift) + value))
		if bytes.Contains(b, []byte(code[4:len(code)-4])) {
			return "base64"
		}
	}
	return ""
}

// untold reads every file of the site: none tells the value, and at least one holds the witness as it was printed.
func untold(t *testing.T, s *site.Site, value, witness string) {
	t.Helper()
	files, seen := 0, false
	dirs := map[string]bool{}
	err := filepath.WalkDir(s.Base(), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return gone(err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return gone(err)
		}
		rel, err := filepath.Rel(s.Base(), path)
		if err != nil {
			return err
		}
		files++
		seen = seen || bytes.Contains(b, []byte(witness))
		top, _, _ := strings.Cut(rel, string(filepath.Separator))
		dirs[top] = true
		if form := told(b, value); form != "" {
			t.Errorf("%s tells the secret (%s)", rel, form)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !seen || !dirs["work"] || !dirs["state"] {
		t.Errorf("%d files in %v were read, output among them: %t", files, dirs, seen)
	}
}

// gone forgives a file that was removed while the site was read.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

//go:build ignore

// This program writes rules.txt from the configuration of a pinned version of gitleaks. Run it by `go generate`.
package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

const (
	module  = "github.com/zricethezav/gitleaks/v8"
	version = "v8.30.1"
)

type allowlist struct {
	Condition, RegexTarget    string
	Regexes, StopWords, Paths []string
}

type rule struct {
	ID, Regex, Path string
	Entropy         float64
	SecretGroup     int
	Keywords        []string
	Allowlists      []allowlist
}

func main() {
	out, err := exec.Command("go", "mod", "download", "-json", module+"@"+version).Output()
	must(err)
	var at struct{ Dir string }
	must(json.Unmarshal(out, &at))
	data, err := os.ReadFile(filepath.Join(at.Dir, "config", "gitleaks.toml"))
	must(err)
	license, err := os.ReadFile(filepath.Join(at.Dir, "LICENSE"))
	must(err)
	var config struct {
		Allowlist allowlist
		Rules     []rule
	}
	must(toml.Unmarshal(data, &config))
	var b bytes.Buffer
	fmt.Fprintf(&b, "# The rules of %s %s, written by gen/main.go. Their license:\n#\n", module, version)
	for l := range strings.Lines(string(license)) {
		b.WriteString(strings.TrimRight("# "+l, " \n") + "\n")
	}
	b.WriteString("#\n# Fields: keywords (\\b: at the beginning of a word), id, least entropy, group of the secret, expression, what is no secret.\n")
	write(&b, rule{ID: "*", Allowlists: []allowlist{config.Allowlist}})
	slices.SortFunc(config.Rules, func(a, b rule) int { return cmp.Compare(a.ID, b.ID) })
	for _, r := range config.Rules {
		// Rules for files of certain names, and the one that goes by the names of variables: package leak has its own.
		if r.Path != "" || r.Regex == "" || len(r.Keywords) == 0 || r.ID == "generic-api-key" {
			continue
		}
		write(&b, r)
	}
	must(os.WriteFile("rules.txt", b.Bytes(), 0o644))
}

func write(b *bytes.Buffer, r rule) {
	var words []string
	for _, k := range r.Keywords {
		k = strings.ToLower(k)
		if len(r.Keywords) == 1 && bound(r.Regex, k) {
			k = `\b` + k
		}
		words = append(words, k)
	}
	fields := []string{strings.Join(words, ","), r.ID, fmt.Sprint(r.Entropy), fmt.Sprint(r.SecretGroup), r.Regex}
	if r.Regex != "" {
		regexp.MustCompile(r.Regex)
	}
	for _, a := range r.Allowlists {
		if strings.EqualFold(a.Condition, "AND") {
			continue
		}
		for _, x := range a.Regexes {
			regexp.MustCompile(x)
			fields = append(fields, cmp.Or(a.RegexTarget, "secret")+":"+x)
		}
		for _, w := range a.StopWords {
			fields = append(fields, "stop:"+strings.ToLower(w))
		}
	}
	for _, f := range fields {
		if strings.ContainsAny(f, "\t\n") {
			log.Fatalf("%s: %q does not fit into a field", r.ID, f)
		}
	}
	b.WriteString(strings.Join(fields, "\t") + "\n")
}

// bound reports whether an expression can only match where its keyword begins a word: "ey" is in many words, and begins few.
func bound(expr, keyword string) bool {
	rest, word := strings.CutPrefix(expr, `\b`)
	for cut := true; cut; {
		cut = false
		for _, opening := range []string{"(?i)", "(?:", "("} {
			if after, ok := strings.CutPrefix(rest, opening); ok {
				rest, cut = after, true
				break
			}
		}
	}
	rest = strings.ReplaceAll(strings.ToLower(rest), `\`, "")
	return word && strings.HasPrefix(rest, keyword) && !alternative(rest)
}

// alternative reports whether an expression, or the group that it is the end of, has another branch.
func alternative(expr string) bool {
	depth, outer, class := 0, 0, false // outer is the group around the beginning, as far as it is left
	for _, c := range expr {
		switch {
		case class:
			class = c != ']'
		case c == '[':
			class = true
		case c == '(':
			depth++
		case c == ')':
			depth--
			outer = min(outer, depth)
		case c == '|' && depth == outer:
			return true
		}
	}
	return false
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

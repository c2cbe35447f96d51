package cli

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"
)

const top = "../../../../"

func readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(top + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// blocks are the fenced blocks of a page in a language.
func blocks(page, language string) []string {
	var out []string
	for _, m := range regexp.MustCompile("(?s)\n```"+language+"\n(.*?)```\n").FindAllStringSubmatch(page, -1) {
		out = append(out, m[1])
	}
	return out
}

func decodeYAML[T any](t *testing.T, what, text string) T {
	t.Helper()
	var v T
	dec := yaml.NewDecoder(strings.NewReader(text))
	if err := dec.Decode(&v); err != nil {
		t.Errorf("%s: %v\n%s", what, err, text)
	}
	return v
}

// call is a call of penstock in text: at the start of a line, behind a shell's word or in code.
var call = regexp.MustCompile("(?m)(?:^|[`/ ])penstock\"? ((?:vet|explain|compile)[^`\n|>]*)")

// TestCallsExist holds the commands and flags that documents and hooks name to those there are.
func TestCallsExist(t *testing.T) {
	n := 0
	for _, name := range []string{"docs/ci.md", "docs/vet.md", ".pre-commit-hooks.yaml", "action.yml"} {
		for _, m := range call.FindAllStringSubmatch(readFile(t, name), -1) {
			n++
			if err := exists(strings.Fields(m[1])); err != nil {
				t.Errorf("%s: penstock %s: %v", name, m[1], err)
			}
		}
	}
	if n < 15 {
		t.Errorf("only %d calls are found", n)
	}
	if exists([]string{"vet", "--nothing"}) == nil || exists([]string{"vte"}) == nil {
		t.Error("what does not exist is taken for a call")
	}
}

// exists parses a call without running it. Words of a shell, and flags in a list of YAML, are read as they are.
func exists(words []string) error {
	cmd, rest, err := newRootCmd(&App{}).Find(words)
	if err != nil {
		return err
	}
	if !cmd.HasParent() {
		return usagef("no command %q", words[0])
	}
	return cmd.ParseFlags(rest)
}

// vetFlag fails for a flag that vet does not have.
func vetFlag(t *testing.T, where, flag string) {
	t.Helper()
	name, _, _ := strings.Cut(strings.TrimLeft(flag, "-"), "=")
	var vet *cobra.Command
	each(newRootCmd(&App{}), func(c *cobra.Command) {
		if c.Name() == "vet" {
			vet = c
		}
	})
	if vet.Flags().Lookup(name) == nil && (len(name) != 1 || vet.Flags().ShorthandLookup(name) == nil) {
		t.Errorf("%s: vet has no flag %q", where, flag)
	}
}

type hook struct {
	ID, Language, Entry string
	Args                []string
	PassFilenames       *bool `yaml:"pass_filenames"`
	AlwaysRun           bool  `yaml:"always_run"`
}

func TestPreCommitHooks(t *testing.T) {
	var ids []string
	for _, h := range decodeYAML[[]hook](t, "hooks", readFile(t, ".pre-commit-hooks.yaml")) {
		ids = append(ids, h.ID)
		if err := exists(append(strings.Fields(h.Entry)[1:], h.Args...)); err != nil || strings.Fields(h.Entry)[0] != "penstock" {
			t.Errorf("%s: %q %v: %v", h.ID, h.Entry, h.Args, err)
		}
		if h.PassFilenames == nil || *h.PassFilenames || !h.AlwaysRun {
			t.Errorf("%s must be given packages, not files, and always run", h.ID)
		}
	}
	if !slices.Equal(ids, []string{"penstock-vet", "penstock-vet-system"}) {
		t.Errorf("hooks %v", ids)
	}
	for _, text := range blocks(readFile(t, "docs/ci.md"), "yaml") {
		conf := decodeYAML[struct{ Repos []struct{ Hooks []hook } }](t, "docs/ci.md", text)
		for _, r := range conf.Repos {
			for _, h := range r.Hooks {
				if !slices.Contains(ids, h.ID) {
					t.Errorf("docs/ci.md: there is no hook %q", h.ID)
				}
				for _, a := range h.Args {
					if strings.HasPrefix(a, "-") {
						vetFlag(t, "docs/ci.md", a)
					}
				}
			}
		}
	}
}

// TestAction holds action.yml and the workflows of docs/ci.md together.
func TestAction(t *testing.T) {
	action := decodeYAML[struct {
		Inputs map[string]struct {
			Description string
			Default     *string
		}
		Runs struct {
			Using string
			Steps []struct {
				Uses, Run, Shell string
				Env              map[string]string
			}
		}
	}](t, "action.yml", readFile(t, "action.yml"))
	page := readFile(t, "docs/ci.md")
	if action.Runs.Using != "composite" {
		t.Errorf("the action runs %q", action.Runs.Using)
	}
	for name, in := range action.Inputs {
		if in.Description == "" || in.Default == nil || !strings.Contains(page, "| `"+name+"` |") {
			t.Errorf("input %q has no description, no default or no row in docs/ci.md", name)
		}
	}
	input := regexp.MustCompile(`inputs\.([a-z-]+)`)
	for _, m := range input.FindAllStringSubmatch(readFile(t, "action.yml"), -1) {
		if _, ok := action.Inputs[m[1]]; !ok {
			t.Errorf("the action uses an input %q that it does not have", m[1])
		}
	}
	for _, s := range action.Runs.Steps {
		if (s.Run == "") == (s.Uses == "") || s.Run != "" && s.Shell == "" {
			t.Errorf("a step needs uses, or run with a shell: %+v", s)
		}
		if strings.Contains(s.Run, "${{") {
			t.Errorf("an input in a script is run as code: %s", s.Run)
		}
		for _, flag := range regexp.MustCompile(`[( "](--[a-z]+)`).FindAllStringSubmatch(s.Run, -1) {
			vetFlag(t, "action.yml", flag[1])
		}
	}
	uses := 0
	for _, text := range blocks(page, "yaml") {
		flow := decodeYAML[struct {
			Jobs map[string]struct {
				Steps []struct {
					Uses string
					With map[string]any
				}
			}
		}](t, "docs/ci.md", text)
		for _, s := range flow.Jobs["vet"].Steps {
			if !strings.HasPrefix(s.Uses, "penstock-dev/penstock@") {
				continue
			}
			uses++
			for name := range s.With {
				if _, ok := action.Inputs[name]; !ok {
					t.Errorf("docs/ci.md: the action has no input %q", name)
				}
			}
		}
	}
	if uses != 2 {
		t.Errorf("docs/ci.md uses the action %d times", uses)
	}
}

func TestGitLab(t *testing.T) {
	found := false
	for _, text := range blocks(readFile(t, "docs/ci.md"), "yaml") {
		job := decodeYAML[map[string]any](t, "docs/ci.md", text)["penstock"]
		if job == nil {
			continue
		}
		found = true
		b, err := yaml.Marshal(job)
		if err != nil {
			t.Fatal(err)
		}
		j := decodeYAML[struct {
			Script    []string
			Artifacts struct {
				When    string
				Reports map[string]string
			}
		}](t, "docs/ci.md", string(b))
		report := j.Artifacts.Reports["junit"]
		if report == "" || j.Artifacts.When != "always" || !slices.ContainsFunc(j.Script, func(l string) bool { return strings.Contains(l, "-o junit >"+report) }) {
			t.Errorf("the job does not write the report that it shows: %+v", j)
		}
	}
	if !found {
		t.Error("docs/ci.md has no job for GitLab")
	}
}

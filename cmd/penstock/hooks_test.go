package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/penstock-dev/penstock/internal/corpus"
)

const (
	hooksFile  = "../../.pre-commit-hooks.yaml"
	actionFile = "../../action.yml"
	ciPage     = "../../docs/ci.md"
)

// repo is a real git repository with two modules.
type repo struct {
	t   *testing.T
	dir string
	env []string
}

func stagesOf(need string) string {
	return "package web\n\npipeline: {\n\tname: \"web\"\n\tstages: {\n\t\tbuild: exec: command: [\"make\"]\n" +
		"\t\ttest: {needs: [\"" + need + "\"], exec: command: [\"make\", \"test\"]}\n\t}\n}\n"
}

func newRepo(t *testing.T) repo {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git")
	}
	home := t.TempDir()
	r := repo{t: t, dir: filepath.Join(t.TempDir(), "repo"), env: append(os.Environ(),
		"HOME="+home, "XDG_CACHE_HOME="+home, "PRE_COMMIT_HOME="+filepath.Join(home, "pre-commit"), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+filepath.Join(home, "gitconfig"),
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com", "NO_COLOR=1",
	)}
	r.write("cue.mod/module.cue", "module: \"web.example.com@v0\"\nlanguage: version: \"v0.17.0\"\n")
	r.write("web/pipeline.cue", stagesOf("build"))
	r.write("mail/cue.mod/module.cue", "module: \"mail.example.com@v0\"\nlanguage: version: \"v0.17.0\"\n")
	r.write("mail/pipeline.cue", "package mail\n\npipeline: {name: \"mail\", stages: build: exec: command: [\"make\"]}\n")
	r.must("git", "init", "-q", "-b", "main")
	return r
}

func (r repo) write(name, text string) {
	r.t.Helper()
	if err := corpus.Put(filepath.Join(r.dir, filepath.FromSlash(name)), []byte(text)); err != nil {
		r.t.Fatal(err)
	}
}

// run runs a program at the top of the repository and returns what it printed.
func (r repo) run(name string, args ...string) (string, error) {
	r.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = r.dir, r.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (r repo) must(name string, args ...string) string {
	r.t.Helper()
	out, err := r.run(name, args...)
	if err != nil {
		r.t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return out
}

// commit stages everything and commits.
func (r repo) commit(message string) (string, error) {
	r.t.Helper()
	r.must("git", "add", ".")
	return r.run("git", "commit", "-q", "-m", message)
}

// accepted commits what must pass, refused what must not: with the place in the output, and no commit made.
func (r repo) accepted(message string) {
	r.t.Helper()
	if out, err := r.commit(message); err != nil {
		r.t.Errorf("%s is refused: %v\n%s", message, err, out)
	}
}

func (r repo) refused(message, want string) {
	r.t.Helper()
	before, _ := r.run("git", "rev-parse", "HEAD")
	out, err := r.commit(message)
	after, _ := r.run("git", "rev-parse", "HEAD")
	if err == nil || before != after {
		r.t.Errorf("%s is committed", message)
	}
	if !strings.Contains(out, want) {
		r.t.Errorf("%s: the output lacks %s\n%s", message, want, out)
	}
}

const dangling = `web/pipeline.cue:7:18: stage "test" names stage "biuld", which does not exist (did you mean "build"?) [unknown-stage]`

// acceptance: a commit with a dangling needs is refused with its line, and the mended one passes.
func (r repo) acceptance() {
	r.t.Helper()
	r.accepted("the first commit")
	r.write("web/pipeline.cue", stagesOf("biuld"))
	r.refused("a dangling needs", dangling)
	r.write("web/pipeline.cue", stagesOf("build"))
	r.write("web/NOTES.md", "mended\n")
	r.accepted("the mended one")
}

// plainHooks are the hooks in docs/ci.md.
func plainHooks(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile(ciPage)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range regexp.MustCompile("(?s)\n```sh\n(#!/bin/sh\n.*?)```\n").FindAllStringSubmatch(string(page), -1) {
		out = append(out, m[1])
	}
	if len(out) != 2 {
		t.Fatalf("%d hooks in %s", len(out), ciPage)
	}
	return out
}

func (r repo) install(hook string) {
	r.t.Helper()
	r.write(".git/hooks/pre-commit", hook)
	if err := os.Chmod(filepath.Join(r.dir, ".git/hooks/pre-commit"), 0o755); err != nil {
		r.t.Fatal(err)
	}
}

// TestHookPlain commits to a real repository with the hooks of docs/ci.md.
func TestHookPlain(t *testing.T) {
	for _, hook := range plainHooks(t) {
		r := newRepo(t)
		r.install(hook)
		r.acceptance()
		t.Logf("ran as a plain git hook: %s", strings.TrimSpace(strings.TrimPrefix(hook, "#!/bin/sh\n")))
	}
}

// TestHookSince: with --since HEAD a mistake that was there before stops nobody else, however the commit is made.
func TestHookSince(t *testing.T) {
	r := newRepo(t)
	r.write("web/pipeline.cue", stagesOf("biuld"))
	r.accepted("an old mistake")
	r.install(plainHooks(t)[1])
	const mail = "package mail\n\npipeline: {name: \"mail\", stages: {build: exec: command: [\"make\"], test: {needs: [\"build\"], exec: command: [\"make\"]}}}\n"
	r.write("mail/pipeline.cue", mail)
	r.accepted("a change elsewhere")
	r.write("mail/pipeline.cue", strings.Replace(mail, `["build"]`, `["buidl"]`, 1))
	for _, args := range [][]string{{"commit", "-q", "-a", "-m", "x"}, {"commit", "-q", "-m", "x", "mail/pipeline.cue"}} {
		out, err := r.run("git", args...)
		if err == nil || !strings.Contains(out, `mail/pipeline.cue:3:`) || strings.Contains(out, "web/pipeline.cue") || !strings.Contains(out, "; 1 pipeline unchanged since HEAD") {
			t.Errorf("git %v: %v\n%s", args, err, out)
		}
	}
}

// TestHookPreCommit commits through the real pre-commit framework with the hooks of this repository.
func TestHookPreCommit(t *testing.T) {
	if _, err := exec.LookPath("pre-commit"); err != nil {
		if os.Getenv("PENSTOCK_PRE_COMMIT") != "" {
			t.Fatal("pre-commit is not on PATH")
		}
		t.Skip("pre-commit is not on PATH: `make hooks` installs Debian's; the plain hook is tested all the same")
	}
	hooks, err := os.ReadFile(hooksFile)
	if err != nil {
		t.Fatal(err)
	}
	r := newRepo(t)
	from := repo{t: t, dir: filepath.Join(t.TempDir(), "penstock"), env: r.env} // a repository with the hooks and no more
	from.write(".pre-commit-hooks.yaml", string(hooks))
	from.must("git", "init", "-q", "-b", "main")
	from.accepted("hooks")
	rev := strings.TrimSpace(from.must("git", "rev-parse", "HEAD"))
	r.write(".pre-commit-config.yaml", "repos:\n  - repo: "+from.dir+"\n    rev: "+rev+"\n    hooks:\n      - id: penstock-vet-system\n")
	r.must("git", "add", ".")
	r.must("pre-commit", "install")
	r.acceptance()

	// what is committed counts, not what is mended and not staged
	r.write("web/pipeline.cue", stagesOf("biuld"))
	r.must("git", "add", ".")
	r.write("web/pipeline.cue", stagesOf("build"))
	if out, err := r.run("git", "commit", "-q", "-m", "half"); err == nil || !strings.Contains(out, dangling) {
		t.Errorf("half a commit: %v\n%s", err, out)
	}
	t.Logf("ran through %s", strings.TrimSpace(r.must("pre-commit", "--version")))
}

// TestActionScripts runs the scripts of action.yml as a runner would, with a penstock that is installed already.
func TestActionScripts(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	text, err := os.ReadFile(actionFile)
	if err != nil {
		t.Fatal(err)
	}
	var action struct {
		Runs struct{ Steps []struct{ ID, Run string } }
	}
	if err := yaml.Unmarshal(text, &action); err != nil {
		t.Fatal(err)
	}
	scripts := map[string]string{}
	for _, s := range action.Runs.Steps {
		scripts[s.ID] = s.Run
	}
	r := newRepo(t)
	r.accepted("first")
	r.write("web/pipeline.cue", stagesOf("biuld"))
	program, err := exec.LookPath("penstock")
	if err != nil {
		t.Fatal(err)
	}
	temp := t.TempDir()
	if err := os.MkdirAll(filepath.Join(temp, "penstock"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(program, filepath.Join(temp, "penstock", "penstock")); err != nil {
		t.Fatal(err)
	}
	r.env = append(r.env, "RUNNER_TEMP="+temp, "GITHUB_WORKSPACE="+r.dir)
	step := func(id string, env ...string) (string, error) {
		with := r
		with.env = append(with.env[:len(with.env):len(with.env)], env...)
		return with.run(bash, "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", scripts[id])
	}

	out, err := step("vet", "ARGS=./... -t none=1", "STRICT=true", "SINCE=HEAD")
	if err == nil || !strings.Contains(out, "::error file=web/pipeline.cue,line=7,col=18,") || !strings.Contains(out, "::error title=unknown-tag::") {
		t.Errorf("vet: %v\n%s", err, out)
	}
	if out, err = step("vet", "ARGS=mail", "STRICT=false", "SINCE="); err != nil {
		t.Errorf("vet: %v\n%s", err, out)
	}
	if out, err = step("sarif", "ARGS=./...", "SINCE=", "SARIF=out.sarif"); err != nil {
		t.Errorf("sarif: %v\n%s", err, out)
	}
	if log, err := os.ReadFile(filepath.Join(r.dir, "out.sarif")); err != nil || !strings.Contains(string(log), `"uri": "web/pipeline.cue"`) {
		t.Errorf("sarif: %v\n%s", err, log)
	}
	if out, err = step("sarif", "ARGS=./...", "SINCE=nowhere", "SARIF=out.sarif"); err == nil {
		t.Errorf("an unknown revision passes:\n%s", out)
	}
}

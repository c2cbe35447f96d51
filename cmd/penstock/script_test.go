package main

import (
	"cmp"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets scripts call this very binary as penstock, and as the users of what it releases; a host that a run starts
// is a copy of it too.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"penstock": main, "users": users, "scribble": scribble})
}

// TestScripts runs testdata/script: what a user types, what is printed, what is there afterwards and what is not. With
// UPDATE=1 the cmp'd texts in the scripts are rewritten.
func TestScripts(t *testing.T) {
	docs := readShapes(t)
	t.Run("files", func(t *testing.T) {
		testscript.Run(t, testscript.Params{
			Dir:           "testdata/script",
			UpdateScripts: os.Getenv("UPDATE") != "",
			Setup:         setup,
			Cmds: map[string]func(*testscript.TestScript, bool, []string){
				"exits":    exits,
				"capture":  capture,
				"freeport": freeport,
				"sql":      sqlExec,
				"document": docs.document,
			},
		})
	})
	docs.complete(t)
}

// setup gives a script its own state and a runtime directory whose sockets have short names.
func setup(env *testscript.Env) error {
	who, err := user.Current()
	if err != nil {
		return err
	}
	run, err := os.MkdirTemp("/tmp", "ps")
	if err != nil {
		return err
	}
	env.Setenv("XDG_RUNTIME_DIR", run)
	env.Setenv("XDG_STATE_HOME", filepath.Join(env.WorkDir, ".state"))
	env.Setenv("NO_COLOR", "1")
	env.Setenv("WHO", who.Username)
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		return err
	}
	env.Setenv("EXAMPLES", examples)
	program, err := exec.LookPath("penstock")
	if err != nil {
		return err
	}
	env.Setenv("PENSTOCK", program)
	cache, err := os.UserCacheDir()
	if err != nil {
		return err
	}
	env.Setenv("GOCACHE", cmp.Or(os.Getenv("GOCACHE"), filepath.Join(cache, "go-build"))) // programs that scripts release
	env.Defer(func() { stopHost(env, run) })
	return nil
}

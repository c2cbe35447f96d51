// Command penstock vets, compiles, checks and runs release pipelines written in CUE.
package main

import (
	"context"
	"os"
	_ "time/tzdata" // calendars name IANA zones, and not every machine has the files

	"github.com/penstock-dev/penstock/cmd/penstock/internal/cli"
)

// version is set by the linker.
var version = "dev"

func main() {
	app := cli.App{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Getenv: os.Getenv, Version: version,
	}
	os.Exit(app.Main(context.Background(), os.Args[1:]))
}

// Command hello is a small web server that knows its version and, for the sake
// of the example, can be built to fail.
//
//	hello serve [--listen HOST:PORT]   serve until SIGTERM
//	hello version                      print the version
//
// Without --listen it listens where PENSTOCK_LISTEN says, which penstock sets
// for every version it starts.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

// Set at build time by -ldflags -X, see the Makefile.
var (
	version     = "dev"
	failPercent = "0"
)

// drain is how long requests in flight may take once the server was told to stop.
const drain = 8 * time.Second

func main() {
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		log.Fatalf("hello: %v", err)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errors.New("want a command: serve or version")
	}
	switch args[0] {
	case "version":
		fmt.Fprintln(out, version)
		return nil
	case "serve":
		return runServe(ctx, args[1:], out)
	}
	return fmt.Errorf("unknown command %q: want serve or version", args[0])
}

func runServe(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	listen := flags.String("listen", os.Getenv("PENSTOCK_LISTEN"), "address to listen on, host:port")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *listen == "" {
		return errors.New("set PENSTOCK_LISTEN or give --listen HOST:PORT")
	}
	fail, err := strconv.ParseFloat(failPercent, 64)
	if err != nil || fail < 0 || fail > 100 {
		return fmt.Errorf("built with a failure rate of %q: want a percentage", failPercent)
	}
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "hello version %s listens on %s\n", version, l.Addr())
	return serve(ctx, l, newHandler(version, fail))
}

// serve answers on l until ctx ends; then it takes no new requests, finishes
// those in flight and returns.
func serve(ctx context.Context, l net.Listener, h http.Handler) error {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	return srv.Shutdown(last)
}

// Command pair times two commands against each other: it runs them in turn, drops the first round, and prints the median,
// minimum and maximum wall time of each, the largest peak memory, and the ratio of the medians. Taking turns lets both meet
// the same noise.
//
//	go run ./test/pair -n 20 -a 'bin/penstock vet x.cue' -b 'bin/cue vet -c x.cue'
package main

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

func main() {
	n := flag.Int("n", 20, "rounds")
	a := flag.String("a", "", "first command, for sh -c")
	b := flag.String("b", "", "second command, for sh -c")
	dir := flag.String("dir", ".", "where to run them")
	flag.Parse()
	if err := run(*n, *dir, *a, *b); err != nil {
		fmt.Fprintln(os.Stderr, "pair:", err)
		os.Exit(1)
	}
}

func run(n int, dir, a, b string) error {
	var ta, tb []sample
	for i := range n + 1 {
		da, err := once(dir, a)
		if err != nil {
			return err
		}
		db, err := once(dir, b)
		if err != nil {
			return err
		}
		if i > 0 {
			ta, tb = append(ta, da), append(tb, db)
		}
	}
	ma, mb := show("a", a, ta), show("b", b, tb)
	fmt.Printf("a/b = %.2f (medians of %d paired runs)\n", float64(ma)/float64(mb), n)
	return nil
}

// sample is one run: its wall time and the peak resident set of its largest process.
type sample struct {
	wall time.Duration
	peak int64 // KiB, as Linux counts
}

func once(dir, command string) (sample, error) {
	cmd := exec.Command("sh", "-c", "exec "+command)
	cmd.Dir = dir
	start := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return sample{}, fmt.Errorf("%s: %w\n%s", command, err, out)
	}
	s := sample{wall: time.Since(start)}
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.peak = u.Maxrss
	}
	return s, nil
}

func show(name, command string, t []sample) time.Duration {
	slices.SortFunc(t, func(a, b sample) int { return cmp.Compare(a.wall, b.wall) })
	peak := int64(0)
	for _, s := range t {
		peak = max(peak, s.peak)
	}
	med := t[len(t)/2].wall
	fmt.Printf("%s  median %6.1f ms  min %6.1f  max %6.1f  peak %d MB  %s\n", name, ms(med), ms(t[0].wall), ms(t[len(t)-1].wall), peak*1024/1e6, command)
	return med
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

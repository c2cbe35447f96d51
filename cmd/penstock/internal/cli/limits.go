package cli

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/penstock-dev/penstock/compiler"
	"github.com/penstock-dev/penstock/internal/watch"
)

// limitFlags bound what compiling may cost. Nothing that people write comes near the defaults: 5,000 stages are 1.4 MB of
// CUE, take three seconds and 300 MB.
type limitFlags struct {
	timeout timeoutValue
	memory  memoryValue
}

func (f *limitFlags) add(cmd *cobra.Command) {
	cmd.Flags().Var(&f.timeout, "timeout", "how long compiling may take; 0 is without end")
	cmd.Flags().Var(&f.memory, "max-memory", "how much memory compiling may take; 0 is without end")
}

// limits are the bounds that were asked for, or the defaults.
func (f *limitFlags) limits() watch.Limits {
	l := watch.Limits{Timeout: 10 * time.Second, PerMB: 10 * time.Second, Most: time.Minute, Memory: 1 << 30}
	if f.timeout.set {
		l.Timeout, l.PerMB = f.timeout.d, 0
	}
	if f.memory.set {
		l.Memory = f.memory.bytes
	}
	if collects() {
		l.Collect = memoryLimit
		if l.Memory > 0 {
			l.Collect = min(l.Collect, l.Memory/2)
		}
	}
	return l
}

// timeoutValue is a duration whose default grows with the input.
type timeoutValue struct {
	d   time.Duration
	set bool
}

func (v *timeoutValue) String() string {
	if v.set {
		return v.d.String()
	}
	return "10s, and 10s more for each MB of CUE up to 1m"
}

// Set reads a duration.
func (v *timeoutValue) Set(s string) error {
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return fmt.Errorf("write a duration such as 30s or 2m")
	}
	v.d, v.set = d, true
	return nil
}

// Type is what help calls the value.
func (v *timeoutValue) Type() string { return "duration" }

// memoryValue is a number of bytes.
type memoryValue struct {
	bytes int64
	set   bool
}

func (v *memoryValue) String() string {
	if v.set {
		return compiler.Size(v.bytes)
	}
	return "1GiB"
}

// Set reads a number with a unit.
func (v *memoryValue) Set(s string) error {
	number := strings.TrimRight(s, "KMGiB")
	unit, ok := map[string]float64{
		"": 1, "B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30,
	}[s[len(number):]]
	n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || !ok || !(n >= 0) || n*unit >= math.MaxInt64 {
		return fmt.Errorf("write a size such as 512MiB or 1GB")
	}
	v.bytes, v.set = int64(n*unit), true
	return nil
}

// Type is what help calls the value.
func (v *memoryValue) Type() string { return "size" }

package live

import (
	"testing"

	"github.com/penstock-dev/penstock/targets/targettest"
)

// TestSuite runs the contract of all targets against a real host and real programs.
func TestSuite(t *testing.T) {
	targettest.Run(t, func(t *testing.T) targettest.World {
		r := newRig(t)
		return targettest.World{
			Driver: r.d, A: r.deploy("one"), B: r.deploy("two"), Secrets: map[string]string{"TOKEN": ""},
			Served: func(t *testing.T, n int) map[string]int {
				r.t = t
				return r.shareOf(n)
			},
		}
	})
}

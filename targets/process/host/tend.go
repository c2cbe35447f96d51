package host

import (
	"context"
	"time"

	"github.com/penstock-dev/penstock/targets/process/host/proxy"
)

// tend looks after what changes with time: leases, doors that could not be opened, logs. It ends with ctx.
func (h *Host) tend(ctx context.Context) {
	tick := time.NewTicker(tendEvery)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			h.expire(now)
			if n%10 == 0 {
				h.reopen()
			}
			if n%50 == 0 {
				h.rotate()
			}
		}
	}
}

// tendEvery is also how exactly a lease ends.
const tendEvery = 100 * time.Millisecond

// expire takes back the traffic of every canary whose lease has run out.
func (h *Host) expire(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.expireLocked(now)
}

// expireLocked is expire for a caller that holds h.mu.
func (h *Host) expireLocked(now time.Time) {
	if h.frozen {
		return
	}
	for _, s := range h.sorted() {
		l := s.rec.Lease
		if l == nil || l.Expired || now.Before(l.Until) {
			continue
		}
		next := s.rec.clone()
		next.Weight, next.Matches, next.Lease.Expired = 0, nil, true
		h.log.Warn("lease expired: traffic taken back", "service", s.rec.Service.String(), "run", l.Run, "weight", s.rec.Weight)
		if err := h.put(s, next); err != nil {
			// Exposure must end even when the disk refuses: the route is taken back, and the record is tried again.
			h.log.Error("record expired lease", "error", err)
			if s.front != nil {
				r := s.front.Route()
				_ = s.front.SetRoute(proxy.Route{Stable: r.Stable}) // cannot fail: there is no match to refuse
			}
		}
	}
}

// reopen tries again to open the doors that another program had taken when the host started.
func (h *Host) reopen() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.frozen {
		return
	}
	for _, s := range h.sorted() {
		if err := h.applyDoors(s); err != nil {
			h.log.Warn("door still closed", "error", err)
		}
	}
}

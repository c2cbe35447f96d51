package proxy

import (
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

func TestUpstreamThatClosesIdleConnectionsEarly(t *testing.T) {
	// The version closes idle connections after half a second, and POSTs come every half second.
	srv := httptest.NewUnstartedServer(says("s"))
	srv.Config.IdleTimeout = 500 * time.Millisecond
	srv.Start()
	defer srv.Close()
	u := NewUpstream("s")
	u.SetAddr(srv.Listener.Addr().String())
	defer u.Close()
	_, addr := door(t, Options{}, Route{Stable: u})
	var wg sync.WaitGroup
	errs := make(chan error, 1000)
	for w := range 32 {
		wg.Go(func() {
			var c *rawClient
			defer func() { c.close() }()
			for range 4 {
				if err := c.do(&c, addr, 1); err != nil {
					errs <- err
				}
				time.Sleep(500*time.Millisecond + time.Duration(w-16)*100*time.Microsecond)
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
}

package proxy

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
)

// answer is what the benchmarked program sends: about what a small JSON service does.
var answer = make([]byte, 1024)

// hammer measures requests through addr, from as many clients as there are processors.
func hammer(b *testing.B, addr string) {
	tr := &http.Transport{MaxIdleConnsPerHost: 64}
	defer tr.CloseIdleConnections()
	b.ReportAllocs()
	b.ResetTimer()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			res, err := (&http.Client{Transport: tr}).Get("http://" + addr)
			if err != nil {
				b.Error(err)
				return
			}
			io.Copy(io.Discard, res.Body)
			res.Body.Close()
		}
	})
}

// program is the version behind the benchmarked proxy.
func program() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(answer) })
}

func BenchmarkProxy(b *testing.B) {
	stable, canary := version(b, "s", program()), version(b, "c", program())
	_, addr := door(b, Options{}, Route{Stable: stable, Canary: canary, Weight: 10})
	hammer(b, addr)
}

// BenchmarkPlainReverseProxy is httputil.ReverseProxy as most programs use it, with the default transport.
func BenchmarkPlainReverseProxy(b *testing.B) {
	plain(b, http.DefaultTransport)
}

// BenchmarkTunedReverseProxy is httputil.ReverseProxy with enough idle connections kept to the one program behind it.
func BenchmarkTunedReverseProxy(b *testing.B) {
	tr := http.DefaultTransport.(*http.Transport).Clone()
	tr.MaxIdleConnsPerHost = 512
	plain(b, tr)
}

func plain(b *testing.B, tr http.RoundTripper) {
	u := version(b, "s", program())
	rp := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: u.Addr()})
	rp.Transport = tr
	srv := httptest.NewServer(rp)
	defer srv.Close()
	hammer(b, srv.Listener.Addr().String())
}

package main

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// picture is a PNG of the given size, left half black and right half white.
func picture(t *testing.T, width, height int) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, width, height))
	for y := range height {
		for x := width / 2; x < width; x++ {
			img.SetGray(x, y, color.Gray{Y: 255})
		}
	}
	var buf bytes.Buffer
	if err := png.Encode(&buf, img); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestHandle(t *testing.T) {
	for name, tc := range map[string]struct {
		e             event
		width, height int
		err           string
	}{
		"smaller":  {e: event{Image: picture(t, 200, 100), Width: 50}, width: 50, height: 25},
		"no blow":  {e: event{Image: picture(t, 20, 10), Width: 50}, width: 20, height: 10},
		"flat":     {e: event{Image: picture(t, 400, 1), Width: 10}, width: 10, height: 1},
		"no image": {e: event{Key: "k", Image: []byte("text"), Width: 50}, err: `read the image "k"`},
		"no width": {e: event{Image: picture(t, 2, 2)}, err: "width 0 is not between"},
	} {
		t.Run(name, func(t *testing.T) {
			payload, err := json.Marshal(tc.e)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := handle(payload)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Fatalf("got %v, want %q", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got thumbnail
			if err := json.Unmarshal(answer, &got); err != nil {
				t.Fatal(err)
			}
			img, _, err := image.Decode(bytes.NewReader(got.Image))
			if err != nil {
				t.Fatal(err)
			}
			if img.Bounds().Dx() != tc.width || img.Bounds().Dy() != tc.height || got.Width != tc.width || got.Height != tc.height {
				t.Errorf("got %v, told %d×%d, want %d×%d", img.Bounds(), got.Width, got.Height, tc.width, tc.height)
			}
			left, _, _, _ := img.At(0, 0).RGBA()
			right, _, _, _ := img.At(tc.width-1, 0).RGBA()
			if left > 0x3000 || right < 0xd000 {
				t.Errorf("left is %#x and right %#x, want black and white", left, right)
			}
		})
	}
}

// TestNext goes once through the runtime interface, with a good event and a bad one.
func TestNext(t *testing.T) {
	good, err := json.Marshal(event{Image: picture(t, 8, 8), Width: 4})
	if err != nil {
		t.Fatal(err)
	}
	for want, payload := range map[string]string{"/42/response": string(good), "/42/error": "{}"} {
		var reported string
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/next" {
				w.Header().Set("Lambda-Runtime-Aws-Request-Id", "42")
				io.WriteString(w, payload)
				return
			}
			reported = r.URL.Path
			w.WriteHeader(http.StatusAccepted)
		}))
		if err := next(srv.Client(), srv.URL+"/"); err != nil {
			t.Error(err)
		}
		srv.Close()
		if reported != want {
			t.Errorf("reported to %q, want %q", reported, want)
		}
	}
}

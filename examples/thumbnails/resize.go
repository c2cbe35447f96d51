package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	_ "image/gif" // formats that can be read
	"image/jpeg"
	_ "image/png"
)

// maxSide bounds what an image may claim to be before it is decoded.
const maxSide = 10000

// event asks for a thumbnail.
type event struct {
	Key   string `json:"key"`
	Image []byte `json:"image"` // base64 in JSON
	Width int    `json:"width"`
}

// thumbnail is the answer.
type thumbnail struct {
	Key    string `json:"key"`
	Image  []byte `json:"image"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
}

func handle(payload []byte) ([]byte, error) {
	var e event
	if err := json.Unmarshal(payload, &e); err != nil {
		return nil, fmt.Errorf("read the event: %w", err)
	}
	if e.Width < 1 || e.Width > maxSide {
		return nil, fmt.Errorf("width %d is not between 1 and %d", e.Width, maxSide)
	}
	head, _, err := image.DecodeConfig(bytes.NewReader(e.Image))
	if err != nil {
		return nil, fmt.Errorf("read the image %q: %w", e.Key, err)
	}
	if head.Width < 1 || head.Height < 1 || head.Width > maxSide || head.Height > maxSide {
		return nil, fmt.Errorf("image %q is %d×%d; at most %d a side", e.Key, head.Width, head.Height, maxSide)
	}
	src, _, err := image.Decode(bytes.NewReader(e.Image))
	if err != nil {
		return nil, fmt.Errorf("read the image %q: %w", e.Key, err)
	}
	small := shrink(src, e.Width)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, small, nil); err != nil {
		return nil, fmt.Errorf("write the thumbnail: %w", err)
	}
	return json.Marshal(thumbnail{Key: e.Key, Image: out.Bytes(), Width: small.Rect.Dx(), Height: small.Rect.Dy()})
}

// shrink scales src to the given width, or less where it is smaller: each new
// pixel is the mean of those that it covers.
func shrink(src image.Image, width int) *image.RGBA {
	b := src.Bounds()
	width = min(width, b.Dx())
	height := max(1, b.Dy()*width/b.Dx())
	dst := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			area := image.Rect(x*b.Dx()/width, y*b.Dy()/height, (x+1)*b.Dx()/width, (y+1)*b.Dy()/height)
			dst.Set(x, y, mean(src, area.Add(b.Min)))
		}
	}
	return dst
}

func mean(src image.Image, area image.Rectangle) color.Color {
	var r, g, b, a, n uint64
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			pr, pg, pb, pa := src.At(x, y).RGBA()
			r, g, b, a, n = r+uint64(pr), g+uint64(pg), b+uint64(pb), a+uint64(pa), n+1
		}
	}
	return color.RGBA64{R: uint16(r / n), G: uint16(g / n), B: uint16(b / n), A: uint16(a / n)}
}

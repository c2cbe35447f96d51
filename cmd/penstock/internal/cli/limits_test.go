package cli

import "testing"

func TestMemoryFlag(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "1000": 1000, "1B": 1, "1KB": 1000, "512MiB": 512 << 20, "1GB": 1e9, "1.5 GiB": 3 << 29,
		"": -1, "GiB": -1, "1TB": -1, "1G": -1, "-1": -1, "1e30": -1, "NaN": -1, "1MiBB": -1,
	} {
		var v memoryValue
		if err := v.Set(text); (err != nil) != (want < 0) || err == nil && v.bytes != want {
			t.Errorf("%q is %d, %v", text, v.bytes, err)
		}
	}
}

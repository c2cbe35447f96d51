package plan

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
)

// TestNumbers holds the samples of RFC 8785, appendix B: the bits of a float64 and how it is written.
func TestNumbers(t *testing.T) {
	for bits, want := range map[uint64]string{
		0x0000000000000000: "0",
		0x8000000000000000: "0",
		0x0000000000000001: "5e-324",
		0x8000000000000001: "-5e-324",
		0x7fefffffffffffff: "1.7976931348623157e+308",
		0xffefffffffffffff: "-1.7976931348623157e+308",
		0x4340000000000000: "9007199254740992",
		0xc340000000000000: "-9007199254740992",
		0x4430000000000000: "295147905179352830000",
		0x44b52d02c7e14af5: "9.999999999999997e+22",
		0x44b52d02c7e14af6: "1e+23",
		0x44b52d02c7e14af7: "1.0000000000000001e+23",
		0x444b1ae4d6e2ef4e: "999999999999999700000",
		0x444b1ae4d6e2ef4f: "999999999999999900000",
		0x444b1ae4d6e2ef50: "1e+21",
		0x3eb0c6f7a0b5ed8c: "9.999999999999997e-7",
		0x3eb0c6f7a0b5ed8d: "0.000001",
		0x41b3de4355555553: "333333333.3333332",
		0x41b3de4355555554: "333333333.33333325",
		0x41b3de4355555555: "333333333.3333333",
		0x41b3de4355555556: "333333333.3333334",
		0x41b3de4355555557: "333333333.33333343",
		0xbecbf647612f3696: "-0.0000033333333333333333",
		0x43143ff3c1cb0959: "1424953923781206.2",
	} {
		if got := string(appendNumber(nil, math.Float64frombits(bits))); got != want {
			t.Errorf("%016x: got %s, want %s", bits, got, want)
		}
	}
}

func TestCanonicalize(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{
			"RFC 8785, 3.2.2",
			`{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
			  "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}`,
			`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
		},
		{
			"RFC 8785, 3.2.3: members by UTF-16 units",
			`{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}`,
			"{\"\\r\":2,\"1\":4,\"\u0080\":6,\"ö\":7,\"€\":1,\"\U0001F600\":5,\"\ufb33\":3}",
		},
		{"nothing is escaped that need not be", `"<>&\u2028\u007f"`, "\"<>&\u2028\u007f\""},
		{"control characters", `"\u0000\b\t\n\f\r\u001f"`, `"\u0000\b\t\n\f\r\u001f"`},
		{"empty", ` { "a" : [ ] , "" : { } } `, `{"":{},"a":[]}`},
		{"prefix sorts first", `{"ab":1,"a":2,"A":3}`, `{"A":3,"a":2,"ab":1}`},
		{"there is one zero", `[-0.0,0e9]`, `[0,0]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Canonicalize([]byte(c.in))
			if err != nil || string(got) != c.want {
				t.Errorf("got %s, %v\nwant %s", got, err, c.want)
			}
		})
	}
}

func TestCanonicalizeRefuses(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{``, "too early"},
		{`{"a":1,"a":1}`, `"a" occurs twice`},
		{`{"\u0061":1,"a":1}`, `"a" occurs twice`},
		{`"\ud800"`, "not Unicode"},
		{`"\ud800\u0041"`, "not Unicode"},
		{`"\udc00\ud800"`, "not Unicode"},
		{"\"\xff\"", "not Unicode"},
		{"\"\xed\xa0\x80\"", "not Unicode"},
		{"\"a\nb\"", "inside a string"},
		{`"\x"`, "escape"},
		{`"\u12g4"`, "escape"},
		{`"\u12`, "too early"},
		{`1e999`, "out of range"},
		{`01`, "something follows"},
		{`1.`, "too early"},
		{`+1`, "unexpected"},
		{`.5`, "unexpected"},
		{`NaN`, "unexpected"},
		{`[1,]`, "unexpected"},
		{`[1 2]`, "unexpected"},
		{`{"a":1,}`, "a name"},
		{`{"a" 1}`, "':'"},
		{`{a:1}`, "a name"},
		{`{} {}`, "something follows"},
		{`tru`, "unexpected"},
		{strings.Repeat("[", 600) + strings.Repeat("]", 600), "levels"},
	} {
		if got, err := Canonicalize([]byte(c.in)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %s, %v, want %q", c.in, got, err, c.want)
		}
	}
}

// FuzzCanonicalize holds that the canonical form means the same, is its own canonical form, and that Go's own reader
// agrees on what JSON is wherever it is not more lenient about text.
func FuzzCanonicalize(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5,"x"]}`, `"\ud83d\ude00"`, `[1e21,1e-7]`, `{"b":null,"a":true}`, "\"\u2028\""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		out, err := Canonicalize(b)
		if err != nil {
			return
		}
		if !json.Valid(b) || !json.Valid(out) {
			t.Fatalf("%q is no JSON, and became %q", b, out)
		}
		again, err := Canonicalize(out)
		if err != nil || !bytes.Equal(again, out) {
			t.Fatalf("%q became %q, and that %q: %v", b, out, again, err)
		}
		var x, y any
		if json.Unmarshal(b, &x) != nil || json.Unmarshal(out, &y) != nil {
			t.Fatal("one of them can't be read")
		}
		if !reflect.DeepEqual(x, y) {
			t.Fatalf("%q means %v, %q means %v", b, x, out, y)
		}
	})
}

package decode

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
	cueload "cuelang.org/go/cue/load"
	"cuelang.org/go/cue/scanner"
	"cuelang.org/go/cue/token"

	"github.com/google/go-cmp/cmp"

	"github.com/penstock-dev/penstock/compiler/load"
	"github.com/penstock-dev/penstock/internal/diag"
	"github.com/penstock-dev/penstock/schema"
)

// piece is one token of a source with the space before it.
type piece struct {
	tok  token.Token
	text string
}

func pieces(src []byte) []piece {
	var s scanner.Scanner
	s.Init(token.NewFile("", -1, len(src)), src, nil, scanner.ScanComments|scanner.DontInsertCommas)
	var out []piece
	last := 0
	for {
		_, tok, _ := s.Scan()
		end := s.Offset()
		if tok == token.EOF {
			return append(out, piece{tok, string(src[last:])})
		}
		if tok == token.INTERPOLATION { // the rest of the text up to its end stays one piece
			for depth := 0; ; {
				_, t, _ := s.Scan()
				if t == token.LPAREN {
					depth++
				}
				if t == token.RPAREN {
					if depth--; depth == 0 && !strings.HasSuffix(s.ResumeInterpolation(), "(") {
						break
					}
				}
				if t == token.EOF {
					break
				}
			}
			end = s.Offset()
		}
		out = append(out, piece{tok, string(src[last:end])})
		last = end
	}
}

// mutate changes a token or a few: it drops, doubles or swaps them, or puts another of the file in their place.
func mutate(src []byte, r *rand.Rand) []byte {
	ps := pieces(src)
	for range 1 + r.IntN(2) {
		i := r.IntN(len(ps))
		switch r.IntN(6) {
		case 0:
			ps = slices.Delete(ps, i, i+1)
		case 1:
			ps = slices.Insert(ps, i, ps[i])
		case 2:
			j := r.IntN(len(ps))
			ps[i], ps[j] = ps[j], ps[i]
		case 3: // a line from elsewhere
			from := r.IntN(len(ps))
			ps = slices.Insert(ps, i, ps[from:min(from+1+r.IntN(12), len(ps))]...)
		case 4:
			odd := []string{` "x"`, " 3", " -1", " 2.5", " null", " []", " {}", " string", " int", " _", " true", ` ""`, " build", "?", "!", " & ", " | ", " *", "..."}
			ps[i].text = odd[r.IntN(len(odd))]
		case 5: // a letter
			if b := []byte(ps[i].text); len(b) > 1 {
				k := r.IntN(len(b))
				b[k] = "abcxyzAZ019_-#"[r.IntN(14)]
				ps[i].text = string(b)
			}
		}
		if len(ps) == 0 {
			break
		}
	}
	var out bytes.Buffer
	for _, p := range ps {
		out.WriteString(p.text)
	}
	return out.Bytes()
}

// accepts is what plain CUE says, with the schema vendored and the pipeline unified with it in a file beside.
func accepts(src []byte) error {
	files, err := schema.Files()
	if err != nil {
		return err
	}
	over := map[string]cueload.Source{
		"/plain/cue.mod/module.cue": cueload.FromString("module: \"plain.example.com\"\nlanguage: version: \"" + schema.Language + "\"\n"),
		"/plain/p.cue":              cueload.FromBytes(src),
		"/plain/zz.cue":             cueload.FromString("package " + packageOf(src) + "\n\nimport penstock_schema \"penstock.dev/schema\"\n\npipeline: penstock_schema.#Pipeline\n"),
	}
	for name, data := range files {
		if !strings.Contains(name, "/") {
			over["/plain/cue.mod/pkg/penstock.dev/schema/"+name] = cueload.FromBytes(data)
		}
	}
	inst := cueload.Instances([]string{"."}, &cueload.Config{Dir: "/plain", Overlay: over, Env: []string{"CUE_REGISTRY=none"}})[0]
	if inst.Err != nil {
		return inst.Err
	}
	return cuecontext.New().BuildInstance(inst).Validate(cue.Concrete(true), cue.Final())
}

func packageOf(src []byte) string {
	for line := range bytes.Lines(src) {
		if f := strings.Fields(string(line)); len(f) > 1 && f[0] == "package" {
			return f[1]
		}
	}
	return "none"
}

// stricter are the codes of what CUE accepts and penstock doesn't.
var stricter = []diag.Code{"swallowed", "duplicate-definition", "no-pipeline", "unused-let"}

// holdMutant loads a changed file and compares the verdict with CUE's.
func holdMutant(t *testing.T, l *load.Loader, src []byte) (accepted bool) {
	t.Helper()
	units, diags, err := l.Load(t.Context(), load.Options{Dir: "/mut", Overlay: map[string][]byte{"/mut/p.cue": src}})
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range units {
		for i, d := range Decode(u) {
			diags = append(diags, d.Diags...)
			if d.Pipeline == nil {
				continue
			}
			var want schema.Pipeline
			if err := u.Value.LookupPath(u.Pipelines[i].Path).Decode(&want); err != nil {
				t.Errorf("CUE can't decode it: %v", err)
			}
			if diff := cmp.Diff(&want, d.Pipeline); diff != "" {
				t.Errorf("reader differs (-cue +reader):\n%s", diff)
			}
		}
	}
	lines := bytes.Split(src, []byte("\n"))
	for _, d := range diags {
		at := d.Range.Start
		if d.Range.File != "p.cue" || at.Line < 1 || at.Line > len(lines) || at.Column < 1 || at.Column > len(lines[at.Line-1])+1 {
			t.Errorf("%s %s: no place in the file: %s", d.Code, d.Message, d.Range)
		}
		if strings.Contains(d.Message, "\n") || strings.Contains(d.Message, "disjunction") || strings.Contains(d.Message, "%!") {
			t.Errorf("message %q", d.Message)
		}
	}
	plain := accepts(src)
	mine := slices.ContainsFunc(diags, func(d diag.Diagnostic) bool {
		return !slices.Contains(stricter, d.Code) && !strings.HasSuffix(d.Message, "only a type") // CUE takes it for nothing
	})
	if plain == nil && mine {
		t.Errorf("CUE accepts it, but: %v", diags)
	}
	if plain != nil && len(diags) == 0 {
		t.Errorf("CUE refuses it, and nothing is said: %v", plain)
	}
	return len(diags) == 0
}

func mutants(t testing.TB) [][]byte {
	t.Helper()
	names, err := filepath.Glob("../../examples/*/pipeline.cue")
	if err != nil || len(names) == 0 {
		t.Fatal("no examples", err)
	}
	var out [][]byte
	for _, name := range names {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(src, []byte("platform.example.com")) && bytes.Contains(src, []byte("\npipeline:")) {
			out = append(out, src)
		}
	}
	return out
}

// FuzzMutant changes examples token by token and holds that penstock refuses what CUE refuses, at a place in the file, and
// otherwise reads what CUE reads.
func FuzzMutant(f *testing.F) {
	srcs := mutants(f)
	l, err := load.New()
	if err != nil {
		f.Fatal(err)
	}
	for seed := range uint64(150) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 7))
		src := mutate(srcs[r.IntN(len(srcs))], r)
		holdMutant(t, l, src)
		if t.Failed() {
			t.Log(fmt.Sprintf("seed %d\n", seed) + string(src))
		}
	})
}

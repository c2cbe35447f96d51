package plan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// ErrFormat means that a plan was written by a newer penstock.
var ErrFormat = errors.New("written by a newer penstock")

// ErrID means that a plan's id is not that of its body: it was changed after it was compiled.
var ErrID = errors.New("the id is not that of the body")

// ErrNotCanonical means that a plan's bytes are not those that its content has when penstock writes it.
var ErrNotCanonical = errors.New("not as penstock writes it")

// Body returns the canonical bytes of a plan, over which its id is computed.
func Body(p *Plan) ([]byte, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("write plan: %w", err)
	}
	if b, err = Canonicalize(b); err != nil {
		return nil, fmt.Errorf("write plan: %w", err)
	}
	return b, nil
}

// Sum returns the id of a plan's bytes.
func Sum(body []byte) ID {
	s := sha256.Sum256(body)
	return ID("sha256:" + hex.EncodeToString(s[:]))
}

// Seal validates a plan and makes the file of it.
func Seal(p *Plan, prov Provenance) (File, error) {
	if err := Validate(p); err != nil {
		return File{}, err
	}
	b, err := Body(p)
	if err != nil {
		return File{}, err
	}
	return File{ID: Sum(b), Body: b, Provenance: prov}, nil
}

// Encode writes a plan file: its body byte for byte, everything else canonical, and a final newline.
func Encode(f File) ([]byte, error) {
	prov, err := json.Marshal(f.Provenance)
	if err != nil {
		return nil, fmt.Errorf("write plan: %w", err)
	}
	if prov, err = Canonicalize(prov); err != nil {
		return nil, fmt.Errorf("write plan: %w", err)
	}
	var out bytes.Buffer
	out.WriteString(`{"body":`)
	out.Write(f.Body)
	out.Write(appendText([]byte(`,"id":`), string(f.ID)))
	out.WriteString(`,"provenance":`)
	out.Write(prov)
	out.WriteString("}\n")
	return out.Bytes(), nil
}

// Read reads a plan file. It refuses a newer format with [ErrFormat], a body that doesn't have the file's id with [ErrID],
// a body that is not canonical with [ErrNotCanonical] (two readers could take it for two plans), unknown fields, and
// whatever [Validate] refuses.
func Read(b []byte) (File, *Plan, error) {
	var f File
	if err := strict(b, &f); err != nil {
		return File{}, nil, fmt.Errorf("read plan: %w", err)
	}
	p, err := f.Plan()
	if err != nil {
		return File{}, nil, err
	}
	return f, p, nil
}

// Plan decodes and verifies the body, as [Read] does.
func (f File) Plan() (*Plan, error) {
	if got := Sum(f.Body); got != f.ID {
		return nil, fmt.Errorf("read plan: %w: it says %s, the body has %s", ErrID, f.ID, got)
	}
	var head struct {
		Format int `json:"format_version"`
	}
	if err := json.Unmarshal(f.Body, &head); err != nil {
		return nil, fmt.Errorf("read plan: %w", err)
	}
	switch {
	case head.Format > Format:
		return nil, fmt.Errorf("read plan: format_version %d, this one reads up to %d: %w", head.Format, Format, ErrFormat)
	case head.Format < 1:
		return nil, fmt.Errorf("read plan: it has no format_version: this is not a plan")
	}
	p := &Plan{}
	if err := strict(f.Body, p); err != nil {
		return nil, fmt.Errorf("read plan: %w", err)
	}
	// Go matches names in any case and takes the last of two; other readers, such as the policies, may not.
	if again, err := Body(p); err != nil || !bytes.Equal(again, f.Body) {
		return nil, fmt.Errorf("read plan: body: %w", ErrNotCanonical)
	}
	if err := Validate(p); err != nil {
		return nil, err
	}
	return p, nil
}

// strict decodes one JSON document and nothing else, and refuses unknown fields.
func strict(b []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the document")
	}
	return nil
}

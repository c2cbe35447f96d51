// Command pack makes the zip file that Lambda wants, and its bill of materials,
// from a built program. The same program gives the same bytes: the only file has
// a fixed name, mode and date.
//
//	pack PROGRAM ZIP
package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"log"
	"os"
	"path/filepath"
	"time"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: pack PROGRAM ZIP")
	}
	if err := pack(os.Args[1], os.Args[2]); err != nil {
		log.Fatalf("pack: %v", err)
	}
}

func pack(program, target string) error {
	content, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	header := &zip.FileHeader{Name: "bootstrap", Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)}
	header.SetMode(0o755)
	f, err := w.CreateHeader(header)
	if err != nil {
		return err
	}
	if _, err := f.Write(content); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	if err := os.WriteFile(target, out.Bytes(), 0o644); err != nil {
		return err
	}
	return describe(program, target, out.Bytes())
}

// describe writes the bill of materials beside the zip file, as SPDX 2.3: the
// file itself and every module that the program was built from.
func describe(program, target string, content []byte) error {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(content)
	digest := hex.EncodeToString(sum[:])
	packages := []map[string]any{{
		"SPDXID": "SPDXRef-File", "name": filepath.Base(target), "versionInfo": "sha256:" + digest, "downloadLocation": "NOASSERTION",
		"checksums": []map[string]string{{"algorithm": "SHA256", "checksumValue": digest}},
	}, {
		"SPDXID": "SPDXRef-Go", "name": "go", "versionInfo": info.GoVersion, "downloadLocation": "https://go.dev/dl/",
	}}
	for _, dep := range info.Deps {
		packages = append(packages, map[string]any{
			"SPDXID": "SPDXRef-" + hex.EncodeToString([]byte(dep.Path)), "name": dep.Path, "versionInfo": dep.Version, "downloadLocation": "NOASSERTION",
		})
	}
	doc := map[string]any{
		"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": filepath.Base(target),
		"documentNamespace": "https://reports.example.com/sbom/" + digest,
		"creationInfo":      map[string]any{"created": "1980-01-01T00:00:00Z", "creators": []string{"Tool: pack"}},
		"packages":          packages,
	}
	text, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(target+".spdx.json", append(text, '\n'), 0o644)
}

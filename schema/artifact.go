package schema

// Artifact is something that is built once and then only moved. Exactly one of file and image is present.
type Artifact struct {
	Description string         `json:"description,omitempty"`
	File        *FileArtifact  `json:"file,omitempty" penstock:"variant"`
	Image       *ImageArtifact `json:"image,omitempty" penstock:"variant"`
}

// Trust returns what the artifact must show before it is used, or nil.
func (a Artifact) Trust() *Trust {
	switch {
	case a.File != nil:
		return a.File.Trust
	case a.Image != nil:
		return a.Image.Trust
	}
	return nil
}

// FileArtifact is a file, known by the sha256 of its content.
type FileArtifact struct {
	Path string `json:"path"`
	// Trust is shown by files beside Path: Path.sig, Path.spdx.json or Path.cdx.json, Path.intoto.jsonl.
	Trust *Trust `json:"trust,omitempty"`
}

// ImageArtifact is a container image, known by its digest.
type ImageArtifact struct {
	// Repository is without tag and digest.
	Repository string `json:"repository"`
	// Platforms are "os/arch" that the image must have.
	Platforms []string `json:"platforms,omitempty"`
	// Trust is shown by what is attached to the image in its repository.
	Trust *Trust `json:"trust,omitempty"`
}

// Trust is what an artifact must show before it is used. All that is named is demanded.
type Trust struct {
	Signatures []Signature `json:"signatures,omitempty"`
	SBOM       bool        `json:"sbom,omitempty"`
	Provenance *Provenance `json:"provenance,omitempty"`
}

// Signature is one demanded signature. Exactly one field is present.
type Signature struct {
	// Key is the path of a public key in PEM.
	Key     string   `json:"key,omitempty" penstock:"variant"`
	Keyless *Keyless `json:"keyless,omitempty" penstock:"variant"`
}

// Keyless is a signature by a short-lived certificate.
type Keyless struct {
	// Issuer is the OIDC issuer's URL.
	Issuer string `json:"issuer"`
	// Identity is the certificate's subject.
	Identity string `json:"identity"`
}

// Provenance demands a SLSA provenance statement.
type Provenance struct {
	// Builder is the builder's id.
	Builder string `json:"builder"`
	// Source is the repository it must have been built from.
	Source string `json:"source,omitempty"`
}

package decode

import "github.com/penstock-dev/penstock/internal/diag"

// Codes lists the codes of all diagnostics that load and decode can give, sorted.
func Codes() []diag.Code {
	return []diag.Code{
		"bad-module", "bad-name", "bad-value", "conflict", "duplicate-definition", "import-cycle", "incomplete", "missing-field",
		"no-pipeline", "out-of-range", "reference-cycle", "swallowed", "syntax", "unknown-field", "unknown-package",
		"unknown-reference", "unknown-tag", "unknown-value", "unused-import", "unused-let", "wrong-type",
	}
}

# METADATA
# title: production runs trusted artifacts
# description: >-
#   Every image that a production workload runs declares signatures or provenance that are verified before it is used.
#   File artifacts should declare signatures, provenance or an SBOM.
# custom:
#   code: artifact-trust
#   severity: deny
#   fix: 'add trust: signatures (or provenance) to the artifact'
#   waive: 'for images that come signed by nobody, say how they are pinned in the reason'
package penstock.artifact_trust

import data.penstock.lib

deny contains {"at": sprintf("artifacts.%s", [artifact]), "stage": name, "message": message} if {
	some name in lib.releasing
	some artifact in lib.untrusted(name, "image", ["signatures", "provenance"])
	message := sprintf("image %q goes to production by %q and declares neither signatures nor provenance", [artifact, name])
}

warn contains {"at": sprintf("artifacts.%s", [artifact]), "stage": name, "message": message} if {
	some name in lib.releasing
	some artifact in lib.untrusted(name, "file", ["signatures", "provenance", "sbom"])
	message := sprintf("file %q goes to production by %q and declares no trust: no signatures, provenance or SBOM", [
		artifact, name,
	])
}

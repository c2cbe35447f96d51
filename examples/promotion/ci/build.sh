#!/bin/sh
# Builds the service and its tests without a Dockerfile, pushes both with SBOMs,
# signs the service with the identity of this job and states how it was built.
# needs: ko, crane, cosign; REGISTRY_TOKEN
set -eu
cd "$(dirname "$0")/.."
mkdir -p dist
printf '%s' "${REGISTRY_TOKEN:?the registry token is missing}" |
	crane auth login registry.example.com --username ci --password-stdin

app=$(KO_DOCKER_REPO=registry.example.com/build/catalog ko build --bare --sbom=spdx .)
tests=$(KO_DOCKER_REPO=registry.example.com/build/catalog-tests ko build --bare ./tests)

cat >dist/provenance.json <<JSON
{
  "buildDefinition": {
    "buildType": "https://ci.example.com/types/ko@v1",
    "externalParameters": {"source": "git.example.com/shop/catalog"},
    "resolvedDependencies": [{"uri": "git.example.com/shop/catalog", "digest": {"gitCommit": "$(git rev-parse HEAD)"}}]
  },
  "runDetails": {"builder": {"id": "https://ci.example.com/builders/go@v2"}}
}
JSON
cosign sign --yes "$app"
cosign attest --yes --type slsaprovenance1 --predicate dist/provenance.json "$app"

printf '%s\n' "${app##*@}" >dist/app.digest
printf '%s\n' "${tests##*@}" >dist/tests.digest

#!/bin/sh
# Builds, pushes and signs the image; dist/app.digest holds what was pushed.
# needs: ko, cosign, a login to the registry, COSIGN_PASSWORD, the private half of keys/release.pub in COSIGN_KEY
set -eu
cd "$(dirname "$0")/.."
: "${COSIGN_PASSWORD:?the password of the signing key is missing}"
ref=$(KO_DOCKER_REPO=registry.example.com/search/ranker ko build --bare --sbom=spdx .)
cosign sign --yes --key "${COSIGN_KEY:?the signing key is missing}" "$ref"
mkdir -p dist
printf '%s\n' "${ref##*@}" >dist/app.digest

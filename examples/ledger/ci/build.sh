#!/bin/sh
# Builds, pushes and signs the image; dist/app.digest holds what was pushed.
# needs: ko, cosign, a login to the registry, the private half of keys/release.pub in COSIGN_KEY
set -eu
cd "$(dirname "$0")/.."
ref=$(KO_DOCKER_REPO=registry.example.com/bank/ledger ko build --bare --sbom=spdx --platform=linux/amd64 .)
cosign sign --yes --key "${COSIGN_KEY:?the signing key is missing}" "$ref"
mkdir -p dist
printf '%s\n' "${ref##*@}" >dist/app.digest

#!/bin/sh
# Builds the image without a Dockerfile (ko), pushes it with its SBOM, signs it,
# and writes the digest that was pushed to dist/app.digest.
#
# needs: ko, crane, cosign; REGISTRY_TOKEN for the registry, COSIGN_PASSWORD and
# the private half of keys/release.pub in COSIGN_KEY
set -eu
cd "$(dirname "$0")/.."
: "${REGISTRY_TOKEN:?the registry token is missing}"
repo=registry.example.com/shop/payments

printf '%s' "$REGISTRY_TOKEN" | crane auth login registry.example.com --username ci --password-stdin
ref=$(KO_DOCKER_REPO=$repo ko build --bare --sbom=spdx --platform=linux/amd64,linux/arm64 .)
cosign sign --yes --key "${COSIGN_KEY:?the signing key is missing}" "$ref"

mkdir -p dist
printf '%s\n' "${ref##*@}" >dist/app.digest

#!/usr/bin/env bash
# Fuzzes every door that takes bytes, one after the other.  usage: test/fuzz.sh [TIME]
set -eu -o pipefail
cd "$(dirname "$0")/.."
time=${1:-20s}
go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' ./... | while read -r pkg; do
	go test -list '^Fuzz' "$pkg" </dev/null | { grep '^Fuzz' || true; } | while read -r name; do
		printf '%s %s\n' "$pkg" "$name"
		go test -run '^$' -fuzz "^$name\$" -fuzztime "$time" -fuzzminimizetime 2s "$pkg" </dev/null
	done
done

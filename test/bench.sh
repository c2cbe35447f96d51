#!/usr/bin/env bash
# Prints every figure of docs/performance.md. Run it on a quiet machine: it takes about five minutes.
set -eu -o pipefail
cd "$(dirname "$0")/.."
export CGO_ENABLED=0
make -s build
go build -trimpath -ldflags '-s -w' -modfile=internal/tools.mod -o bin/cue cuelang.org/go/cmd/cue
go build -o bin/pair ./test/pair
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

printf '## vet of one small file against cue vet -c\n'
# the same file and the same schema: for cue the schema is vendored, as it would be in a repository
mkdir -p "$tmp/hello/cue.mod/pkg/penstock.dev/schema"
cp schema/*.cue "$tmp/hello/cue.mod/pkg/penstock.dev/schema/"
printf 'module: "hello.example.com"\nlanguage: version: "v0.17.0"\n' >"$tmp/hello/cue.mod/module.cue"
{
	sed -n '1p' examples/quickstart/pipeline.cue
	printf '\nimport "penstock.dev/schema"\n\npipeline: schema.#Pipeline\n'
	sed '1d' examples/quickstart/pipeline.cue
} >"$tmp/hello/pipeline.cue"
cp -r examples/quickstart/RUNBOOK.md "$tmp/hello/"
bin/pair -n 20 -dir "$tmp/hello" -a "$PWD/bin/penstock vet pipeline.cue" -b "$PWD/bin/cue vet -c ."

printf '\n## start of the binary against an empty Go program\n'
mkdir "$tmp/empty"
printf 'package main\n\nfunc main() {}\n' >"$tmp/empty/main.go"
go build -trimpath -ldflags '-s -w' -o "$tmp/empty/empty" "$tmp/empty/main.go"
bin/pair -n 20 -a "bin/penstock version" -b "$tmp/empty/empty"
ls -l bin/penstock | awk '{printf "bin/penstock: %.1f MB\n", $5/1e6}'

printf '\n## compile, engine, store, judge, proxy\n'
go test -run '^$' -bench . -benchmem ./compiler ./schema ./policies/engine ./runtime/... ./internal/evidence ./targets/process/host/proxy |
	grep -E '^(Benchmark|pkg:|cpu:)'

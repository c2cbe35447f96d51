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

cue=$PWD/bin/cue penstock=$PWD/bin/penstock
go build -o "$tmp/inputs" ./test/inputs

printf '## vet of one small file against cue vet -c (bar 1.3)\n'
"$tmp/inputs" -modules 64 "$tmp/modules"
bin/pair -n 20 -dir "$tmp/modules/p00" -a "$penstock vet pipeline.cue" -b "$cue vet -c ."

printf '\n## 64 small pipelines in one call against 64 calls (bar 0.25): in one module, then each in its own\n'
"$tmp/inputs" -pipelines 64 "$tmp/pipelines"
printf '#!/bin/sh\nfor d in p*; do (cd $d && exec %s vet -c .) || exit 1; done\n' "$cue" >"$tmp/each"
chmod +x "$tmp/each"
bin/pair -n 10 -dir "$tmp/pipelines" -a "$penstock vet ./..." -b "$tmp/each"
bin/pair -n 10 -dir "$tmp/modules" -a "$penstock vet ./..." -b "$tmp/each"

printf '\n## 500 and 5,000 stages against cue vet -c (bar 1.2, 600 MB; 1.3 of the time a stage)\n'
for n in 500 5000; do
	"$tmp/inputs" -stages $n "$tmp/stages-$n"
	bin/pair -n 10 -dir "$tmp/stages-$n" -a "$penstock vet" -b "$cue vet -c ." | tee "$tmp/stages-$n.txt"
done
awk '/^a  /{ms[FILENAME ~ /-5000/ ? 5000 : 500] = $3}
	END{a = ms[500]/500; b = ms[5000]/5000; printf "a stage: %.3f ms at 500, %.3f ms at 5,000: %.2f\n", a, b, b/a}' \
	"$tmp/stages-500.txt" "$tmp/stages-5000.txt"

printf '\n## start of the binary against an empty Go program\n'
mkdir "$tmp/empty"
printf 'package main\n\nfunc main() {}\n' >"$tmp/empty/main.go"
go build -trimpath -ldflags '-s -w' -o "$tmp/empty/empty" "$tmp/empty/main.go"
bin/pair -n 40 -a "$penstock version" -b "$tmp/empty/empty"
ls -l bin/penstock | awk '{printf "bin/penstock: %.1f MB\n", $5/1e6}'

printf '\n## compile, engine, store, judge, proxy\n'
go test -run '^$' -bench . -benchmem ./compiler ./schema ./policies/engine ./runtime/... ./internal/evidence ./targets/process/host/proxy |
	grep -E '^(Benchmark|pkg:|cpu:)'

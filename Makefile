# Run `make` alone to see what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
export CGO_ENABLED ?= 0
export GOTOOLCHAIN = local

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)
RACED   := ./runtime/... ./targets/...
BENCHED := ./compiler ./schema ./policies/engine ./runtime/... ./internal/evidence ./targets/process/host/proxy
# the tests whose printed numbers belong into the record: cases explored, mutants caught
SHOW    := ^(TestEveryFault|TestMutants)

.PHONY: help
help: ## print the targets
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## /{printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/penstock
	@mkdir -p bin
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/penstock ./cmd/penstock

.PHONY: demo
demo: build ## a real canary rollout on this machine: a good release is promoted, a bad one rolled back
	$(GO) run ./test/demo -penstock bin/penstock

.PHONY: test
test: ## everything that needs no server: unit, scripts, simulation, crash tests (under five minutes once built)
	@mkdir -p dist
	@set -o pipefail; $(GO) test -json $(TESTFLAGS) ./... | tee dist/test.json | $(GO) run ./test/acceptance -show '$(SHOW)'

.PHONY: race
race: ## what runs side by side under the race detector: runtime, targets, vet of many packages (it needs a C compiler: Debian's is installed if there is none)
	@command -v gcc >/dev/null || { apt-get update -qq && apt-get install -y -qq gcc libc6-dev; }
	CGO_ENABLED=1 $(GO) test -race -short $(RACED)
	CGO_ENABLED=1 $(GO) test -race -run 'TestManyAtOnce|TestExamples' ./compiler

.PHONY: lint
lint: ## gofmt, go vet, staticcheck, generated files unchanged
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "gofmt:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(GO) vet ./...
	$(GO) tool -modfile=internal/tools.mod staticcheck ./...

.PHONY: policy-test
policy-test: build ## the shipped policy rules with their own tests
	bin/penstock policy test

.PHONY: vet-examples
vet-examples: build ## vet every example
	cd examples && ../bin/penstock vet ./...

.PHONY: hooks
hooks: ## commits in real repositories, by the plain git hook and by the pre-commit framework (Debian's is installed if there is none)
	@command -v pre-commit >/dev/null || { apt-get update -qq && apt-get install -y -qq pre-commit; }
	PENSTOCK_PRE_COMMIT=required $(GO) test -count=1 -v -run '^Test(Hook|Action)' ./cmd/penstock

.PHONY: check
check: lint test race policy-test vet-examples ## all of the above: what a pull request must pass

.PHONY: bench
bench: ## the benchmarks behind docs/performance.md
	test/bench.sh

.PHONY: bench-smoke
bench-smoke: ## every benchmark once: they must run, their figures are for a quiet machine
	$(GO) test -run '^$$' -bench . -benchtime 1x $(BENCHED) | grep -E '^(Benchmark|ok|FAIL|---|panic)'

.PHONY: acceptance
acceptance: ## does every acceptance line have its evidence in the last `make test` and the tiers of .ci/run?
	@$(GO) run ./test/acceptance $(if $(TIERS),-tiers $(TIERS)) <dist/test.json

.PHONY: fuzz
fuzz: ## fuzz every door that takes bytes, 20 s each
	test/fuzz.sh 20s

.PHONY: clean
clean: ## remove what was built
	rm -rf bin dist

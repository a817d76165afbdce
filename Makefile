# The ways to build, run and check Throng. Needs Go as go.mod names it; what the
# tests need besides, make test installs.

FUZZTIME ?= 30s
SEEDS    ?= 2000
VERSION  ?= $(shell git describe --tags --always --dirty)

.DEFAULT_GOAL := help
.PHONY: help build run release test check generate bench fuzz soak fmt

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## Build bin/throng
	go build -o bin/throng ./cmd/throng

run: build ## Build, and serve clients on 127.0.0.1:7400 with data in ./data
	bin/throng serve --data-dir ./data

release: ## Build dist/ for Linux on amd64 and arm64: static binaries, and their checksums
	@rm -rf dist && mkdir dist
	for arch in amd64 arm64; do CGO_ENABLED=0 GOOS=linux GOARCH=$$arch go build -trimpath \
		-ldflags "-s -w -X main.version=$(VERSION)" -o dist/throng-linux-$$arch ./cmd/throng || exit 1; done
	cd dist && sha256sum throng-* > SHA256SUMS

test: ## Run all tests, with the race detector but for most of the simulation (under 10 minutes)
	@.ci/test-needs
	CGO_ENABLED=1 go test -race -vet=off -timeout 10m ./... # make check vets
	go test -vet=off -count=1 ./shard/sim # 300 seeds, and planted bugs

check: ## Check formatting, vet, staticcheck, the house rules, go.mod, generated files
	@out=$$(gofmt -l .); [ -z "$$out" ] || { echo "not formatted, run make fmt:"; echo "$$out"; exit 1; }
	@big=$$(git ls-files -z | xargs -0 -r stat -c '%s %n' | awk '$$1 > 1048576 { print $$2 }'); \
		[ -z "$$big" ] || { echo "over 1 MiB, in git: no program, and no data, belongs there:"; echo "$$big"; exit 1; }
	go vet ./...
	go tool staticcheck ./...
	go test -count=1 -run '^TestTidy' .
	go mod tidy -diff
	@.ci/fresh

generate: ## Make all generated files anew: docs, and Go sources
	go generate ./...

bench: ## Run the Go benchmarks; see docs/benchmarks.md for those against peers
	go test -run '^$$' -bench . -benchmem ./...

fuzz: ## Fuzz every target for FUZZTIME (30s), one after the other
	@for pkg in $$(go list ./...); do \
		list=$$(go test -list '^Fuzz' $$pkg) || { echo "$$list"; exit 1; }; \
		for target in $$(echo "$$list" | grep '^Fuzz'); do \
			echo "== $$pkg $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$pkg || exit 1; \
		done; \
	done

soak: ## Run the simulation on SEEDS (2000) seeds
	go test ./shard/sim -run Sim -count=1 -timeout 0 -v -sim.seeds $(SEEDS)

fmt: ## Format all Go files
	gofmt -w .

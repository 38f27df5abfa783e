# What a newcomer needs: make run, make test, make lint, make check. `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
BUILD   := CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)"

.PHONY: help run build build-all lint test check bench screenshots clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ADDR ?= :8080
run: build ## build bin/banlang and serve the demonstration at http://localhost:8080, or make run ADDR=:8081
	bin/banlang demo --addr $(ADDR)

build: ## build bin/banlang, one static file for this machine
	@echo "Building bin/banlang $(VERSION): the first build takes a minute or two"
	@$(BUILD) -o bin/banlang ./cmd/banlang

build-all: ## build for linux on amd64, arm64 and armv7
	@for arch in amd64 arm64 arm; do \
	  echo "Building bin/banlang-linux-$$arch"; \
	  GOOS=linux GOARCH=$$arch GOARM=7 $(BUILD) -o bin/banlang-linux-$$arch ./cmd/banlang || exit 1; \
	done

lint: ## format, linters, vet, go fix
	@scripts/lint

test: build ## install what the tests need and run them all, on both databases and in a browser
	@scripts/install-test-deps
	@scripts/test

check: lint test ## everything that continuous integration runs

bench: build ## the table of bars; one row with ID=W6
	@go run ./bench $(ID)

screenshots: build ## pictures of every page, in e2e/report/shots
	@scripts/install-test-deps
	@scripts/screenshots

clean: ## remove what was built; keeps data/
	rm -rf bin .cache e2e/node_modules e2e/test-results e2e/report

VERSION    ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
GITHASH    ?= $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
BUILDSTAMP ?= $(shell date -u +%Y-%m-%dT%H:%M:%SZ)
LDFLAGS     = -s -w -X main.version=$(VERSION) -X main.githash=$(GITHASH) -X main.buildstamp=$(BUILDSTAMP)

.PHONY: build run test bench check e2e image

build: ## the binary, static
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o ecs-api .

run: build ## serve on an AWS that lives in the process
	./ecs-api -sandbox

test: ## all tests
	go test ./...

bench: ## round trips of each verb, what a token costs, memory, start-up, size: each beside its target
	go run ./bench

check: ## what review should not have to say
	test -z "$$(gofmt -l .)"
	go vet ./...
	go vet -tags e2e ./e2e
	go tool staticcheck ./...
	go tool staticcheck -tags e2e ./e2e
	go mod tidy -diff

e2e: build ## the built binary against emulators that were not written here
	.ci/e2e ./ecs-api

image: ## a container of the binary and nothing else
	docker build --build-arg VERSION=$(VERSION) --build-arg GITHASH=$(GITHASH) --build-arg BUILDSTAMP=$(BUILDSTAMP) -t ecs-api .

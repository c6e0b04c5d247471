# make run    build the appliance and start it
# make demo   the same with simulated phone systems, AI and messengers
# make test   the tests
# make check  everything that has to hold before a change is done

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
VERSION     := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
SOURCES     := main.go app store views static

.PHONY: run demo build test check generate fmt

run: build
	./bin/crk

demo: build
	./bin/crk demo

build:
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/crk .

test:
	go test -shuffle on ./...

# The pages are written in templ; the Go code made of them is committed.
generate:
	go tool templ generate

fmt:
	gofmt -w $(SOURCES)
	go tool templ fmt views

check: generate
	@git diff --exit-code -- '*_templ.go' || { echo 'commit what "make generate" makes of the templates'; exit 1; }
	@test -z "$$(git ls-files --others --exclude-standard -- '*_templ.go')" || { echo 'there are generated files that are not committed'; exit 1; }
	@test -z "$$(gofmt -l $(SOURCES))" || { gofmt -l $(SOURCES); echo 'these files want "make fmt"'; exit 1; }
	go mod tidy -diff
	go vet ./...
	go run $(STATICCHECK) ./...
	CGO_ENABLED=1 go test -race -shuffle on -p 2 -timeout 15m ./...

# make run    build the appliance and start it
# make demo   the same with simulated phone systems, AI and messengers
# make test   the tests
# make screenshots  pictures of every page in both languages and themes, in bin/screenshots; needs Chromium
# make check  everything that has to hold before a change is done
# make release  programs for Linux and Windows, Debian packages and their sums, in bin/release

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
NFPM        := github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.43.0
VERSION     := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
SOURCES     := main.go app store views static

# A Debian version begins with a digit, has no dash of ours and grows with each commit.
COMMITS     := $(shell git rev-list --count HEAD 2>/dev/null || echo 0)
DEBVERSION  := $(shell echo "$(VERSION)" | sed 's/^v//; s/-/./g; /^[0-9]*\.[0-9]/!s/^/0.0.$(COMMITS)./')
TARGETS     := linux-amd64 linux-arm64 windows-amd64
RELEASE     := bin/release
SHOTS       := bin/screenshots

.PHONY: run demo build test screenshots check generate fmt release

run: build
	./bin/crk

demo: build
	./bin/crk demo

build:
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/crk .

release:
	rm -rf $(RELEASE) && mkdir -p $(RELEASE)
	set -e; for target in $(TARGETS); do \
		out=$(RELEASE)/crk-$$target; case $$target in windows-*) out=$$out.exe;; esac; \
		GOOS=$${target%-*} GOARCH=$${target#*-} CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o $$out .; \
	done
	set -e; for arch in amd64 arm64; do \
		VERSION=$(DEBVERSION) ARCH=$$arch go run $(NFPM) package -f .packaging/nfpm.yaml -p deb -t $(RELEASE)/; \
	done
	cd $(RELEASE) && sha256sum * > SHA256SUMS

test:
	go test -shuffle on ./...

# SHOTS=DIR puts them elsewhere. It takes some minutes.
screenshots:
	CRK_SCREENSHOTS="$(abspath $(SHOTS))" go test -count 1 -v -timeout 40m -run 'TestScreenshots' ./app/e2e

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

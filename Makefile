# `make test` sets up what the tests need and runs all of them.

GO ?= go
TOOL := $(GO) tool -modfile=tools.mod

.PHONY: test packages format vet staticcheck unit allocations scale

test: packages format vet staticcheck unit allocations scale

# Debian packages that tests need: nginx, dnsmasq and unbound, as software that
# is not ours to test against, sqlite3, to read run files as anybody would, and
# iproute2, to set up the network namespaces that tests make.
packages:
	@./internal/packages.sh nginx:nginx-light dnsmasq:dnsmasq-base unbound:unbound sqlite3:sqlite3 ip:iproute2

format:
	@bad="$$($(TOOL) gofumpt -l .)"; \
	if [ -n "$$bad" ]; then echo "not formatted; run '$(TOOL) gofumpt -w .':"; echo "$$bad"; exit 1; fi

vet:
	$(GO) vet ./...

staticcheck:
	$(TOOL) staticcheck ./...

unit:
	@test -d ../shared/fixtures || echo "note: other people's public samples are not at ../shared/fixtures; the tests that also read them skip that"
	$(GO) build -race ./...
	$(GO) test -race ./...

# Allocations are counted without the race detector, which adds its own.
allocations:
	$(GO) test -run AllocatesNothing ./attack/wire

# The race detector bears no more than some thousand connections.
scale:
	$(GO) test -run TenThousand ./cmd/frontload

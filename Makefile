# Everything a person does with the tree. `make help` lists it.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VIDEO ?=
DATA ?= .cuepoint-demo
GO_TEST_FLAGS ?= -race -timeout=15m

# Each recipe that compiles starts with this: it puts on PATH what setup
# installed, and tells the compiler where libwhisper lies. It is asked for late,
# so that the setup of the same make run counts.
ENV := eval "$$(deploy/setup.sh env)"

# The packages whose programs load libwhisper: they alone take its link flags.
SPEECH := ./transcribe/whisper/... ./cmd/cuepoint-speech/...

# files PATTERNS lists the tree's own files, committed or about to be.
files = git ls-files -co --exclude-standard $(1) | while read -r file; do [[ ! -f $$file ]] || echo "$$file"; done

# describe DIR makes one description of the REST API of the parts that buf has
# generated below a directory.
describe = go run ./describe $(1)/openapi.json operations.openapi.json $(1)/parts && rm -r $(1)/parts

player := streaming/player
client := api/client/typescript
player_sources := $(shell find $(player) $(client) \( -name node_modules -o -name dist -o -name build \) -prune -o -type f ! -name '*.go' -print 2>/dev/null)
client_sources := $(shell find $(client) \( -name node_modules -o -name dist -o -name build \) -prune -o -type f -print 2>/dev/null) api/openapi/openapi.json

# npm_ci installs what a folder's lock file names, unless that is there.
npm_ci = if ! cmp -s package-lock.json node_modules/.cuepoint-lock; then npm ci --ignore-scripts --no-audit --no-fund --loglevel=error; cp package-lock.json node_modules/.cuepoint-lock; fi

.PHONY: help setup setup-test env build player demo test go-test torture verify lint generate bench fresh clean \
	verify-api verify-format verify-tidy

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what building and running need, and say why
	@deploy/setup.sh

setup-test: setup
	@deploy/setup.sh test

env: ## print the shell lines that Go commands by hand need: eval "$(make -s env)"
	@deploy/setup.sh env

build: player ## build the programs into bin/, the player page with them
	@$(ENV)
	mkdir -p bin
	echo "build: bin/cuepoint"
	CGO_ENABLED=0 go build -o bin/cuepoint ./cmd/cuepoint
	echo "build: bin/cuepoint-vision"
	go build -o bin/cuepoint-vision ./cmd/cuepoint-vision
	if [[ -n "$${CUEPOINT_SPEECH_LDFLAGS:-}" ]]; then
		echo "build: bin/cuepoint-speech"
		go build -ldflags="$$CUEPOINT_SPEECH_LDFLAGS" -o bin/cuepoint-speech ./cmd/cuepoint-speech
	else
		echo "build: without libwhisper there is no bin/cuepoint-speech: captions can be imported, not made (make setup says how to go on)"
	fi

player: $(player)/dist/index.html

$(client)/dist/src/index.js: $(client_sources)
	@echo "build: the client in TypeScript, by which the page calls the API"
	cd $(client)
	$(npm_ci)
	npm run --silent build
	touch dist/src/index.js

$(player)/dist/index.html: $(player_sources) $(client)/dist/src/index.js
	@echo "build: the player page"
	cd $(player)
	$(npm_ci)
	npm run --silent build
	touch dist/index.html

demo: setup ## analyze a video (VIDEO=file, else a sample) and show it in the browser
	@$(MAKE) build
	deploy/setup/demo.sh "$(DATA)" $(if $(VIDEO),"$(VIDEO)")

test: setup-test ## verify, lint and run every test
	@$(MAKE) build
	$(MAKE) verify
	$(MAKE) lint
	$(MAKE) go-test

go-test: ## run the Go tests alone, with the tree as built
	@$(ENV)
	mkdir -p build
	go build -o build/ci ./test/ci
	packages=$$(go list ./... | grep -Ev '/(transcribe/whisper|cmd/cuepoint-speech)(/|$$)')
	{
		failed=0
		go test -json -vet=off $(GO_TEST_FLAGS) $$packages || failed=1
		if [[ -n "$${CUEPOINT_SPEECH_LDFLAGS:-}" ]]; then
			go test -json -vet=off $(GO_TEST_FLAGS) -ldflags="$$CUEPOINT_SPEECH_LDFLAGS" $(SPEECH) || failed=1
		else
			echo "test: without libwhisper these are not tested: $(SPEECH)" >&2
		fi
		exit $$failed
	} | build/ci -skips test/skips.txt

torture: setup-test ## kill, freeze, fill and cut off the programs: the whole of test/torture (a quarter of an hour)
	@$(MAKE) build
	$(ENV)
	CUEPOINT_TORTURE=full go test -v -count=1 -timeout=90m ./test/torture

verify: verify-format verify-tidy verify-api ## check that generated code, modules and formatting are current
	@echo "verify: everything is current"

verify-format:
	@$(ENV)
	unformatted=$$($(call files,'*.go') | xargs -r gofmt -l)
	if [[ -n $$unformatted ]]; then
		printf 'verify: not formatted by gofmt:\n%s\n' "$$unformatted"
		exit 1
	fi
	if git grep --untracked -nE '^(<{7}|>{7}) '; then
		echo "verify: a merge was not finished there"
		exit 1
	fi

verify-tidy:
	@$(ENV)
	go mod tidy -diff || { echo "verify: go.mod or go.sum is not tidy (go mod tidy)"; exit 1; }

verify-api:
	@deploy/setup.sh tool gen
	deploy/setup.sh tool protos
	$(ENV)
	rm -rf build/verify
	mkdir -p build/verify/api
	# What was released is promised; before the first release, what the last commit held.
	base=$$(git describe --tags --abbrev=0 --match 'v*' 2>/dev/null || git rev-parse -q --verify HEAD^ || echo HEAD)
	mkdir -p build/verify/base
	git archive "$$base" api/buf.yaml api/proto | tar -x -C build/verify/base
	ln -s ../../../../api/third_party build/verify/base/api/third_party
	cd api
	buf lint
	buf breaking --against ../build/verify/base/api || { echo "verify: the API breaks what $$base promised"; exit 1; }
	buf generate -o ../build/verify/api
	buf generate --template buf.gen.operations.yaml -o ../build/verify/api
	$(call describe,../build/verify/api/openapi)
	for part in gen openapi; do
		diff -r -x doc.go $$part ../build/verify/api/$$part ||
			{ echo "verify: api/$$part is not what the proto files say (make generate)"; exit 1; }
	done

lint: ## check the code with go vet, golangci-lint, ShellCheck and the page's own checks
	@deploy/setup.sh tool golangci-lint
	$(ENV)
	echo "lint: go vet without cgo"
	CGO_ENABLED=0 go vet ./...
	echo "lint: golangci-lint"
	golangci-lint run --concurrency=2
	echo "lint: shell scripts"
	$(call files,'*.sh' .ci/run) | xargs -r shellcheck -x
	echo "lint: the player page"
	npm --prefix $(player) run --silent --if-present lint

generate: ## generate api/gen and api/openapi from the proto files
	@deploy/setup.sh tool gen
	deploy/setup.sh tool protos
	$(ENV)
	cd api
	buf generate
	buf generate --template buf.gen.operations.yaml
	$(call describe,openapi)

bench: setup ## measure packaging, shots, the pipeline, its memory, the API and uploads against what they promise (minutes)
	@$(MAKE) build
	$(ENV)
	go test -run '^$$' -bench . -benchtime 1x -timeout 60m ./test/bench/...

fresh: ## make demo and make test from a clean clone in a bare Debian 12 (root; an hour)
	@test/fresh.sh

clean: ## remove what was built and the demo's data
	@rm -rf bin build api/third_party .cuepoint-demo {$(player),$(client)}/node_modules $(client)/{build,dist}
	find $(player)/dist -mindepth 1 ! -name 'placeholder*' -delete 2>/dev/null || true

.ONESHELL:

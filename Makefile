# Works with GNU make 3.81 and later. Every target sets up what it needs, once; `make` alone explains them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VENV := $(CURDIR)/.venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
LOG := $(VENV)/setup.log
PYTHON ?= $(shell for candidate in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$candidate" && break; done)

# The engine is chosen again when the `pulumi` on PATH comes, goes or moves; an activated environment's own doesn't count.
OUTER_PATH := $(subst $(BIN):,,$(PATH))
ENGINE_STAMP := $(STAMPS)/engine$(subst /,_,$(shell PATH="$(OUTER_PATH)" command -v pulumi))

# Where the user's own plugins are, before the tests get a Pulumi home of their own.
OUTER_PULUMI_HOME := $(or $(PULUMI_HOME),$(HOME)/.pulumi)

# What the demo and the tests run must not see or change: the user's Pulumi login, stacks and AWS accounts.
export PATH := $(BIN):$(OUTER_PATH)
export PULUMI_HOME := $(VENV)/pulumi-home
export PULUMI_SKIP_UPDATE_CHECK := true
export AWS_CONFIG_FILE := /dev/null
export AWS_SHARED_CREDENTIALS_FILE := /dev/null
export AWS_EC2_METADATA_DISABLED := true
export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport PULUMI_ACCESS_TOKEN PULUMI_BACKEND_URL PULUMI_STACK PULUMI_CONFIG_PASSPHRASE PULUMI_CONFIG_PASSPHRASE_FILE
unexport AWS_PROFILE AWS_DEFAULT_PROFILE AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_ENDPOINT_URL
unexport AWS_ROLE_ARN AWS_WEB_IDENTITY_TOKEN_FILE VIRTUAL_ENV PYTHONHOME PYTHONPATH
# A demo, a test and a benchmark start many processes, each of which would compile what it loads.
unexport PYTHONDONTWRITEBYTECODE

# $(call step,what is done,command,what to do when it fails)
define step
	@echo "$(1)"; $(2) >"$(LOG)" 2>&1 </dev/null || { \
		printf '\n%s: failed. The end of its output:\n\n' "$(1)"; tail -n 20 "$(LOG)"; \
		printf '\n%s Then run the same command again.\n' "$(3)"; exit 1; }
endef

.PHONY: help
help:
	@echo 'make demo       the main job, live: two incidents on an AWS that lives on this machine'
	@echo 'make test       everything that has to hold: lint, types, import contracts, all tests'
	@echo 'make test-fast  the unit tests: no engine, no network, seconds'
	@echo 'make test-official  the engine tests against the official Pulumi CLI, language host and AWS plugin, where they are'
	@echo 'make test-deep  replays of PAIRS=300 generated programs against the programs; goes on where it ended; PAIR=17: one'
	@echo 'make bench      figures, side by side, into benchmarks/results; NAMES=plan: that alone; QUICK=1: whether it runs'
	@echo 'make bench-report  docs/benchmarks.md and its plots, from benchmarks/results'
	@echo 'make test-crash  kills a rollback and a recovery at every point, or at POINTS=50 more; goes on where it ended'
	@echo 'make lint, make types, make contracts, make format'
	@echo 'make setup      only the set-up, which the others do by themselves'
	@echo 'make clean      remove what the set-up and the tools put into this folder'

.PHONY: setup
setup: $(STAMPS)/project $(ENGINE_STAMP)
	@:

$(STAMPS)/environment:
	@if [ -z "$(PYTHON)" ]; then echo 'Python 3.11 or newer is needed, and none is on PATH.' \
		'Install it, or name one: make PYTHON=/path/to/python3 ...' >&2; exit 1; fi
	@mkdir -p "$(STAMPS)"
	$(call step,Virtual environment in .venv,"$(PYTHON)" -m venv "$(VENV)",Python's module venv \
		must work: on Debian and Ubuntu it is the package python3-venv.)
	@touch "$@"

# Not compiled: of the AWS provider's thousands of modules a few are ever imported, and Python compiles those by itself.
$(STAMPS)/packages: requirements-dev.txt $(STAMPS)/environment
	$(call step,Python packages,"$(BIN)/python" -m pip install --quiet --no-compile --require-hashes -r requirements-dev.txt,See that pip \
		can reach its package index (pip config list shows which).)
	@touch "$@"

$(STAMPS)/project: pyproject.toml $(STAMPS)/packages
	$(call step,This project,"$(BIN)/python" -m pip install --quiet --no-build-isolation --no-deps --editable .,pyproject.toml \
		or a file it names is at fault.)
	@touch "$@"

$(ENGINE_STAMP): engine/install.py engine/go_build.py engine/go.mod engine/go.sum | $(STAMPS)/packages
	@rm -f "$(STAMPS)"/engine*
	@"$(BIN)/python" -m engine.install </dev/null
	@touch "$@"

.PHONY: demo
demo: setup
	@rollback demo

# In the order of the folders, so that the long engine suites come first and the unit tests fill what is left at the end.
.PHONY: test
test: lint types contracts
	@pytest -n 4 --dist loadfile --no-loadscope-reorder

.PHONY: test-fast
test-fast: setup
	@pytest tests/unit

# The suites are the same; the checks say which parts were found, or what is missing and how to get it.
.PHONY: test-official
test-official: setup
	@python -m engine.official "$(OUTER_PULUMI_HOME)"

.PHONY: test-deep
test-deep: setup
	@python -m tests.equivalence.campaign $(if $(PAIR),--pair $(PAIR),--pairs $(or $(PAIRS),300))

# Figures, not checks: NAMES=plan measures that alone, QUICK=1 tries it with the smallest sizes and keeps that elsewhere.
.PHONY: bench
bench: setup
	@python -m benchmarks $(if $(QUICK),--quick) $(NAMES)

.PHONY: bench-report
bench-report: setup
	@python -m benchmarks.report

.PHONY: test-crash
test-crash: setup
	@python -m tests.unbreakable.campaign --points $(or $(POINTS),1000)

.PHONY: lint
lint: setup
	@ruff check .
	@ruff format --check .

.PHONY: types
types: setup
	@mypy

.PHONY: contracts
contracts: setup
	@lint-imports

.PHONY: format
format: setup
	@ruff check --fix .
	@ruff format .

.PHONY: clean
clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .equivalence .unbreakable .import_linter_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

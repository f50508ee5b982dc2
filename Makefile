# Two commands: `make demo` (set up, run the demo, name the report) and `make test` (set up, pass every check).
# Plain Python is enough: 3.11 or newer with venv, or uv where it is installed. No compiler, no display.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.ONESHELL:
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory

export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
export FIPY_SOLVERS ?= scipy
export PIP_DISABLE_PIP_VERSION_CHECK ?= 1

BIN := .venv/bin
RUNTIME := .venv/.ready-runtime
DEV := .venv/.ready-dev
PARALLEL ?= -n 2
PYTEST := $(BIN)/python -m pytest -q

.PHONY: help demo test quick checks lint bench docs clean

help:  ## this list
	@sed -nE 's/^([a-z]+):.*##\s*(.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

$(RUNTIME): pyproject.toml constraints.txt .ci/setup
	@bash .ci/setup all
	touch $@

$(DEV): pyproject.toml constraints.txt .ci/setup
	@bash .ci/setup dev
	touch $(RUNTIME) $@

demo: $(RUNTIME)  ## set up and run the embedded patient; the last line names the report
	@$(BIN)/oncotwin demo $(ARGS)

lint: $(DEV)  ## ruff, mypy, import contracts
	@$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint  ## set up and pass every check and test
	@$(PYTEST) $(PARALLEL) $(ARGS)

quick: lint  ## the checks and the quick tests only
	@$(PYTEST) $(PARALLEL) -m "not slow" $(ARGS)

bench: $(DEV)  ## the benchmarks; writes their tables into the docs
	@$(BIN)/python -m tests.benchmarks.run $(ARGS)

docs: $(DEV)  ## the reference pages, from the command line and the docstrings
	@$(BIN)/python docs/build_reference.py

clean:  ## remove the environment, caches and the demo
	@rm -rf .venv demo build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

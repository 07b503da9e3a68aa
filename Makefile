# Upright: `make run` and `make test` do all the set-up they need.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
MODEL  ?= local/smollm2-135m
RUN    ?=
PEERS  ?=
RUNS   ?= 200

# Where no bytecode is kept, every worker rewrites all tests anew: thirteen seconds of CPU each.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test test-browser test-full test-process test-ray test-slow bench chaos check format lint types setup clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

run: $(VENV)/.run  ## install, measure the embedded model on the mini suite, show the report's path
	$(BIN)/upright run $(MODEL) $(RUN)

test: $(VENV)/.dev  ## install, run the fast tests
	$(BIN)/pytest -n 2

test-browser: $(VENV)/.dev  ## the pages in headless Chromium (apt-get install chromium)
	$(BIN)/pytest -m browser

test-full: $(VENV)/.dev  ## every built-in responder on every row of the paper's data
	$(BIN)/pytest -n 2 -m full

test-process: $(VENV)/.dev  ## runs that are stopped and killed, and go on
	$(BIN)/pytest -n 2 -m process

test-ray: $(VENV)/.ray  ## a run spread over a Ray cluster of several raylets on this machine
	$(BIN)/pytest -m ray

test-slow: $(VENV)/.dev  ## the tests on the real embedded model, and of the judges' training
	$(BIN)/pytest -m slow

bench: $(VENV)/.dev  ## how fast: writes docs/performance.md (twenty minutes, a quiet machine)
	$(BIN)/python perf/bench.py $(if $(PEERS),--peers $(PEERS))

chaos: $(VENV)/.dev  ## $(RUNS) runs that are killed, starved and lied to must end as undisturbed ones do
	$(BIN)/python -m tests.chaos --runs $(RUNS)

check: $(VENV)/.dev lint types  ## may I push? format, lint, types, contracts, fast tests
	$(BIN)/pytest -n 2

format: $(VENV)/.dev  ## format and fix
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports

types: $(VENV)/.dev
	$(BIN)/mypy

setup: $(VENV)/.dev  ## a virtual environment with everything, and a look around
	$(BIN)/upright doctor

clean:  ## remove the virtual environment and every cache in this folder
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests perf -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Upright needs Python 3.11 or later: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)

# A stamp file says which set of packages is in; it ages with pyproject.toml.
$(VENV)/.run: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.dev: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/.run

$(VENV)/.ray: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev,ray]'
	@touch $@ $(VENV)/.dev $(VENV)/.run

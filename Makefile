# Each target sets up all it needs in .venv: `make demo` and `make test` work on a fresh clone
# with nothing but make and Python 3.11 or later. PYTHON=... chooses another Python.

PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11 python,\
            $(shell $(name) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
                    >/dev/null 2>&1 && echo $(name))))
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install --constraint constraints.txt

# What `make bench` measures: FILES="..." MODES=... PEERS=... make bench
FILES ?= demo/phage_lambda.fa
MODES ?= plus,order0,twobit
PEERS ?= all

.PHONY: help demo test lint bench clean

help:
	@echo "make demo    compress, restore and compare a real genome; table of sizes"
	@echo "make test    everything: lint, types, tests"
	@echo "make lint    lint and types only"
	@echo "make bench   measure modes and installed peers: FILES=... MODES=... PEERS=..."
	@echo "make clean   remove everything that make and the tools made"

demo: .venv/.acgz
	@$(BIN)/python demo/run.py

# Lint and types first: they are quick, and pytest has the last word.
test: lint
	@$(BIN)/python -m pytest

lint: .venv/.dev
	@$(BIN)/ruff check
	@$(BIN)/mypy

bench: .venv/.acgz
	@$(BIN)/acgz bench --modes $(MODES) --peers $(PEERS) $(FILES)

# The stamps say which extras are installed; a change of the requirements installs again.
.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "acgz needs Python 3.11 or later on PATH" >&2; exit 1; }
	@echo "setting up .venv with $(PYTHON)"
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

.venv/.acgz: pyproject.toml constraints.txt | .venv/bin/python
	@echo "installing acgz"
	@$(PIP) --editable '.[jit]'
	@touch $@

.venv/.dev: pyproject.toml constraints.txt | .venv/bin/python
	@echo "installing acgz with its development tools"
	@$(PIP) --editable '.[dev]'
	@touch $@ .venv/.acgz

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
	find src tests demo -name __pycache__ -type d -prune -exec rm -rf {} +

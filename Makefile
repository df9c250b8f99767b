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

# How `make check` and `make test` use the cores: a file of tests each, the long ones first.
SPREAD := -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

# How often they try: COUNT=... make fuzz
fuzz: COUNT ?= 100000
soak: COUNT ?= 1000
faults: COUNT ?= 200

.PHONY: help demo check test large lint fuzz soak faults determinism mutants bench docs man workflows container clean

help:
	@echo "make demo         compress, restore and compare a real genome; table of sizes"
	@echo "make check        for the inner loop: lint, types, a fast and telling part of the tests"
	@echo "make test         everything: lint, types, tests"
	@echo "make large        tests with genomes of gigabytes, which takes minutes"
	@echo "make lint         lint and types only"
	@echo "make bench        measure modes and installed peers: FILES=... MODES=... PEERS=..."
	@echo "make fuzz         attack the readers with COUNT tiny inputs"
	@echo "make soak         COUNT changed pieces of real files, there and back"
	@echo "make faults       kill, starve and interrupt the program COUNT times each"
	@echo "make determinism  the same archives in many environments"
	@echo "make mutants      break the program on purpose; the tests have to notice"
	@echo "make docs         the documentation as a site, in build/site"
	@echo "make man          the manual page, in build"
	@echo "make workflows    the wrapper for Snakemake in contrib, run by Snakemake"
	@echo "make container    what the Dockerfile does, in a folder (as root)"
	@echo "make clean        remove everything that make and the tools made"

demo: .venv/.acgz
	@$(BIN)/python demo/run.py

# Lint and types first: they are quick, and pytest has the last word.
check: lint
	@$(BIN)/python -m pytest $(SPREAD) --half

test: lint
	@$(BIN)/python -m pytest $(SPREAD)

large: .venv/.dev
	@$(BIN)/python -m pytest --large -m large

lint: .venv/.dev
	@$(BIN)/ruff check
	@$(BIN)/mypy

fuzz: .venv/.fuzz
	@$(BIN)/python tools/fuzz.py both --count $(COUNT)
	@NUMBA_BOUNDSCHECK=1 NUMBA_CACHE_DIR=.pytest_cache/kernels/checked \
		$(BIN)/python tools/fuzz.py structured --count $(COUNT) --seed 2

soak: .venv/.dev
	@$(BIN)/python tools/soak.py --count $(COUNT)
	@$(BIN)/python tools/soak.py --networks tiny --count $(COUNT)
	@$(BIN)/python tools/soak.py --networks shipped --count $(COUNT)

faults: .venv/.dev
	@$(BIN)/python tools/faults.py --count $(COUNT)

determinism: .venv/.dev
	@$(BIN)/python tools/determinism.py

mutants: .venv/.dev
	@$(BIN)/python tools/mutants.py

bench: .venv/.acgz
	@$(BIN)/acgz bench --modes $(MODES) --peers $(PEERS) $(FILES)

docs: .venv/.docs
	@PATH="$(CURDIR)/$(BIN):$$PATH" NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

man: .venv/.dev
	@$(BIN)/python aot/manual.py build

workflows: .venv/.dev
	@$(PYTHON) -m venv .venv/workflows
	@.venv/workflows/bin/python -m pip --disable-pip-version-check --quiet install 'snakemake>=9'
	@SNAKEMAKE=.venv/workflows/bin/snakemake $(BIN)/python -m pytest tests/start/test_workflows.py

container: .venv/.dev
	@ACGZ_CONTAINER=1 $(BIN)/python -m pytest tests/start/test_recipe.py -k container

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

.venv/.fuzz: .venv/.dev
	@echo "installing what guides the fuzzer"
	@$(PIP) --editable '.[dev,fuzz]'
	@touch $@

.venv/.docs: .venv/.acgz
	@echo "installing what builds the site"
	@$(PIP) --editable '.[jit,docs]'
	@touch $@

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .fuzz build dist
	find src tests tools demo -name __pycache__ -type d -prune -exec rm -rf {} +

# make book: execute all notebooks and build the book.  make test: all tests.  Needs only Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTEST := $(BIN)/python -m pytest
TWO := -n 2 --dist loadfile --no-loadscope-reorder
NBVAL := --nbval --nbval-sanitize-with tests/nbval_sanitize.cfg
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export OMP_NUM_THREADS = 1
export OPENBLAS_NUM_THREADS = 1

.PHONY: help book pdf test quick test-portable coverage bench lint lock clean renew

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## (.*)/make \1\t\2/' | expand -t 24

book: $(STAMP)  ## execute the notebooks that changed, build and check the book
	$(BIN)/rutrade book

pdf: $(STAMP)  ## the same with the whole book as one PDF, which needs Chromium
	$(BIN)/rutrade book --pdf

test: $(STAMP)  ## all tests: package, notebooks against their stored outputs, built book
	$(PYTEST) $(TWO) $(NBVAL)

quick: $(STAMP)  ## the package's own tests, in a minute and a half
	$(PYTEST) $(TWO) -m "not slow and not book and not browser" tests

# As on an older processor: no vector instructions beyond SSE4.2 in numpy and in the linear algebra library, another
# order of sets, two threads. The names of the instructions are those that this numpy has in use here.
test-portable: $(STAMP)  ## chapters 04-08 against their stored outputs as on another processor
	NPY_DISABLE_CPU_FEATURES="$$($(BIN)/python -c 'import numpy; print(*numpy.show_config("dicts")["SIMD Extensions"].get("found", []))')" \
	    OPENBLAS_CORETYPE=Nehalem OMP_NUM_THREADS=2 OPENBLAS_NUM_THREADS=2 PYTHONHASHSEED=20 \
	    $(PYTEST) $(NBVAL) $(wildcard notebooks/0[4-8]_*.ipynb)

coverage: $(STAMP)  ## which lines of the package its own tests run
	$(PYTEST) $(TWO) --cov=rutrade --cov-report=term -m "not slow and not book and not browser" tests

bench: $(STAMP)  ## benchmarks: ratios against peers in one run
	$(PYTEST) tests/benchmarks -o python_files='bench_*.py' --benchmark-columns=median,rounds -s

lint: $(STAMP)  ## style and mistakes (ruff), types (mypy), directions of imports (import-linter)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy

renew: $(STAMP)  ## store new reference outputs of all notebooks
	$(BIN)/rutrade renew

lock: $(STAMP)  ## solve requirements.txt anew from the ranges in pyproject.toml
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --all-extras --no-annotate \
	    --no-header pyproject.toml -o requirements.txt

clean:  ## remove built pages and results (not the environment)
	rm -rf _build book/results .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .benchmarks .hypothesis .coverage*

$(STAMP): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("rutrade needs Python 3.11 or newer; set PYTHON=...")'
	@echo "setting up $(VENV) from requirements.txt (once; a few minutes on a fresh machine)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --requirement requirements.txt
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

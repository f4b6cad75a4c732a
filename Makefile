# make book: execute all notebooks and build the book.  make test: all tests.  Needs only Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export OMP_NUM_THREADS = 1
export OPENBLAS_NUM_THREADS = 1

.PHONY: help book pdf test bench lint lock clean renew

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## (.*)/make \1\t\2/' | expand -t 16

book: $(STAMP)  ## execute the notebooks that changed, build and check the book
	$(BIN)/rutrade book

pdf: $(STAMP)  ## the same with the whole book as one PDF, which needs Chromium
	$(BIN)/rutrade book --pdf

test: $(STAMP)  ## all tests: package, notebooks against their stored outputs, built book
	$(BIN)/python -m pytest -n 2 --dist loadfile --nbval --nbval-sanitize-with tests/nbval_sanitize.cfg

bench: $(STAMP)  ## benchmarks: ratios against peers in one run
	$(BIN)/python -m pytest tests/benchmarks -o python_files='bench_*.py' --benchmark-columns=median,rounds -s

lint: $(STAMP)  ## style and mistakes (ruff)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

renew: $(STAMP)  ## store new reference outputs of all notebooks
	$(BIN)/rutrade renew

lock: $(STAMP)  ## solve requirements.txt anew from the ranges in pyproject.toml
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --all-extras --no-annotate \
	    --no-header pyproject.toml -o requirements.txt

clean:  ## remove built pages and results (not the environment)
	rm -rf _build book/results .pytest_cache .ruff_cache .benchmarks .hypothesis

$(STAMP): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("rutrade needs Python 3.11 or newer; set PYTHON=...")'
	@echo "setting up $(VENV) from requirements.txt (once; a few minutes on a fresh machine)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --requirement requirements.txt
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

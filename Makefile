# The first thing to do:  make study        (needs nothing but python3 >= 3.11; installs into .venv once)
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
export HF_HUB_OFFLINE ?= 1
export TOKENIZERS_PARALLELISM ?= false
export TRANSFORMERS_VERBOSITY ?= error

.DEFAULT_GOAL := help
.PHONY: help install study test lint lab bench benchmark clean

help:  ## What there is to do
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is older than 3.11: say make PYTHON=/path/to/python3.11" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev,notebook,figures]'
	@touch $@

install: $(INSTALLED)  ## The package and its tools in .venv (done once by every other target)

study: $(INSTALLED)  ## Is steering reliable, is control symmetric? On the embedded organism: a report in minutes
	$(BIN)/workbench study overview

# One thread per process: two test processes on two cores, each doing small matrix products.
test: $(INSTALLED)  ## Every test, on two processes
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2

lint: $(INSTALLED)  ## ruff and pyright
	$(BIN)/ruff check .
	$(BIN)/pyright

lab: $(INSTALLED)  ## JupyterLab with the notebooks
	$(BIN)/workbench lab

# BENCH_PEERS: a folder for packages whose pins do not fit ours; they are measured where they are installed there:
#   .venv/bin/pip install --no-deps --target build/peers steering-vectors==0.12.2 repeng==0.4.0
bench: $(INSTALLED)  ## Speed and memory beside plain hooks and peers (about 25 minutes, goes on where it was)
	BENCH_PEERS=$${BENCH_PEERS:-$$(test -d build/peers && echo build/peers)} $(BIN)/python -m benchmarks

# Cells are kept in runs/benchmark: the same command goes on where it was. What it holds and takes, without running it:
#   .venv/bin/python -m benchmarks.symmetry --plan symmetry-v1
benchmark: $(INSTALLED)  ## Is control symmetric? The full table, methods x concepts x organisms (up to 90 minutes, goes on where it was)
	$(BIN)/workbench study benchmark --out runs/benchmark
	$(BIN)/python -m benchmarks.symmetry runs/benchmark

clean:  ## Remove caches and builds (not .venv, not runs)
	rm -rf build dist .pytest_cache .ruff_cache .hypothesis

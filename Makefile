# The same targets for people and for CI. Each does all its own set-up.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

SERVICE := $(VENV)/.service-installed
DEV     := $(VENV)/.dev-installed
TORCH   := $(VENV)/.torch-installed

.PHONY: help setup demo test check bench fuzz lock train clean

help:           ## this list
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*## */\t/' | expand -t 12

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "Klachtenradar needs Python 3.11 or newer; name it with: make PYTHON=python3.12 …" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(SERVICE): requirements/service.txt pyproject.toml | $(BIN)/python
	@echo "Installing what the service needs (once; about a minute) …"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/service.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(DEV): requirements/dev.txt $(SERVICE)
	@echo "Installing what checks and tests need (once) …"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

$(TORCH): requirements/torch.txt $(SERVICE)
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements/torch.txt
	@touch $@

setup: $(SERVICE)   ## .venv with the command klachtenradar
	@echo "Ready: $(BIN)/klachtenradar --help"

demo: $(SERVICE)    ## the product at work on an invented storm of complaints
	@$(BIN)/klachtenradar demo

test: $(DEV)        ## all tests
	$(BIN)/python -m pytest -n 3

check: $(DEV)       ## lint, types, layers, migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/storage/test_database.py -k "migrations and sqlite"

bench: $(DEV) $(TORCH)  ## speed, as ratios within one run
	$(BIN)/python -m tests.bench

train: $(TORCH)     ## train the model again: make train BASE=… DATA=…
	$(BIN)/python -m sentiment.train --base $(BASE) --data $(DATA) --out training-runs/latest \
	    --written sentiment/training --written-share 1.5 --labels sentiment/training/human-labels.jsonl \
	    --translated-epochs 1

fuzz: $(DEV)        ## 10,000 mutations of every payload a parser reads, 50 histories of every kind
	FUZZ_EXAMPLES=10000 $(BIN)/python -m pytest -v -n auto --dist worksteal --timeout 7200 \
	    tests/crawlers/test_hostile_pages.py tests/crawlers/test_good_neighbours.py tests/crawlers/test_bad_neighbours.py \
	    tests/crawlers/test_histories.py

lock: $(DEV)        ## renew requirements/*.txt after a change in pyproject.toml
	$(BIN)/pip-compile --quiet --upgrade $(LOCK) -o requirements/service.txt pyproject.toml
	$(BIN)/pip-compile --quiet --upgrade $(LOCK) --extra dev -c requirements/service.txt -o requirements/dev.txt pyproject.toml

LOCK := --generate-hashes --allow-unsafe --strip-extras --no-annotate --no-header \
        --no-emit-index-url --no-emit-find-links --no-emit-trusted-host

clean:          ## remove what make made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

# Every command below sets up what it needs; `make demo` and `make test` are all a newcomer needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
CONFIG ?= configs/training/demo.yaml

export MLFLOW_DISABLE_TELEMETRY := true
export DO_NOT_TRACK := true

.PHONY: help setup demo test check format train bench prove docs lock clean

help:  ## list the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: $(READY)  ## make .venv from the hash-pinned requirements

$(READY): requirements/all.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "hscrisk needs Python 3.11 to 3.13; name one with make PYTHON=python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the pinned packages into $(VENV) (about two minutes the first time) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/all.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup  ## run the main job on the bundled real cohort; writes runs/demo/
	@$(BIN)/python -m training.pipeline configs/training/demo.yaml

train: setup  ## run the main job on your own registry: make train CONFIG=configs/training/mine.yaml
	@$(BIN)/python -m training.pipeline $(CONFIG)

test: setup  ## pass the tests
	@$(BIN)/python -m pytest -n 2 --dist loadgroup -q

check: setup  ## lint, format, spelling, types, import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/codespell
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: setup  ## mend what the linter can mend
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: setup  ## ratios against a naive way, side by side in one run
	@$(BIN)/python -m benchmarks.speed

prove: setup  ## the long proofs (full sizes of what the tests do small)
	@$(BIN)/python -m pytest -q -p no:randomly benchmarks/prove_*.py

docs: setup  ## write docs/fields.md and the committed model cards anew
	@$(BIN)/python -m training.docs

lock:  ## resolve the requirements anew (needs uv)
	@uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --override requirements/overrides.txt --quiet --output-file requirements/core.txt
	@uv pip compile pyproject.toml --extra explain --extra train --extra serve --group dev \
	  --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --override requirements/overrides.txt --quiet --output-file requirements/all.txt

clean:  ## remove the environment and everything a run wrote
	@rm -rf $(VENV) runs

# The only commands a newcomer needs. Each sets up what it needs; nothing is installed by hand.
.PHONY: run test check bench clean
.DEFAULT_GOAL := run

PYTHON ?= python3
PORT ?= 8000
PARTS ?=
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

run: $(READY)
	@exec $(BIN)/python -m identity_provider.sandbox --port $(PORT) --stop-with-parent

# The tests start some two hundred programs of ours: with what was compiled kept, each of them is up sooner.
test check: export PYTHONDONTWRITEBYTECODE :=

test: $(READY)
	$(BIN)/python -m pytest -n auto --dist loadgroup

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/architecture tests/migrations

# All parts at a laptop's size; e.g. make bench PARTS="febrl4 oidc", make bench PARTS="batch --full".
bench: $(READY)
	$(BIN)/python -m benchmarks $(PARTS)

# Wheels only where there is one for this machine; every file is checked against the hash in the lock.
$(READY): requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Installing what is needed into $(VENV) (once, about a minute) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $(READY)

clean:
	rm -rf $(VENV) .venv-bench .data .mypy_cache .ruff_cache .pytest_cache

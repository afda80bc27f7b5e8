PYTHON ?= python3
BIN := .venv/bin
# Workers of the tests.
WORKERS ?= 2

.DEFAULT_GOAL := setup
.PHONY: setup run test test-fast test-system lint check bench lock format clean

setup: .venv/.stamp
	@:

# Without dependency resolution: the lock names everything, and a release of tomorrow must not change what is installed.
.venv/.stamp: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Accord needs Python 3.11 or newer; '$(PYTHON)' is not. Try: make setup PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "'$(PYTHON)' cannot make a virtual environment; on Debian install python3-venv." >&2; exit 1; }
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || $(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	$(BIN)/python -m pip check --disable-pip-version-check
	$(BIN)/python -m compileall -q graph nodes policies
	@touch $@

run: setup
	$(BIN)/accord run

# The branches of policies/ are covered to the last one.
test: setup
	$(BIN)/python -m pytest -m "not system" -n $(WORKERS) --cov=policies --cov-branch --cov-report=term-missing --cov-fail-under=100

test-fast: setup
	$(BIN)/python -m pytest -m "not slow and not system" -n $(WORKERS)

test-system: setup
	$(BIN)/python -m pytest -m system

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test

bench: setup
	$(BIN)/python -m benchmarks

# Keeps what is locked and adds or drops what pyproject.toml asks for; UPGRADE=1 takes the newest of everything.
lock: setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile pyproject.toml --output-file requirements.lock --quiet $(if $(UPGRADE),--upgrade) \
	  --universal --python-version 3.11 --extra dev --generate-hashes --no-emit-index-url --no-annotate --no-header

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.* dist build .langgraph_api
	find benchmarks graph nodes policies tests -type d -name __pycache__ -prune -exec rm -rf {} +

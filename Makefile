PYTHON ?= python3
BIN := .venv/bin
# Workers of the tests. Each has a stretch of the tests, so that what a module starts is started once, and takes over
# some of another's when it is done.
WORKERS ?= 2
SHARED := -n $(WORKERS) --dist worksteal

# pytest keeps each test file as it rewrote it; where that is forbidden, every call and each worker rewrites them all.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := setup
.PHONY: setup run test test-fast test-system soak evals lint check bench lock format clean

setup: .venv/.stamp
	@:

# Without dependency resolution: a lock names everything, and a release of tomorrow must not change what is installed.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps

.venv/.base: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Accord needs Python 3.11 or newer; '$(PYTHON)' is not. Try: make setup PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "'$(PYTHON)' cannot make a virtual environment; on Debian install python3-venv." >&2; exit 1; }
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || $(PYTHON) -m venv --clear .venv
	$(INSTALL) --require-hashes -r requirements.lock
	$(INSTALL) --no-build-isolation -e .
	$(BIN)/python -m pip check --disable-pip-version-check
	$(BIN)/python -m compileall -q graph nodes policies
	@touch $@

.venv/.stamp: .venv/.base requirements-dev.lock
	$(INSTALL) --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip check --disable-pip-version-check
	@touch $@

# Needs the base lock alone.
run: .venv/.base
	$(BIN)/accord run

# The tests of policies/ alone cover its branches to the last one.
PURE := tests/policies

test: setup
	$(BIN)/python -m pytest $(PURE) -m "not system" $(SHARED) --cov=policies --cov-branch --cov-report=term-missing --cov-fail-under=100
	$(BIN)/python -m pytest --ignore=$(PURE) -m "not system" $(SHARED)

test-fast: setup
	$(BIN)/python -m pytest -m "not slow and not system" $(SHARED)

test-system: setup
	$(BIN)/python -m pytest -m system -n $(WORKERS) --dist loadfile

# The large counts, once: seeded, resumed where it was ended, outside CI; then random examples beyond those of
# `make test`, and every deliberate break, one at a time.
soak: setup
	$(BIN)/python -m tests.soak --workers $(WORKERS)
	$(BIN)/python -m pytest -m "hypothesis and not system" -n $(WORKERS) --hypothesis-profile=soak --timeout=900
	$(BIN)/python -m tests.breaks --workers $(WORKERS)

# The shipped teams' decisions, by langsmith's plugin for pytest; LANGSMITH_TEST_TRACKING=true keeps them in LangSmith.
evals: setup
	LANGSMITH_TEST_TRACKING=$(or $(LANGSMITH_TEST_TRACKING),false) $(BIN)/python -m pytest tests/evals \
	  --confcutdir=tests/evals -o addopts="--import-mode=importlib --strict-markers --strict-config -ra"

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test

# Makes an environment for Agno under .bench/ when there is none; without a network it is left out.
bench: setup
	$(BIN)/python -m benchmarks

# Keeps what is locked and adds or drops what pyproject.toml asks for; UPGRADE=1 takes the newest of everything.
COMPILE := $(BIN)/uv pip compile --quiet $(if $(UPGRADE),--upgrade) \
  --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header

lock: setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(COMPILE) pyproject.toml --extra dev --output-file requirements-dev.lock
	$(COMPILE) pyproject.toml --extra build --constraint requirements-dev.lock --output-file requirements.lock
	$(COMPILE) benchmarks/contenders/agno.in --constraint requirements.lock --output-file benchmarks/contenders/agno.lock

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv .bench .soak .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.* dist build .langgraph_api
	find benchmarks graph nodes policies tests -type d -name __pycache__ -prune -exec rm -rf {} +

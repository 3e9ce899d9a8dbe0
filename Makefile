# Everything starts with `make setup`; `make help` lists the rest.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
LOCKS := requirements/bootstrap.lock requirements/development.lock

# Where this is set, each of the many processes that are started here would compile Airflow anew.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup demo up test test-crashes test-s3 test-stack bench-scale lint format docs lock clean

help:  ## List the targets
	@sed -n 's/^\([a-z0-9-]*\):.*##/\1\t/p' $(MAKEFILE_LIST) | expand -t 16

setup: $(INSTALLED)  ## Create .venv with all dependencies

$(INSTALLED): $(LOCKS) pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "Python 3.11, 3.12 or 3.13 is needed; name one with make PYTHON=..." >&2; exit 1; }
	@echo "setup: installing into $(VENV) (about 700 MB, once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.lock
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip sync --quiet --require-hashes $(LOCKS)
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# exec: signals to make reach the program, not a shell in between.
demo: setup  ## Run the whole pipeline offline on a simulated market (KEEP=1 lets it go on, PORT=8080 with the UI there)
	@exec $(BIN)/python -m local_stack.demo $(if $(KEEP),--keep) $(if $(PORT),--port '$(PORT)')

up: setup  ## Run Airflow on this machine against the live API (PORT=8080)
	@set -a; test ! -f .env || . ./.env; set +a; exec $(BIN)/python -m local_stack.up $(if $(PORT),--port '$(PORT)')

test: setup  ## Run all tests, a file at a time on each processor
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test-crashes: setup  ## Kill steps at every write and 500 times at random; repeat the longest tests far more often
	CRASH_KILLS=500 $(BIN)/python -m pytest tests/crashes
	REAL_HOURS=2000 ASKER_KILLS=200 SHARING_PIPELINES=1000 WAITING_PIPELINES=200 EPISODE_SEEDS=200 \
	  EPISODE_HOURS=2000 SPEC_EXAMPLES=2000 $(BIN)/python -m pytest \
	  tests/system/test_real_prices.py tests/system/test_shared_calls.py tests/system/test_many_waiting.py \
	  tests/system/test_episodes.py tests/system/test_any_valid_spec_builds.py

test-s3: setup  ## Run the S3 tests against a real server: S3_ENDPOINT=... [S3_TEST_BUCKET=...], credentials in AWS_*
	@test -n "$(S3_ENDPOINT)" || { echo "make test-s3 needs S3_ENDPOINT=http://..." >&2; exit 2; }
	S3_ENDPOINT=$(S3_ENDPOINT) S3_TEST_BUCKET=$(S3_TEST_BUCKET) \
	  $(BIN)/python -m pytest -m s3 tests/archive tests/publishing tests/steps tests/crashes

test-stack: setup  ## Start the Docker stack and kill parts of it, with LocalExecutor and with two Celery workers
	$(BIN)/python -m pytest tests/stack --executor local
	$(BIN)/python -m pytest tests/stack --executor celery

bench-scale: setup  ## Run an hour of 10,000 coins for real, without Docker (COINS=500)
	@exec $(BIN)/python -m benchmarks.scale $(if $(COINS),--coins '$(COINS)')

lint: setup  ## Check style, types, the direction of imports, and the files of CI and Docker
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-actions action.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yaml tests/stack/*.yaml \
	  tests/stack/simulated_world/*.yaml
	$(BIN)/pre-commit validate-manifest .pre-commit-hooks.yaml

format: setup  ## Format the code and apply automatic fixes
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup  ## Regenerate the reference page of specs from their schema
	$(BIN)/python -m pipeline_lib.specs.reference > docs/spec.md

lock: $(BIN)/uv  ## Lock the newest versions in requirements/*.lock
	echo 'uv' | $(BIN)/uv pip compile $(LOCK_OPTIONS) - --output-file requirements/bootstrap.lock
	$(BIN)/uv pip compile $(LOCK_OPTIONS) --extra airflow --extra apprise --group development pyproject.toml \
	  --output-file requirements/development.lock
	$(BIN)/uv pip compile $(LOCK_OPTIONS) --constraint requirements/development.lock --extra postgres pyproject.toml \
	  --output-file requirements/core.lock

LOCK_OPTIONS := --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate

clean:  ## Remove the files of setup, tests and demo
	rm -rf $(VENV) .airflow .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

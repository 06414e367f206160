# Everything here runs out of .venv, which is made from the lock when it is missing or older than it.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
VENV := .venv/.stamp
WAIT ?= 1
LOCK := $(BIN)/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-annotate --custom-compile-command "make lock" --upgrade pyproject.toml

.PHONY: help demo test test-all soak check fix bench kubeapi lock clean

help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV) ## play the incident on a real Prometheus; WAIT=0 ends by itself and checks each act
	WAIT=$(WAIT) $(BIN)/python -m demo

test: $(VENV) ## run the tests: one Prometheus, few examples; within six minutes on two cores
	$(BIN)/python -m pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder

test-all: $(VENV) ## run them deep: every Prometheus, all examples, with coverage; then a short soak
	$(BIN)/coverage erase
	DEEP=1 $(BIN)/coverage run -m pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report
	$(BIN)/python -m tests.e2e.faults 10

soak: $(VENV) ## kill the daemon 200 times while jobs come and go and Slack misbehaves; prints figures
	$(BIN)/python -m tests.e2e.faults 200

check: $(VENV) ## lint, format, dependencies, types, import contracts, generated docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/deptry .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.gen_docs --check

fix: $(VENV) ## mend what a machine can mend, and write the generated docs anew
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python -m tools.gen_docs

bench: $(VENV) ## measure
	$(BIN)/python -m benchmarks

kubeapi: $(VENV) ## build real API servers from Debian's sources and record their answers for the tests
	$(BIN)/python -m tools.record_kube_api

lock: $(VENV) ## resolve the newest versions into both locks
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade --target $(BIN)/uv uv
	$(LOCK) --extra postgres --output-file requirements.lock
	$(LOCK) --extra postgres --group dev --output-file requirements-dev.lock

clean: ## remove what was made here; the cache of Prometheus binaries stays
	rm -rf .venv .coverage* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist

$(VENV): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ": run make PYTHON=python3.11")'
	$(PYTHON) -m tools.make_venv

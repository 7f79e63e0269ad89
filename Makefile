# Everyday commands. `make demo` needs nothing but Python 3.11 to 3.13; `make help` lists the rest.

VENV := .venv
RUNTIME_VENV := .venv-runtime
PYTHON := $(shell for name in python3.11 python3 python3.12 python3.13; do \
	$$name -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' >/dev/null 2>&1 \
	&& echo $$name && break; done)
PIP_INSTALL := -m pip install --quiet --no-input --disable-pip-version-check
RUNTIME_TESTS := tests/fuzz tests/runtime tests/cli tests/ground_truth tests/evaluation text_recognizer/tests

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-runtime check format pip-tools clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-15s%s\n", $$1, $$2}' Makefile

demo: $(VENV)/.runtime ## install the runtime and read the pages in examples/
	@$(VENV)/bin/text-recognizer demo

test: $(VENV)/.development ## install everything and run all tests
	$(VENV)/bin/python -m pytest

check: $(VENV)/.development ## formatting, lint and types
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" tasks/lint.sh

format: $(VENV)/.development ## format the code and sort its imports
	$(VENV)/bin/ruff check --select I --fix .
	$(VENV)/bin/ruff format .

test-runtime: $(RUNTIME_VENV)/.runtime-tests ## the runtime's tests with the base install only, without torch
	$(RUNTIME_VENV)/bin/python -m pytest --base-install $(RUNTIME_TESTS)

pip-tools: ## create the development environment, or bring it up to date
	rm -f $(VENV)/.development
	$(MAKE) $(VENV)/.development

clean: ## remove environments, caches and builds
	rm -rf $(VENV) $(RUNTIME_VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

# Each environment is marked by an empty file, made anew when what it was installed from changes.

$(VENV)/bin/python:
	$(call create_environment,$(VENV))

$(RUNTIME_VENV)/bin/python:
	$(call create_environment,$(RUNTIME_VENV))

$(VENV)/.runtime: pyproject.toml | $(VENV)/bin/python
	@echo "Installing the runtime into $(VENV) ..."
	@$(VENV)/bin/python $(PIP_INSTALL) -e .
	@touch $@

$(VENV)/.development: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing what development needs into $(VENV): some gigabytes, some minutes ..."
	@$(VENV)/bin/python $(PIP_INSTALL) --upgrade -c constraints.txt -e ".[train,dev]"
	@touch $(VENV)/.runtime $@

$(RUNTIME_VENV)/.runtime-tests: pyproject.toml constraints.txt | $(RUNTIME_VENV)/bin/python
	@echo "Installing the runtime and what its tests need into $(RUNTIME_VENV) ..."
	@$(RUNTIME_VENV)/bin/python $(PIP_INSTALL) --upgrade -c constraints.txt -e . pytest hypothesis onnx
	@touch $@

define create_environment
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed; none was found." >&2; exit 1; }
	@$(PYTHON) -m venv $(1)
endef

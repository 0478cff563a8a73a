# Each target makes its own virtual environment, installs what it needs, and runs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test test-long lint unit js clean

# The demo: a real MLflow server, a real model, real drift. Stays up until Ctrl-C; DEMO_ARGS=--once ends by itself.
demo: $(VENV)/.demo
	$(BIN)/mlflow-sentinel demo $(DEMO_ARGS)

# Style, types, imports, Python and JavaScript tests, coverage.
# Browser tests run apart: their driver keeps an event loop running, which other tests may not meet.
test: $(VENV)/.dev lint js
	$(BIN)/pytest -m "not long" --ignore tests/browser --cov --cov-report=term
	$(BIN)/pytest tests/browser

# The tests that start many servers: every database, web server, prefix and login.
test-long: $(VENV)/.dev
	$(BIN)/pytest -m long

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(VENV)/.dev
	$(BIN)/pytest tests/unit -q

js: $(VENV)/.dev
	$(BIN)/python hatch_build.py test

clean:
	rm -rf $(VENV) build dist js/node_modules

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/.demo: $(VENV)/bin/python pyproject.toml hatch_build.py
	$(BIN)/python -m pip install --quiet .
	touch $@

$(VENV)/.dev: $(VENV)/bin/python pyproject.toml hatch_build.py
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

# make demo: install into .venv and paint grains into the example gear.
# make test: install and run the checks and the tests.
PYTHON ?= python3
BIN := .venv/bin
PART := examples/parts/gear.stl

.PHONY: demo test test-all benchmark clean

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'grainpaint needs Python 3.11 or newer: make PYTHON=python3.11')"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch .venv/installed

.venv/installed-test: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt diffusers hypothesis mypy pytest ruff scikit-image scikit-learn tensorstore yaozarrs
	touch .venv/installed-test

demo: .venv/installed
	$(BIN)/python -m grainpaint paint $(PART) -o demo/gear.vti --force

test: .venv/installed-test
	$(BIN)/python -m ruff check
	$(BIN)/python -m ruff format --check
	$(BIN)/python -m mypy
	$(BIN)/python -m pytest

test-all: .venv/installed-test
	$(BIN)/python -m pytest -m "slow or not slow"

benchmark: .venv/installed
	$(BIN)/python benchmarks/speed.py
	$(BIN)/python benchmarks/quality.py
	$(BIN)/python benchmarks/results.py --readme

clean:
	rm -rf .venv demo

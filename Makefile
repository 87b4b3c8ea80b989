# make demo       install into .venv and paint grains into the example gear
# make test       install, run the checks and the tests
# make test-all   run the slow tests too
# make check      ruff, ruff format --check, mypy
# make format     let ruff format the code and mend what it can
# make docs       write docs/cli.md from the help texts of the commands
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt
PART := examples/parts/gear.stl
# The many processes of demo and tests load modules that are compiled once, when they
# are first imported: pip would compile thousands that never are, for a minute and more.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo format check test test-all docs benchmark clean

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'grainpaint needs Python 3.11 or newer: make PYTHON=python3.11')"
	$(PYTHON) -m venv .venv
	$(INSTALL) -e .
	touch .venv/installed

.venv/installed-test: .venv/installed
	$(INSTALL) cascadio diffusers distributed executorlib hypothesis libigl meshio mypy networkx pytest pytest-xdist pyyaml ruff scikit-image scikit-learn submitit tensorstore trimesh yaozarrs
	touch .venv/installed-test

demo: .venv/installed
	$(BIN)/python -m grainpaint paint $(PART) -o demo/gear.vti --force

format: .venv/installed-test
	$(BIN)/python -m ruff check --fix
	$(BIN)/python -m ruff format

check: .venv/installed-test
	$(BIN)/python -m ruff check
	$(BIN)/python -m ruff format --check
	$(BIN)/python -m mypy

test: check
	$(BIN)/python -m pytest -n 2 --dist worksteal

test-all: .venv/installed-test
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "slow or not slow"

docs: .venv/installed
	$(BIN)/python docs/make_cli.py

benchmark: .venv/installed
	$(BIN)/python benchmarks/speed.py
	$(BIN)/python benchmarks/quality.py
	$(BIN)/python benchmarks/results.py --readme

clean:
	rm -rf .venv demo

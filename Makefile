# make demo       install into .venv and paint grains into the example gear
# make test       install, run the checks and the tests
# make test-all   run the slow tests too
# make check      ruff, ruff format --check, mypy
# make format     let ruff format the code and mend what it can
# make docs       write docs/cli.md from the help texts of the commands
PYTHON ?= python3
BIN := .venv/bin
PART := examples/parts/gear.stl
# The many processes of demo and tests load modules that are compiled once.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo format check test test-all docs benchmark clean

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'grainpaint needs Python 3.11 or newer: make PYTHON=python3.11')"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch .venv/installed

.venv/installed-test: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt cascadio diffusers distributed executorlib hypothesis libigl meshio mypy pytest pytest-xdist ruff scikit-image scikit-learn submitit tensorstore yaozarrs
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

# `make` checks every claim, renders paper_checks.md and audits GRPO; `make test` runs the tests, with TRL, verl and Liger installed.
# Both need Python >= 3.11 only.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

FRAMEWORKS := .venv/.frameworks

.PHONY: check test lint objectives findings figures

check: $(READY)
	$(BIN)/lossproof check --write paper_checks.md
	$(BIN)/lossproof audit grpo

objectives: $(READY)
	$(BIN)/python -m lossproof.report.matrix

figures: $(READY)
	$(BIN)/python benchmarks/figures.py

# One thread per process: the tensors are tiny, and threads that wait for each other cost ten times the work.
test: $(FRAMEWORKS)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

# Audits what is installed of TRL, verl and Liger, two properties at a time, and compares their settings: the longest of all runs.
findings: $(FRAMEWORKS)
	OMP_NUM_THREADS=1 $(BIN)/python -m lossproof.frameworks.findings docs/findings.md
	OMP_NUM_THREADS=1 $(BIN)/python -m lossproof.frameworks.matrix docs/frameworks.md

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "lossproof needs Python 3.11 or newer: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	touch $@

$(FRAMEWORKS): $(READY)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[trl,verl,liger]'
	touch $@

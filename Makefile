# `make` checks every claim, renders paper_checks.md and audits GRPO; `make test` runs the tests. Both need Python >= 3.11 only.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: check test lint

check: $(READY)
	$(BIN)/lossproof check --write paper_checks.md

# One thread per process: the tensors are tiny, and threads that wait for each other cost ten times the work.
test: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "lossproof needs Python 3.11 or newer: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	touch $@

# The commands of this project. `make demo` and `make test` need nothing but Python 3.11 or newer.
PYTHON ?= python3
BIN := .venv/bin
DEMO ?= demo
DEMO_BUDGET ?= 150s

.PHONY: env demo test lint types floors bench clean

# .venv with every extra; torch first, so that nothing pulls in a build for graphics cards that are not there.
env: .venv/.ready

.venv/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -c constraints.txt torch
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[all]' --group dev
	touch .venv/.ready

# From nothing to a sheet of new pictures and a report, on the embedded sample.
demo: env
	rm -rf $(DEMO)
	$(BIN)/ganvas sample fashion $(DEMO)
	$(BIN)/ganvas -C $(DEMO) train fashion --name first-light --budget $(DEMO_BUDGET)
	$(BIN)/ganvas -C $(DEMO) judge first-light
	$(BIN)/ganvas -C $(DEMO) draw first-light -n 100 --seed 1 --out $(DEMO)/new.png
	$(BIN)/ganvas -C $(DEMO) show first-light --no-open
	@echo "look at $(DEMO)/new.png and $(DEMO)/runs/first-light/report.html"

test: env
	$(BIN)/python -m pytest -n auto

lint: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: env
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv $(DEMO) dist build

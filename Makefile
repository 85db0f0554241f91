# Everything that is done with this repository. `make help` lists it.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/ready
JOBS   ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup digits test test-long lint test-wheel benchmark grammar docs pictures format wheel clean

help: ## say what there is
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## make the virtual environment .venv, with the tested versions of everything

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "no python3.11 or python3 was found; name one: make PYTHON=..." >&2; exit 1; }
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

digits: setup ## train specs/digits.dyn
	$(BIN)/dync run specs/digits.dyn

lint: setup ## check style, types and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy -p dync -p benchmarks
	$(BIN)/lint-imports

test: lint ## check everything and run all the tests
	$(BIN)/pytest -n $(JOBS) --dist worksteal

test-long: setup ## the long forms of the tests that are tried in a shorter form by `make test`
	$(BIN)/pytest -n $(JOBS) --dist worksteal -m slow
	$(BIN)/pytest -n $(JOBS) -m dyn -o dyn_cases= specs

test-wheel: setup ## build the wheel, install it elsewhere, run the tests and every command against it
	$(BIN)/python tests/wheel/check_installed_wheel.py $(ARGS)

benchmark: setup ## time ours against hand-written JAX (make benchmark ARGS=--quick)
	$(BIN)/python -m benchmarks.run $(ARGS)

grammar: setup ## make grammar/tables.json anew from grammar/dyn.lark
	$(BIN)/python -m dync.grammar.tables

docs: setup ## make docs/diagnostics.md and the equations of docs/rules anew from the program
	$(BIN)/python -m tools.diagnostics_page
	$(BIN)/python -m tools.rules_pages

pictures: setup ## draw the pictures in docs/images anew
	$(BIN)/dync graph docs/first.dyn -o docs/images/first.svg
	$(BIN)/dync graph specs/digits.dyn -o docs/images/digits.svg
	$(BIN)/python -m tools.pictures.capacity
	$(BIN)/python -m tools.pictures.echo_state
	$(BIN)/python -m tools.pictures.nudge

format: setup ## put the code in its one layout
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

wheel: setup ## build dist/*.whl
	@rm -rf build
	$(BIN)/python -m build --wheel --no-isolation

clean: ## remove what was made, .venv too
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

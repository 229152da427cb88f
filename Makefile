# `make help` lists what can be made. Needs Python 3.11 or newer, and make.

VENV := .venv
BIN := $(VENV)/bin
PYTHONS := python3.12 python3.11 python3
SOURCES := cercle services protos tests

.PHONY: help run up test bench bench-rules bench-rpc chaos simulate fuzz-rules lint types wire rules-docs
.DEFAULT_GOAL := help

help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(firstword $(MAKEFILE_LIST))

run: $(VENV)/run.stamp ## A real shop's eighteen months through the whole of Cercle, once
	@$(BIN)/cercle run

up: $(VENV)/run.stamp ## The same, and keeps serving until Ctrl-C
	@$(BIN)/cercle up

test: $(VENV)/dev.stamp ## Every test and check, on real Kafka and Redis; installs what it needs
	@bash tests/prepare.sh
	@$(BIN)/python -m tests.parts

bench: $(VENV)/dev.stamp ## CPU time of an action: Cercle's points service beside an idiomatic Faust agent
	@bash tests/prepare.sh
	@$(BIN)/python -m tests.benchmarks

bench-rules: $(VENV)/dev.stamp ## CPU time of an action's rules, in rulebooks of 10, 100 and 1,000 rules
	@$(BIN)/python -m tests.benchmarks.rules

bench-rpc: $(VENV)/dev.stamp ## How long a client waits, at the member's owner and at another worker, idle and loaded
	@bash tests/prepare.sh
	@$(BIN)/python -m tests.benchmarks.rpc

chaos: $(VENV)/dev.stamp ## Kills of services, Redis and Kafka in the middle of the flow
	@bash tests/prepare.sh
	@CERCLE_CHAOS_ROUNDS=$${CERCLE_CHAOS_ROUNDS:-5} $(BIN)/python -m pytest tests/integration tests/e2e -k kill --timeout 3600

simulate: $(VENV)/dev.stamp ## Partitions in bad weather: crashes, zombies, lost and late sends, roll-backs; many seeds
	@CERCLE_SEEDS=$${CERCLE_SEEDS:-10000} $(BIN)/python -m pytest tests/simulation --timeout 3600

fuzz-rules: $(VENV)/dev.stamp ## 100,000 mutated rules files through the whole check: errors or a pass, and soon
	@$(BIN)/python -m tests.fuzz --count $${CERCLE_MUTANTS:-100000}

lint: $(VENV)/dev.stamp ## Style, formatting and the architecture's import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports

types: $(VENV)/dev.stamp ## Types, strictly
	@$(BIN)/mypy $(SOURCES)

wire: $(VENV)/dev.stamp ## cercle/wire anew from protos/
	@$(BIN)/python protos/generate.py

rules-docs: $(VENV)/dev.stamp ## The pages of docs/rules that are made from the code
	@$(BIN)/python docs/rules/generate.py

# The environment: made once, and again when a list of requirements changes.

$(VENV)/made.stamp:
	@python=$$(for name in $(PYTHON) $(PYTHONS); do \
		if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$name; break; fi; \
	done); \
	if [ -z "$$python" ]; then \
		echo "Cercle needs Python 3.11 or newer, and found none of $(PYTHONS): install python3.12," \
			"or say where it is with make PYTHON=/path/to/python." >&2; exit 1; \
	fi; \
	if ! $$python -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "This Python cannot make a virtual environment:" \
			"\`apt-get install $$($$python -c 'import sys; print("python%d.%d" % sys.version_info[:2])')-venv\` mends it." >&2; exit 1; \
	fi; \
	echo "Making $(VENV) with $$($$python --version)"; \
	$$python -m venv $(VENV)
	@printf '%s\n' '$(CURDIR)' > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/cercle.pth"
	@printf '#!/bin/sh\nexec "%s/python" -m services.console "$$@"\n' '$(CURDIR)/$(BIN)' > $(BIN)/cercle
	@chmod +x $(BIN)/cercle
	@touch $@

$(VENV)/run.stamp: $(VENV)/made.stamp requirements.txt requirements-embedded.txt
	@echo "Installing what Cercle runs on"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -r requirements-embedded.txt
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp requirements-dev.txt
	@echo "Installing what the tests need"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

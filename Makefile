# Odoo with event sourcing: two commands to know, `make run` and `make test`.
PYTHON ?= python3
export SERIES PORT HTTP_INTERFACE DB FRESH SUITE ADDON ARGS BROWSER ODOO_SOURCE PARTS BIG ROUNDS FILE

TOOLS = @command -v $(PYTHON) >/dev/null || { \
	echo "There is no $(PYTHON): install Python 3.10, 3.11 or 3.12 (apt install python3)."; exit 1; }; \
	exec $(PYTHON) -m tools

.PHONY: help run test bench lint i18n shell import export clean

help: ## list the targets
	@grep -E '^[a-z0-9]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 8
	@echo
	@echo "Variables, such as in 'make test SERIES=17.0 SUITE=unit':"
	@echo "  SERIES=17.0|19.0          which Odoo; without it make run takes 17.0 if it can be had,"
	@echo "                            and make test every series at hand"
	@echo "  ODOO_SOURCE=/path         an Odoo source tree of your own"
	@echo "  PORT=8069                 where Odoo answers; HTTP_INTERFACE=0.0.0.0 for other machines too"
	@echo "  DB=name                   another database than the demo's"
	@echo "  FRESH=yes                 make run throws its database away and makes it anew"
	@echo "  SUITE=unit,rpc            some of: tools, unit, rpc, concurrency, browser"
	@echo "  ADDON=event_sourcing_seal the tests of one addon, with it and what it depends on installed"
	@echo "  ARGS='-x -k stream'       more arguments for pytest, or the tests to run"
	@echo "  FILE=events.jsonl.gz      of make import and make export"
	@echo "  BROWSER=no                leave the browser suite out"
	@echo "  PARTS=bulk,single         of make bench; BIG=yes for a million events, ROUNDS=9 for more runs"
	@echo "  PGHOST, PGPORT, PGUSER …  a PostgreSQL of your own"

run: ## Odoo with the demo data: prints the address and the login
	$(TOOLS) run

test: ## every suite on every Odoo series at hand
	$(TOOLS) test

bench: ## speed beside PostgreSQL and others, as a table in docs/benchmarks.md
	$(TOOLS) bench

lint: ## ruff, pylint-odoo, XML and translations
	$(TOOLS) lint

i18n: ## merge new strings into the ja.po files
	$(TOOLS) i18n

shell: ## an Odoo shell on the demo database
	$(TOOLS) shell

import: ## events of FILE into the demo database; ARGS=--check only looks at them
	$(TOOLS) import

export: ## events of the demo database into FILE; ARGS='--from 2026-01-01 --to 2026-01-31'
	$(TOOLS) export

clean: ## throw away everything that was made here (not the Odoo sources)
	$(TOOLS) clean

# Odoo with event sourcing: two commands to know, `make run` and `make test`.
PYTHON ?= python3
export SERIES PORT DB SUITE ARGS BROWSER HTTP_INTERFACE ODOO_SOURCE

.PHONY: help run test lint i18n shell clean

help: ## list the targets
	@grep -E '^[a-z0-9]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 8
	@echo
	@echo "Variables: SERIES=17.0|19.0  PORT=8069  SUITE=unit|rpc|concurrency|browser|tools"
	@echo "           ODOO_SOURCE=/path/to/odoo  BROWSER=no  PGHOST, PGUSER … for a PostgreSQL of your own"

run: ## Odoo with the demo data: prints the address and the login
	@$(PYTHON) -m tools run

test: ## every suite on every Odoo series at hand
	@$(PYTHON) -m tools test

lint: ## ruff, pylint-odoo, XML and translations
	@$(PYTHON) -m tools lint

i18n: ## merge new strings into the ja.po files
	@$(PYTHON) -m tools i18n

shell: ## an Odoo shell on the demo database
	@$(PYTHON) -m tools shell

clean: ## throw away everything that was made here (not the Odoo sources)
	@$(PYTHON) -m tools clean

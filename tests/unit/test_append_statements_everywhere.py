"""An append takes as many statements with all addons as with the core alone."""

from odoo.addons.event_sourcing.tests import test_append_statements


class TestAppendStatementsEverywhere(test_append_statements.TestAppendStatements):
    """The same tests, in a database with everything."""

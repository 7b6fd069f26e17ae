"""Work without a database: what reaches for it all the same is found."""

import re
import sys

from odoo import api
from odoo.sql_db import BaseCursor

# Statements about rows; another one, such as SELECT 1, changes no result.
DATA = re.compile(
    r"\b(from|into|update|join|table|copy|lock|call|nextval|setval|currval)\b", re.IGNORECASE
)
# Words for people come from the database, and are no part of a state. What spells a day or a
# number may find a language by id alone: Odoo 17 remembers no more, and reads the rest there.
WORDS = {
    "get_field_string",
    "get_field_help",
    "get_field_selection",
    "get_lang",
    "_get_lang",
    "format_date",
    "format_time",
    "format_datetime",
    "formatLang",
    "_key_label",
}
LANGUAGES = ("/tools/translate.py", "/base/models/res_lang.py")
RESULTS = {"fetchone", "fetchall", "fetchmany", "dictfetchone", "dictfetchall", "rowcount"}


class DatabaseUsed(Exception):
    """The database was asked, where that is not allowed."""


class NoCursor(BaseCursor):
    """In place of a cursor: notes the statements that it is given, and refuses them.

    :ivar list statements: as texts
    """

    def __init__(self, env):
        super().__init__()
        self._cr = env.cr
        self.dbname = env.cr.dbname
        self.cache = {}
        self.statements = []
        self.transaction = type(env.cr.transaction)(env.registry)

    def execute(self, query, params=None, *args, **options):
        if _is_about_words():
            return self._cr.execute(query, params, *args, **options)
        self._refuse(query)

    def commit(self):
        self._refuse("COMMIT")

    def rollback(self):
        self._refuse("ROLLBACK")

    def _refuse(self, query):
        text = query.decode() if isinstance(query, bytes) else getattr(query, "code", query)
        self.statements.append(" ".join(str(text).split()))
        raise DatabaseUsed(self.statements[-1])

    def __getattr__(self, name):
        if name in RESULTS or name == "mogrify":
            return getattr(self._cr, name)
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **options: self._refuse(args[0] if args else name.upper())


def _is_about_words():
    frame = sys._getframe(2)
    while frame is not None:
        code = frame.f_code
        if code.co_name in WORDS or code.co_filename.endswith(LANGUAGES):
            return True
        frame = frame.f_back
    return False


def without_database(records):
    """Return records in an environment whose cursor refuses everything, and that cursor."""
    cursor = NoCursor(records.env)
    env = api.Environment(cursor, records.env.uid, dict(records.env.context), True)
    return records.with_env(env), cursor

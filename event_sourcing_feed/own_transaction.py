"""Work that is committed by itself, whatever becomes of the caller's transaction."""

import time
from contextlib import contextmanager

import psycopg2

from odoo.addons.event_sourcing_base.db_errors import db_error_kinds

# Seconds before what met a conflict is tried again; after them it is an error.
CONFLICT_PAUSES = (0.05, 0.2, 0.5, 1)


@contextmanager
def in_own_transaction(records):
    """Give the same records in a transaction of their own, which is committed at the end.

    With full rights, and in no language or company of the caller: nobody asked for it.

    :param records: a recordset, which may be empty
    """
    with records.env.registry.cursor() as cr:
        yield records.with_env(records.env(cr=cr, su=True, context={}))


def retried_apart(records, work):
    """Do work in a transaction of its own, again where others changed the same rows.

    :param work: function that is given the records as :func:`in_own_transaction` gives them
    :return: what it returns
    :raise psycopg2.OperationalError: for any other one, and for a conflict after the last try
    """
    for pause in (*CONFLICT_PAUSES, None):
        try:
            with in_own_transaction(records) as own:
                return work(own)
        except psycopg2.OperationalError as error:
            if pause is None or "conflict" not in db_error_kinds(error):
                raise
        time.sleep(pause)


@contextmanager
def statements_alone(registry):
    """Give a cursor on which every statement is a transaction of its own.

    One round trip each, where all processors are busy a wait each: none to begin and to commit.

    :param registry: of the database
    """
    with registry.cursor() as cr:
        cr.connection.autocommit = True  # until Odoo gives the connection to somebody else
        yield cr

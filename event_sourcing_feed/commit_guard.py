"""Keeps a reaction from ending the transaction in which it is marked as done."""

import re
from collections import deque
from contextlib import contextmanager

# Statements that end a transaction. ROLLBACK TO a savepoint does not.
ENDS = re.compile(
    r"\s*(COMMIT|END|ABORT|BEGIN|START\s+TRANSACTION|PREPARE\s+TRANSACTION"
    r"|ROLLBACK(?!\s+(WORK\s+|TRANSACTION\s+)?TO\b))\b",
    re.IGNORECASE,
)
GUARDED = ("commit", "rollback", "close")


class MustNotCommit(Exception):
    """Code that may not end its transaction tried to."""


@contextmanager
def guarded(cr, savepoint):
    """Refuse what would end the transaction of ``cr``, or the savepoint around the code.

    What the code adds to be called after the commit stays, unless the code fails.

    :param str savepoint: name of the one in which the code runs
    :raise MustNotCommit: in the place that tries, and at the end where that was swallowed
    """
    tried = []

    def refuse(what):
        tried.append(f"A reaction must not commit or roll back by itself ({what}).")
        raise MustNotCommit(tried[0])

    def execute(query, *args, **kwargs):
        text = getattr(query, "code", query)
        if isinstance(text, str) and (ENDS.match(text) or savepoint in text):
            refuse(text.strip()[:60])
        return unguarded(query, *args, **kwargs)

    unguarded, called_later = cr.execute, deque(cr.postcommit._funcs)
    before = {name: vars(cr)[name] for name in (*GUARDED, "execute") if name in vars(cr)}
    for name in GUARDED:
        setattr(cr, name, lambda *_args, _name=name, **_kwargs: refuse(f"cr.{_name}"))
    cr.execute = execute
    try:
        yield
        if tried:
            raise MustNotCommit(tried[0])
    except BaseException:
        cr.postcommit._funcs = called_later
        raise
    finally:
        for name in (*GUARDED, "execute"):
            delattr(cr, name)
        vars(cr).update(before)

"""UUIDs that stay the same when Odoo runs a transaction again.

Odoo answers a serialization failure by rolling back and calling the same method
once more on the same cursor. An attempt that was already recorded on a cursor of
its own must then be recognised, although its caller named no UUID.
"""

import uuid
from weakref import WeakKeyDictionary

_transactions = WeakKeyDictionary()


class _Transaction:
    def __init__(self):
        self.token = uuid.uuid4()
        self.count = 0


def attempt_uuid(cr, content):
    """Return a UUID for the next attempt on ``cr``.

    It is new for every attempt, and the same again when the transaction was rolled
    back and repeats the same attempts in the same order.

    :param cr: the cursor, of which the transaction is the unit
    :param str content: what is attempted
    """
    transaction = _transactions.get(cr)
    if transaction is None:
        transaction = _transactions[cr] = _Transaction()
    if not transaction.count:
        cr.postcommit.add(lambda: _transactions.pop(cr, None))
        cr.postrollback.add(lambda: setattr(transaction, "count", 0))
    transaction.count += 1
    return str(uuid.uuid5(transaction.token, f"{transaction.count}:{content}"))

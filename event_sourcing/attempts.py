"""UUIDs that stay the same when Odoo runs a transaction again.

Odoo answers a serialization failure by rolling back and calling the same method
once more on the same cursor. An attempt that was already recorded on a cursor of
its own must then be recognised, although its caller named no UUID.
"""

import os
import time
from hashlib import sha256
from weakref import WeakKeyDictionary

_transactions = WeakKeyDictionary()


class _Transaction:
    def __init__(self):
        moment = f"{time.time_ns() // 1_000_000:012x}"
        self.prefix = f"{moment[:8]}-{moment[8:]}-7"
        self.token = os.urandom(16)
        self.count = 0


class Attempts:
    """The attempts of one transaction, in their order.

    :param cr: the cursor, of which the transaction is the unit
    """

    def __init__(self, cr):
        self._cr = cr
        self._transaction = None

    def next_uuid(self, *content):
        """Return a UUID for the next attempt.

        It is new for every attempt, and the same again when the transaction was rolled
        back and repeats the same attempts in the same order. UUIDs of version 7 (RFC 9562,
        5.7): later ones sort after earlier ones, so that the index of all UUIDs grows at its
        end. Milliseconds of the transaction, 18 bits of a counter, 56 of a hash.

        :param content: what is attempted, as texts
        """
        transaction = self._transaction or self._begin()
        transaction.count = count = transaction.count + 1
        name = "\0".join([str(count), *content])
        digest = sha256(transaction.token + name.encode()).hexdigest()
        return (
            f"{transaction.prefix}{count >> 6 & 0xFFF:03x}"
            f"-{count & 0x3F | 0x80:02x}{digest[:2]}-{digest[2:14]}"
        )

    def _begin(self):
        cr = self._cr
        transaction = _transactions.get(cr)
        if transaction is None:
            transaction = _transactions[cr] = _Transaction()
        if not transaction.count:
            cr.postcommit.add(lambda: _transactions.pop(cr, None))
            cr.postrollback.add(lambda: setattr(transaction, "count", 0))
        self._transaction = transaction
        return transaction

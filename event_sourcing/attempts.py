"""UUIDs that stay the same when Odoo runs a transaction again.

Odoo answers a serialization failure by rolling back and calling the same method
once more on the same cursor. An attempt that was already recorded on a cursor of
its own must then be recognised, although its caller named no UUID.
"""

import hashlib
import uuid
from weakref import WeakKeyDictionary

_transactions = WeakKeyDictionary()


class _Transaction:
    def __init__(self):
        self.token = uuid.uuid4().bytes
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
        back and repeats the same attempts in the same order. It is made as ``uuid.uuid5``
        makes one (RFC 9562, 5.5), of which the module would take four times as long.

        :param content: what is attempted, as texts
        """
        transaction = self._transaction or self._begin()
        transaction.count += 1
        name = "\0".join([str(transaction.count), *content])
        digest = hashlib.sha1(transaction.token + name.encode(), usedforsecurity=False).hexdigest()
        variant = "89ab"[int(digest[16], 16) & 3]
        return (
            f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"
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

"""A JSON column that keeps what it is given."""

import json
import threading
from urllib.parse import urlsplit

from psycopg2.extras import Json as PsycopgJson

from odoo import fields, release

from .canonical_json import canonical, pretty, rpc_safe

# How groups sum a field up: Odoo renamed the parameter in 18.
AGGREGATOR = "aggregator" if release.version_info >= (18,) else "group_operator"
# For numbers that nobody wants summed in a grouped list or export, and for rates.
NO_SUM = {AGGREGATOR: False}
AVERAGE = {AGGREGATOR: "avg"}


def in_xmlrpc():
    """Whether this thread answers an XML-RPC call: Odoo hides the request from it."""
    url = getattr(threading.current_thread(), "url", "")
    return urlsplit(url).path.startswith("/xmlrpc/")


def sendable(document):
    """Return a document as an answer: itself, but False where XML-RPC could not carry it."""
    return False if in_xmlrpc() and not rpc_safe(document) else document


class JsonDocument(fields.Json):
    """A ``jsonb`` column for a JSON object that may be empty.

    Odoo's ``fields.Json`` stores ``{}``, ``[]``, ``0`` and ``""`` as NULL and reads
    them back as ``False``. An event without a payload has the payload ``{}``, and
    that is what this field stores and returns. Exports are readable text: the
    stock field escapes everything beyond ASCII.
    """

    # The web client takes {} for a missing value, and would save no form that shows it.
    _description_required = False

    def convert_to_cache(self, value, record, validate=True):
        if value is None or value is False:
            return None
        return json.loads(canonical(value))

    def convert_to_column(self, value, record, values=None, validate=True):
        if value is None or value is False:
            return None
        return PsycopgJson(value, dumps=canonical)

    def convert_to_read(self, value, record, *args, **kwargs):
        """Return the document, or False where XML-RPC could not carry it.

        There the text travels instead: ``payload_json``, ``state_json``.
        """
        if value and sendable(value) is False:
            return False
        return super().convert_to_read(value, record, *args, **kwargs)

    def convert_to_write(self, value, record):
        """Return the document whole: Odoo takes this for the row, too."""
        return self.convert_to_record(self.convert_to_cache(value, record), record)

    def convert_to_export(self, value, record):
        if value is None or value is False:
            return ""
        return pretty(value)


class Many2oneNoForeignKey(fields.Many2one):
    """A many2one of events: what it names is kept by ``event.store.reference``, once for all.

    A foreign key would be checked with each event, which takes as long as writing it.
    """

    def update_db_foreign_key(self, model, column):
        """Leave the foreign key out."""

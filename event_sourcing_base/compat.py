"""The few calls that Odoo 17 and its successors spell differently."""

from collections.abc import Set

from odoo import api


def returns_model(method):
    """Let a call over RPC answer with the name of the model that ``method`` returns.

    Odoo 17 would show a traceback for the recordset; its successors give its ids.
    """
    if not hasattr(api, "returns"):
        return method
    return api.returns("self", downgrade=_model_name)(method)


def _model_name(model):
    return False if model is False else model._name


def check_access(records, operation):
    """Raise AccessError unless the user may do ``operation`` with these records.

    Odoo 18 made one call of the check of the model and that of the rules.

    :param records: a recordset; an empty one asks for the model alone
    :param str operation: ``read``, ``write``, ``create`` or ``unlink``
    """
    if hasattr(records, "check_access"):
        records.check_access(operation)
    else:
        records.check_access_rights(operation)
        if records:
            records.check_access_rule(operation)


def may_read(model):
    """Whether the user has the right to read a model's records."""
    if hasattr(model, "has_access"):
        return model.has_access("read")
    return model.check_access_rights("read", raise_exception=False)


def readable(records):
    """Return those of the records that the user may read, by rights and rules."""
    if hasattr(records, "_filtered_access"):
        return records._filtered_access("read")
    if not records.check_access_rights("read", raise_exception=False):
        return records.browse()
    return records._filter_access_rules("read")


def passes_rules(records, operation):
    """Whether the record rules allow an operation with all records, as far as the cache tells.

    :param records: a recordset; need not be stored yet, if its fields are in the cache
    """
    if hasattr(records, "_filtered_access"):
        allowed = records._filtered_access(operation)
    else:
        allowed = records._filter_access_rules_python(operation)
    return len(allowed) == len(records)


def leaves(domain):
    """Return the conditions of a domain, each as ``(field, operator, value)``.

    Odoo 19 has an object for domains; as a list it gives what 17 has.
    """
    return [
        leaf for leaf in domain or () if isinstance(leaf, list | tuple) and leaf[0] not in (0, 1)
    ]


def several(value):
    """Whether the value of a search term stands for several; 19.0 makes sets of them."""
    return isinstance(value, list | tuple | Set)


def asks_for_true(operator, value):
    """Whether a search of a boolean field asks for what is true; 19.0 makes ``in`` of ``=``."""
    return bool(value) == (operator in ("=", "in"))

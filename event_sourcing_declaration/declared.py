"""What a handler may declare, and in which form."""

import math
from collections.abc import Mapping
from contextlib import nullcontext
from difflib import get_close_matches
from inspect import signature
from numbers import Real
from typing import Any, NamedTuple
from unittest.mock import patch

from odoo.addons.event_sourcing.models.event_store import POLICIES
from odoo.addons.event_sourcing.transitions import PayloadField, Transition
from odoo.addons.event_sourcing_base.column_values import NESTED
from odoo.addons.event_sourcing_base.names import MAX_NAME, is_name, is_names
from odoo.addons.event_sourcing_base.no_cursor import without_database


def _is_short_name(value):
    return is_name(value) and len(value) <= MAX_NAME


def _is_policy(value):
    return isinstance(value, str) and value in POLICIES


def _is_number(value):
    return isinstance(value, int) and value is not True and value >= 1


def _is_choice(value):
    return isinstance(value, tuple) and len(value) > 1 and is_names(value)


def _is_transition(value):
    return (
        isinstance(value, Transition)
        and is_names(value.sources)
        and (value.target is None or is_name(value.target) or _is_choice(value.target))
    )


def _optional(check):
    return lambda value: value is None or value is False or check(value)


def _of(*kinds):
    return lambda value: isinstance(value, kinds)


def _mapping(key, check):
    """Return the check of a dict: by one of its keys, and one of its values."""

    def wrong_in(value):
        if not isinstance(value, Mapping):
            return (), value
        for name, inner in value.items():
            if not key(name):
                return (), value
            wrong = _wrong_in(check, inner)
            if wrong is not None:
                path, worst = wrong
                return (name, *path), worst
        return None

    return wrong_in


def _wrong_in(check, value):
    """Return None where all is well, else ``(keys that lead to what is wrong, what is wrong)``.

    :param check: function that says that, or whether all is well
    """
    found = check(value)
    if isinstance(found, bool):
        return None if found else ((), value)
    return found


# What each attribute takes, and how it may be written.
SHAPES = {
    "_aggregate_model": (_optional(_is_short_name), '"loan"'),
    "_snapshot_model": (is_name, '"loan.snapshot"'),
    "_source_model": (_optional(is_name), '"library.loan"'),
    "_invalid_policy": (_optional(_is_policy), '"record", "reject" or "reject_and_record"'),
    "_error_policy": (_optional(_is_policy), '"record", "reject" or "reject_and_record"'),
    "_transitions": (
        _mapping(_is_short_name, _is_transition),
        '{"Lent": Transition("available", "lent")}',
    ),
    "_initial_status": (is_name, '"available"'),
    "_ended_statuses": (is_names, '("returned", "lost")'),
    "_payload_fields": (
        _mapping(_is_short_name, _mapping(is_name, _of(PayloadField))),
        '{"Lent": {"until": PayloadField("date")}}',
    ),
    "_constraint_rules": (_mapping(is_name, is_name), '{"loan_snapshot_book_uniq": "lent"}'),
    "_schema_versions": (_mapping(_is_short_name, _is_number), '{"Lent": 2}'),
    "_upcasters": (
        _mapping(
            _is_short_name,
            _mapping(_is_number, lambda name: isinstance(name, str) and name.isidentifier()),
        ),
        '{"Lent": {1: "_lent_2"}}',
    ),
    "_event_aliases": (_mapping(_is_short_name, _is_short_name), '{"Borrowed": "Lent"}'),
    "_event_icons": (_mapping(is_name, is_name), '{"Lent": "fa-book"}'),
    "_event_examples": (_mapping(is_name, _of(Mapping)), '{"Lent": {"until": "2026-01-31"}}'),
    "_quiet_keys": (is_names, '("total",)'),
    "_aggregate_aliases": (is_names, '("library.loan.old",)'),
    "_rules_version": (lambda value: isinstance(value, int | str) and value != "", "2"),
}
# Methods that a handler overrides, and how many values each is given.
METHODS = {
    "apply_event": 1,
    "_initial_state": 0,
    "_evolve": 2,
    "_upcast": 1,
    "_columns": 1,
    "_refusal": 2,
    "_event_labels": 0,
    "_event_help": 0,
    "_records_label": 0,
    "_payload_help": 0,
    "_payload_labels": 0,
    "_rule_labels": 0,
    "_status_labels": 0,
}
# Those that say which events and states there are: nobody declares them for all handlers.
OF_ONE_TYPE = {
    *("_aggregate_model", "_snapshot_model", "_source_model", "_transitions", "_initial_status"),
    *("_payload_fields", "_constraint_rules", "_schema_versions", "_upcasters", "_event_aliases"),
    *("_ended_statuses", "_event_examples", "_aggregate_aliases", "_quiet_keys"),
}


def misshapen(name, value):
    """Return what is wrong with the form of an attribute.

    :return: None where all is well, else ``(place, value)``, such as
        ``('_transitions["Lent"]', ("available", "lent"))``
    """
    wrong = _wrong_in(SHAPES[name][0], value)
    if wrong is None:
        return None
    path, worst = wrong
    return name + "".join(f"[{key!r}]" for key in path), worst


def takes(method, count):
    """Whether a value can be called with so many values."""
    if not callable(method):
        return False
    try:
        signature(method).bind(*range(count))
    except TypeError:
        return False
    except ValueError:  # a builtin, which does not say
        return True
    return True


def how_to_nest(field):
    """Return how to write a payload field that does not say what it holds, else None."""
    items, fields = field.items, field.fields
    if field.kind not in NESTED:
        fits = items is None and fields is None
        return None if fits else f'PayloadField("{field.kind}")'
    if fields is None and isinstance(items, PayloadField):
        return None
    if field.kind == "list":
        return 'PayloadField("list", items=PayloadField("text"))'
    if items is None and fields and _wrong_in(_mapping(is_name, _of(PayloadField)), fields) is None:
        return None
    return (
        'PayloadField("object", fields={"price": PayloadField("number")}), or, where its keys are'
        ' free, PayloadField("object", items=PayloadField("number"))'
    )


def guess(word, known):
    """Return what may have been meant, as the end of a clause, or nothing."""
    close = get_close_matches(word, list(known), n=1)
    return f" ({close[0]}?)" if close else ""


def example(handler, event_type):
    """Return a payload of an event type: the one that is declared, or one made up."""
    given = handler._event_examples.get(event_type)
    if given is not None:
        return given
    declared = handler._payload_fields.get(event_type, {})
    return {key: field.example for key, field in declared.items()}


def unfit_minimum(field, example):
    """Whether a payload field's minimum cannot be compared with its values."""
    if field.minimum is None:
        return False
    if isinstance(field.minimum, Real) and not math.isfinite(field.minimum):
        return True
    try:
        return not isinstance(field.size(example) < field.minimum, bool)
    except TypeError:
        return True


class Trial(NamedTuple):
    """What came of a fold that was tried.

    :ivar list statements: the SQL that it wanted to run, as texts
    :ivar bool returned: whether it came to its end; refusals and faults do not matter here
    :ivar evolved: what it returned
    """

    statements: list
    returned: bool = False
    evolved: Any = None


def try_fold(handler, state, event, everywhere=False):
    """Fold ``event`` without a database, and return the :class:`Trial`.

    :param dict state: may be changed by a careless handler
    :param EventData event: as stored
    :param bool everywhere: also through a cursor of the handler's own; for tests, since
        nobody else can open one meanwhile
    """
    handler, cursor = without_database(handler)
    registry = handler.env.registry
    own = patch.object(registry, "cursor", lambda *_a, **_o: cursor._refuse("A cursor of its own"))
    try:
        with own if everywhere else nullcontext():
            evolved = handler._evolve(state, handler._upcast(event))
            handler.env.flush_all()
    except Exception:
        return Trial(cursor.statements)
    return Trial(cursor.statements, True, evolved)

"""Scenarios and a lint for projections; see ``testing``."""

from contextlib import contextmanager
from dataclasses import fields
from itertools import count

from odoo import models
from odoo.tools import SQL

from odoo.addons.event_sourcing.event import EventData
from odoo.addons.event_sourcing.models.event_store import FAILURE_TYPES
from odoo.addons.event_sourcing.testing import Scenario, _handler, as_event

from .models.event_consumer import EVERYTHING
from .models.event_feed import FeedEvent
from .testing_consumer import unknown_types

MAGIC = {"id", *models.MAGIC_COLUMNS}


class ProjectionScenario(Scenario):
    """What read models hold after the events of a scenario."""

    def __init__(self, env, model_name):
        super().__init__(env, model_name)
        self._happened = []

    def _fold(self, event, new=False):
        state = super()._fold(event, new)
        # Only what is not refused has happened.
        handler = self._handler
        happened = as_event(handler, event, self._model_name, self._version)
        number = len(self._happened) + 1
        self._happened.append(as_feed_event(handler.env, handler, happened, number))
        return state

    def projected(self, expected):
        """Check what projections make of the events so far, into tables that are empty.

        :param dict expected: ``{read model: list of dicts}``, all rows in the order of their ids;
            of each row the keys that are named are compared
        :raise AssertionError: when it is otherwise
        """
        env = self._handler.env
        projections = _projections_of(env, self._model_name, expected)
        written = {name for projection in projections for name in projection._read_models}
        lacking = sorted(set(expected) - written)
        assert not lacking, f"no projection of {self._model_name} writes {', '.join(lacking)}"
        with _empty(env, projections):
            for projection in projections:
                events = [e for e in self._happened if _takes(projection, e)]
                if events:
                    projection._project(events)
            env.flush_all()
            env.invalidate_all()
            for model_name, rows in expected.items():
                _check_rows(env[model_name], rows)
        return self


def lint_projection(env, name, histories):
    """Put a projection through what rebuilds rely on.

    :param str name: of the projection
    :param list histories: lists of events, each one story: an :class:`EventData`, or
        ``(aggregate type, event type, payload)``
    :return: list of sentences, one per problem; empty when all is well
    """
    projection = env(su=True)[name]
    problems = list(projection._declaration_problems())
    problems += unknown_types(projection)
    if not projection._read_models:
        problems.append(f"{name} does not say which read models it writes: _read_models")
    if problems:
        return problems
    for number, history in enumerate(histories, 1):
        problems += [f"history {number}: {p}" for p in _lint_history(projection, history)]
    return problems


def as_feed_event(env, handler, event, number):
    """Return an event as the feed would give it, of the user's company if it names none.

    :param handler: of its aggregate type, or None
    :param EventData event: as it would be stored
    :param int number: becomes its id
    """
    if handler is not None:
        event = handler._upcast(event)
    values = {field.name: getattr(event, field.name) for field in fields(EventData)}
    values["company_id"] = values["company_id"] or env.company.id
    return FeedEvent(**values, id=number, recorded_on=event.timestamp)


def _projections_of(env, model_name, read_models):
    names = env["event.consumer.registry"]._names()
    return [
        env[name]
        for name in names
        if env[name]._kind == "projection"
        and {model_name, EVERYTHING} & set(env[name]._subscribes)
        and set(env[name]._read_models) & set(read_models)
    ]


def _takes(projection, event):
    of_types = projection._event_types()
    return any(
        event.event_type in types or (EVERYTHING in types and event.event_type not in FAILURE_TYPES)
        for types in (of_types.get(event.model_name, ()), of_types.get(EVERYTHING, ()))
    )


@contextmanager
def _empty(env, projections):
    """Empty the read models, and take everything back at the end."""
    savepoint = env.cr.savepoint(flush=True)
    try:
        tables = {env[name]._table for p in projections for name in p._read_models}
        for table in sorted(tables):
            env.cr.execute(SQL("DELETE FROM %s", SQL.identifier(table)))
        env.invalidate_all()
        yield
    finally:
        savepoint.close(rollback=True)
        env.invalidate_all(flush=False)


def _check_rows(model, expected):
    found = model.with_context(active_test=False).search([], order="id", limit=len(expected) + 1)
    differing = []
    for number, row in enumerate(expected):
        values = {key: _plain(found[number][key]) for key in row} if number < len(found) else None
        if values != row:
            differing.append((values, row))
    assert not differing, f"{model._name}: (found, expected) differ: {differing}"
    assert len(found) <= len(expected), f"{model._name}: there are more rows than {len(expected)}"


def _plain(value):
    return value.id if isinstance(value, models.BaseModel) else value


def _lint_history(projection, history):
    events = _as_events(projection.env, history)
    events = [event for event in events if _takes(projection, event)]
    ways = {
        "twice from empty": [events],
        "one by one": [[event] for event in events],
        "in pages of two": [events[n : n + 2] for n in range(0, len(events), 2)],
    }
    try:
        first = _rows_of(projection, [events])
        found = {way: _rows_of(projection, pages) for way, pages in ways.items()}
    except Exception as error:
        return [f"it raises {type(error).__name__}: {error}"]
    return [
        f"the same events give other rows when it is given them {way}"
        for way, rows in found.items()
        if rows != first
    ]


def _as_events(env, history):
    registry = env["snapshot.handler.registry"]
    events, versions = [], {}
    for number, event in enumerate(history, 1):
        model_name = event.model_name if isinstance(event, EventData) else event[0]
        handler = registry._claimed(model_name)
        if not isinstance(event, EventData):
            version = versions.setdefault(model_name, count(1))
            given = event[1] if len(event) == 2 else event[1:]
            event = as_event(_handler(env, model_name), given, model_name, next(version))
        events.append(as_feed_event(env, handler, event, number))
    return events


def _rows_of(projection, pages):
    """Return what the read models hold after pages of events, without ids and dates of rows."""
    env, rows = projection.env, {}
    with _empty(env, [projection]):
        for page in pages:
            if page:
                projection._project(page)
            env.flush_all()
        for name in projection._read_models:
            model = env[name]
            columns = [
                SQL.identifier(n)
                for n, field in model._fields.items()
                if field.store
                and field.column_type
                and n not in MAGIC
                and not (field.type == "many2one" and field.comodel_name in projection._read_models)
            ]
            env.cr.execute(
                SQL(
                    "SELECT to_jsonb(named)::text FROM (SELECT %s FROM %s) AS named ORDER BY 1",
                    SQL(", ").join(columns),
                    SQL.identifier(model._table),
                )
            )
            rows[name] = [row for (row,) in env.cr.fetchall()]
    return rows

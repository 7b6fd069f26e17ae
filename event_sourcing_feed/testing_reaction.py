"""For people who write reactions: what one does about an event, and a lint.

::

    scenario(env, "rental").given("DemoStarted").when("RentalConfirmed").reacts(
        "rental.invoice.reaction", [("InvoiceAsked", {"lines": 2})]
    )
    scenario(env, "rental").when("RentalConfirmed").reacts(
        "rental.invoice.reaction", {"account.move": [{"state": "draft"}]}
    )
    assert lint_reaction(env, "rental.invoice.reaction") == []
"""

import ast
import inspect
import textwrap

from odoo.tools import SQL

from odoo.addons.event_sourcing.testing import Scenario

from .testing_consumer import unknown_types

AGGREGATE = "example"
ENDS_TRANSACTION = ("commit", "rollback")


class ReactionScenario(Scenario):
    """A story whose last event a reaction meets; nothing of it stays."""

    def __init__(self, env, model_name):
        self._env = env
        self._events, self._last = [], None
        super().__init__(env, model_name)

    def _fold(self, event, new=False):
        if new:
            self._last = event
        else:
            self._events.append(event)
        return super()._fold(event, new)

    def reacts(self, name, expected):
        """Let a reaction meet the event of ``when``, and check what it does.

        :param str name: of the reaction
        :param expected: the events that it records, in order, each a type or
            ``(type, payload)``; or ``{model: how many records it makes}``, or a list of dicts
            of them, of which every key must have that value
        :raise AssertionError: when it is otherwise
        """
        assert self._last is not None, "say with when() which event it is to meet"
        step = self._env.cr.savepoint()
        try:
            event = self._record()
            reaction = self._env(su=True, context={})[name]
            models = list(expected) if isinstance(expected, dict) else ["event.store"]
            before = {model: self._last_id(model) for model in models}
            with reaction._limited():
                error = reaction._attempt(event)
            if error:
                raise AssertionError(f"it failed: {type(error).__name__}: {error}") from error
            for model in models:
                wanted = expected[model] if isinstance(expected, dict) else expected
                self._compare(model, self._made(model, before[model]), wanted)
        finally:
            step.close(rollback=True)
        return self

    def _record(self):
        """Record the story for real; return its last event as the feed gives it."""
        store, answer = self._env["event.store"].sudo(), None
        for event in [*self._events, self._last]:
            event_type, payload = (event, {}) if isinstance(event, str) else _parts(event)
            answer = store.append(self._model_name, AGGREGATE, event_type, payload)
            assert answer["outcome"] in ("applied", "logged"), answer["message"]
        return store._feed_events_of([answer["id"]], SQL("true"))[0]

    def _last_id(self, model):
        records = self._env[model].sudo().with_context(active_test=False)
        return records.search([], order="id desc", limit=1).id or 0

    def _made(self, model, last_id):
        records = self._env[model].sudo().with_context(active_test=False)
        return records.search([("id", ">", last_id)], order="id", limit=1000)

    def _compare(self, model, records, wanted):
        if isinstance(wanted, int):
            assert len(records) == wanted, f"{model}: {len(records)} records, not {wanted}"
            return
        found, asked = [], []
        for number, item in enumerate(wanted):
            record = records[number : number + 1]
            if model == "event.store" and not isinstance(item, dict):
                event_type, payload = item if isinstance(item, tuple) else (item, None)
                item = {"event_type": event_type}
                if payload is not None:
                    item["payload"] = payload
            asked.append(item)
            found.append({key: record[key] for key in item} if record else None)
        found += [self._described(record) for record in records[len(wanted) :]]
        assert found == asked, f"{model}: found {found}, expected {asked}"

    def _described(self, record):
        return record.event_type if record._name == "event.store" else record.display_name


def _parts(event):
    return event if isinstance(event, tuple) else (event.event_type, event.payload)


def lint_reaction(env, name):
    """Check what a reaction declares, and look into its code.

    :return: list of sentences, one per problem; empty when all is well
    """
    reaction = env(su=True)[name]
    return [
        *_wrong_subscription(reaction),
        *_wrong_retries(reaction),
        *_wrong_process(reaction),
        *_ends_transaction(reaction),
    ]


def _wrong_subscription(reaction):
    if not reaction._subscribes:
        yield "it subscribes to nothing: name aggregate types and event types in _subscribes"
    yield from unknown_types(reaction)


def _wrong_retries(reaction):
    pauses = reaction._retries
    if not isinstance(pauses, tuple | list) or any(
        type(pause) not in (int, float) or not 0 < pause <= 7 * 86400 for pause in pauses
    ):
        yield "_retries must be seconds, each more than none and at most a week"
    elif list(pauses) != sorted(pauses):
        yield "_retries must rise: what failed twice needs more time, not less"
    if not 0 < reaction._time_limit <= 3600:
        yield "_time_limit must be seconds, at most an hour"


def _wrong_process(reaction):
    if not hasattr(reaction, "_schedule") or reaction._timeout_model_name:
        return
    if any("_schedule" in called for _cls, called in _calls(reaction)):
        yield "it schedules timeouts: name their aggregate type in _timeout_model_name"


def _ends_transaction(reaction):
    for cls, called in _calls(reaction):
        for method in ENDS_TRANSACTION:
            if method in called:
                yield f"{cls.__module__} calls {method}(): effects and 'done' are one transaction"


def _calls(reaction):
    """Yield ``(class, names of methods that it calls)`` of the classes that make the reaction."""
    for cls in type(reaction).__mro__:
        if not cls.__module__.startswith("odoo.addons.") or _is_of_the_feed(cls):
            continue
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
        except (OSError, TypeError, SyntaxError):
            continue
        yield (
            cls,
            {
                node.func.attr
                for node in ast.walk(tree)
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            },
        )


def _is_of_the_feed(cls):
    addon = cls.__module__.split(".")[2]
    return addon in ("base", "web") or addon.startswith("event_sourcing")

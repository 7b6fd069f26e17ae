import logging
from difflib import get_close_matches

from odoo import _, api, fields, models, tools
from odoo.tools import SQL

from odoo.addons.event_sourcing.models.event_store import FAILURE_TYPES
from odoo.addons.event_sourcing_base.names import is_name, is_names

from ..time_limit import limit_statements, time_limit

_logger = logging.getLogger(__name__)
EVERYTHING = "*"
# What a class has that was meant as a consumer, and what it has to inherit.
MEANT = {"_project": "event.projection", "_react": "event.reaction", "_decide": "event.process"}
# From here on two names are so alike that one of them is probably a slip for the other.
ALIKE = 0.75


class EventConsumer(models.AbstractModel):
    """Whoever is given the events of the feed: read models and reactions.

    A concrete model inherits ``event.projection`` or ``event.reaction``; it is found by that, and
    gets a row of ``event.subscription``, which holds how far it has come.
    """

    _name = "event.consumer"
    _description = "Consumer of the Feed"

    # {aggregate type: event types}; "*" stands for every type, as a key and among the values.
    # It covers what happened; attempts come only to whoever names their failure events.
    _subscribes = {}
    # Whether events that were imported or restored are for it, too.
    _takes_history = True
    # Whether a new one begins with the first event, or with those to come.
    _begins_at_first = True
    # Or a date: a new one is given what was recorded since then.
    _begins_on = None
    # Events that it is given at a time, in one transaction.
    _page_size = 1000
    # Seconds that it may take for them, where a worker runs it.
    _time_limit = 300
    _kind = None

    @api.model
    def _consume(self, subscription, events):
        """Take events, in this transaction; the position moves in the same one.

        :param subscription: the ``event.subscription`` row, locked
        :param list events: of ``FeedEvent``, in feed order
        :return: how many of the first ones it has taken; None for all
        :raise Exception: where they cannot be taken: nothing stays of it, and they come again
        """
        raise NotImplementedError

    @api.model
    def _limited(self):
        """Return a context manager that limits what it may take for a page."""
        limit_statements(self.env.cr, self._time_limit)
        return time_limit(self._time_limit)

    @api.model
    def _could_not_consume(self, subscription, event):
        """Set an event aside at which the process has ended again and again.

        :param FeedEvent event: the one that it was given alone
        :return: whether the subscription goes on after it; by default it stops
        """
        return False

    @api.model
    def _declaration_problems(self):
        """Return what is wrong with what the class declares: a list of sentences."""
        subscribes = self._subscribes
        if isinstance(subscribes, dict) and all(map(is_name, subscribes)):
            types = [(name,) if isinstance(name, str) else name for name in subscribes.values()]
            if all(map(is_names, types)):
                return []
        return [
            _(
                "_subscribes is %(value)s; write it like %(example)s.",
                value=repr(subscribes)[:80],
                example='{"rental": ("RentalConfirmed",)}',
            )
        ]

    @api.model
    def _event_types(self):
        """Return ``{aggregate type: tuple of event types}``; see ``_subscribes``."""
        return {
            model_name: (types,) if isinstance(types, str) else tuple(types)
            for model_name, types in self._subscribes.items()
        }

    @api.model
    def _feed_filter(self):
        """Return the condition that events of the feed must meet, as SQL about ``event``."""
        condition = self.env["event.store"]._feed_condition(
            self._event_types(), self._takes_history
        )
        if self._begins_on:
            begin = fields.Datetime.to_datetime(self._begins_on)
            condition = SQL("(%s) AND event.create_date >= %s", condition, begin)
        return condition


class EventConsumers(models.AbstractModel):
    """Which consumers there are: names, per database, never recordsets."""

    _name = "event.consumer.registry"
    _description = "Registry of Consumers of the Feed"

    def _register_hook(self):
        super()._register_hook()
        # Later hooks may still register handlers.
        self.env.cr.postcommit.add(self._log_problems)

    @api.model
    def _log_problems(self):
        """Write a line to the log for what a consumer will wait for in vain."""
        for name in self._names():
            consumer = self.env[name].with_context(lang="en_US")
            for sentence in consumer._declaration_problems():
                _logger.error("%s: %s", name, sentence)
            for sentence in self._unknown_types(consumer):
                _logger.warning("%s: %s", name, sentence)
        base = self.env.registry["event.consumer"]
        for name, model in sorted(self.env.registry.items()):
            if not hasattr(model, "_subscribes") or issubclass(model, base):
                continue
            for method, meant in MEANT.items():
                if hasattr(model, method):
                    text = '%s: It has %s, but does not inherit the engine; write _inherit = "%s".'
                    _logger.error(text, name, method, meant)

    @api.model
    def _unknown_types(self, consumer):
        """Return what a consumer subscribes to and nobody declares, as sentences.

        A type that no handler serves, or one without a table of transitions, may be right.
        """
        handlers = self.env["snapshot.handler.registry"]
        serving = handlers._serving()
        if consumer._declaration_problems():
            return []
        found = []
        for model_name, types in consumer._event_types().items():
            if model_name == EVERYTHING:
                continue
            handler = self.env.get(serving.get(handlers._canonical_name(model_name)))
            if handler is None:
                if close := get_close_matches(model_name, list(serving), n=1, cutoff=ALIKE):
                    found.append(f"no handler serves {model_name}; did you mean {close[0]}?")
                continue
            aliases = getattr(handler, "_event_aliases", {})
            known = list(getattr(handler, "_transitions", ()))
            for event_type in types if known else ():
                if event_type in (EVERYTHING, *FAILURE_TYPES, *known, *aliases):
                    continue
                close = get_close_matches(event_type, known, n=1)
                hint = f"; did you mean {close[0]}?" if close else ""
                found.append(f"{model_name} has no event type {event_type}{hint}")
        return found

    @api.model
    @tools.ormcache()
    def _names(self):
        """Return the names of all consumers that are installed, in order."""
        return tuple(
            sorted(
                name
                for name, model in self.env.registry.items()
                if issubclass(model, self.env.registry["event.consumer"])
                and model._kind
                and model._subscribes
            )
        )


def types_condition(types, aliases):
    """Return SQL that holds for stored events of these types, under whatever name.

    :param tuple types: names of today or former ones, or "*"
    :param dict aliases: ``{former name: name of today}``
    """
    if EVERYTHING in types:
        unnamed = tuple(name for name in FAILURE_TYPES if name not in types)
        return SQL("event.event_type <> ALL(%s)", list(unnamed))
    today = {aliases.get(name, name) for name in types}
    names = {*today, *(old for old, new in aliases.items() if new in today)}
    return SQL("event.event_type = ANY(%s)", sorted(names))

from odoo import api, fields, models, tools
from odoo.tools import SQL

from odoo.addons.event_sourcing.models.event_store import FAILURE_TYPES

from ..time_limit import limit_statements, time_limit

EVERYTHING = "*"


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

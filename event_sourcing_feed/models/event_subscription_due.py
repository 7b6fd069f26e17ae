import time
from functools import partial
from typing import NamedTuple

from odoo import api, models
from odoo.tools import SQL

from odoo.addons.event_sourcing_base.db_errors import db_error_kinds

from ..own_transaction import statements_alone
from .event_feed_cluster import CLUSTER
from .event_subscription_run import RETRIES


class Due(NamedTuple):
    """What there is to do.

    :ivar list pages: ids of the subscriptions that have something new
    :ivar list others: names of the methods of ``event.subscription`` that do the rest
    """

    pages: list
    others: list


class EventSubscriptionDue(models.Model):
    """What there is to do for workers and the scheduler, found by one statement.

    Where writers keep all processors busy each statement waits: a turn asks few of them.
    """

    _inherit = "event.subscription"

    @api.model
    def _run_due(self, deadline=None):
        """Give every subscription that has something to do one page.

        :return: whether anything was done
        """
        with statements_alone(self.env.registry) as cr:
            due = self.with_env(self.env(cr=cr, su=True, context={}))._due()
        return self._run(due, deadline)

    @api.model
    def _run(self, due, deadline=None, goes_on=None):
        """Do what is due, each in a transaction of its own; return whether anything was done.

        What goes wrong with one keeps no other from its turn.

        :param goes_on: function that is asked before each; nothing more is begun where it says no
        :raise Exception: the first one that nobody has noted, at the end
        """
        pieces = [partial(self._run_page, subscription_id) for subscription_id in due.pages]
        pieces += [partial(getattr(self, name), deadline) for name in due.others]
        worked, problem = False, None
        for number, piece in enumerate(pieces):
            late = deadline and time.monotonic() >= deadline
            if (late and number < len(due.pages)) or (goes_on and not goes_on()):
                continue
            try:
                worked = piece() or worked
            except Exception as error:
                if "lost" in db_error_kinds(error):
                    raise
                problem = problem or error
        if problem is not None:
            raise problem
        return worked

    @api.model
    def _other_due(self):
        """Return what may be due beside pages; a hook.

        :return: ``{name of a method: SQL that is true where it has something to do}``; the
            method is called with a deadline or None, and returns whether anything was done
        """
        return {}

    @api.model
    def _polled(self):
        """Return the condition of subscriptions that are given pages, as SQL about ``sub``."""
        names = self.env["event.consumer.registry"]._names()
        return SQL("sub.state = 'running' AND sub.consumer = ANY(%s)", list(names))

    @api.model
    def _due(self):
        """Return what there is to do, found by one statement."""
        others = self._other_due()
        self.env.cr.execute(
            SQL(
                "SELECT ARRAY(%s), ARRAY[%s]::bool[]",
                self._pages_due(self._polled()),
                SQL(", ").join(others.values()),
            )
        )
        pages, true = self.env.cr.fetchone()
        return Due(pages, [name for name, is_due in zip(others, true, strict=True) if is_due])

    @api.model
    def _pages_due(self, chosen):
        """Return SQL for the ids of subscriptions that have something new, as a query.

        :param SQL chosen: which of them are asked for, about ``sub``
        """
        return SQL(
            """
            SELECT sub.id FROM event_subscription AS sub
             WHERE %(chosen)s
               AND (sub.next_try IS NULL OR sub.next_try NOT BETWEEN timezone('UTC', now())
                    AND timezone('UTC', now()) + make_interval(secs => %(furthest)s))
               AND (sub.until <> ''
                    OR sub.cluster IS DISTINCT FROM %(cluster)s
                    OR EXISTS (SELECT FROM event_store
                                WHERE tx >= pg_snapshot_xmax(sub.seen::pg_snapshot)
                                  AND tx < pg_snapshot_xmax(pg_current_snapshot())
                                  AND id > sub.floor)
                    OR EXISTS (SELECT FROM event_store
                                WHERE tx = ANY(ARRAY(
                                          SELECT pg_snapshot_xip(sub.seen::pg_snapshot)))
                                  AND id > sub.floor))
             ORDER BY sub.last_consumed_on NULLS FIRST, sub.id
            """,
            chosen=chosen,
            furthest=2 * RETRIES[-1],  # beyond any pause: the clock was set back
            cluster=SQL(CLUSTER),
        )

import random
from datetime import timedelta

from odoo import _, api, fields, models
from odoo.tools import SQL

from odoo.addons.event_sourcing_base.error_location import ErrorLocation, find_place, fingerprint
from odoo.addons.event_sourcing_base.fields import NO_SUM, Many2oneNoForeignKey

from ..own_transaction import retried_apart
from .event_subscription_run import MAX_TEXT, told

MAX_SUMMARY = 200
# That nothing stands before a task in its line; about ``task``.
FIRST = """NOT EXISTS (
    SELECT FROM event_reaction_task AS before
     WHERE before.state <> 'skipped' AND before.subscription_id = task.subscription_id
       AND before.company_id = task.company_id AND before.line = task.line
       AND before.event_id < task.event_id)"""
STATES = [
    ("waiting", "Will Be Tried Again"),
    ("behind", "Waits behind Another"),
    ("dead", "Dead Letter"),
    ("skipped", "Skipped"),
]


class EventReactionTask(models.Model):
    """An event to which a reaction has not reacted yet, though the feed went on.

    Rows exist only for what waits, is given up, or was skipped by a manager. Those that are not
    skipped form lines: a reaction meets the events of a line in order, and the first one that it
    cannot do holds up the others.
    """

    _name = "event.reaction.task"
    _inherit = "aggregate.label.mixin"
    _description = "Dead Letter"
    _order = "id desc"

    subscription_id = fields.Many2one(
        "event.subscription", required=True, readonly=True, ondelete="cascade"
    )
    # An archive may take the event away: what is shown in lists stands here.
    event_id = Many2oneNoForeignKey(
        "event.store", required=True, readonly=True, ondelete="restrict", index=True
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    model_name = fields.Char(string="Technical Record Type", required=True, readonly=True)
    aggregate_id = fields.Char(string="Record", required=True, readonly=True)
    event_type = fields.Char(required=True, readonly=True)
    line = fields.Char(required=True, readonly=True)
    state = fields.Selection(
        STATES,
        required=True,
        readonly=True,
        default="behind",
        help="Will be tried again: it failed, and the next try is due at the time shown. Waits"
        " behind another: an earlier event of the record is not done. Dead letter: all tries"
        " failed, and somebody must decide. Skipped: a manager decided to do without it.",
    )
    tries = fields.Integer(readonly=True, **NO_SUM)
    next_try = fields.Datetime(string="Tries Again On", readonly=True)
    summary = fields.Char(string="Error", readonly=True, help="The first line of the error.")
    error = fields.Text(string="Error in Full", readonly=True)
    error_traceback = fields.Text(string="Traceback", readonly=True)
    fingerprint = fields.Char(readonly=True, index=True, help="The same for errors of one cause.")

    def init(self):
        super().init()
        self.env.cr.execute(
            """
            CREATE UNIQUE INDEX IF NOT EXISTS event_reaction_task_uniq
                ON event_reaction_task (subscription_id, event_id);
            CREATE INDEX IF NOT EXISTS event_reaction_task_line
                ON event_reaction_task (subscription_id, company_id, line, event_id)
             WHERE state <> 'skipped';
            CREATE INDEX IF NOT EXISTS event_reaction_task_due
                ON event_reaction_task (next_try) WHERE state = 'waiting';
            -- How often a process began with a task and was not heard of again. Without a
            -- foreign key: its check would wait for whoever works on the task.
            CREATE TABLE IF NOT EXISTS event_reaction_task_try (
                task_id int PRIMARY KEY,
                tries int NOT NULL
            );
            """
        )

    # ------------------------------------------------------------------
    # Lines
    # ------------------------------------------------------------------

    @api.model
    def _held(self, subscription, events, lines):
        """Return ``{(company id, line)}`` of those of these events whose line is held up."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            SELECT DISTINCT task.company_id, task.line
              FROM unnest(%s::int[], %s::text[]) AS asked (company_id, line)
              JOIN event_reaction_task AS task USING (company_id, line)
             WHERE task.subscription_id = %s AND task.state <> 'skipped'
            """,
            [[event.company_id for event in events], lines, subscription.id],
        )
        return set(self.env.cr.fetchall())

    @api.model
    def _add(self, subscription, event_id, event, line):
        """Put an event at the end of its line; one that comes once more keeps its place.

        :param int event_id: of ``event.store``
        :param event: a value that names the company, the aggregate and the event type
        """
        return self._add_all(subscription, [(event_id, event, line)])

    @api.model
    def _add_all(self, subscription, entries):
        """Put events at the end of their lines; those that come once more keep their places.

        :param list entries: ``(event_id, event, line)`` of each; see :meth:`_add`
        :return: the tasks, in the order of the entries
        """
        ids = [event_id for event_id, _event, _line in entries]
        found = self.search([("subscription_id", "=", subscription.id), ("event_id", "in", ids)])
        known = {task.event_id.id: task.id for task in found}
        new = self.create(
            [
                {
                    "subscription_id": subscription.id,
                    "event_id": event_id,
                    "company_id": event.company_id,
                    "model_name": event.model_name,
                    "aggregate_id": event.aggregate_id,
                    "event_type": event.event_type,
                    "line": line,
                }
                for event_id, event, line in entries
                if event_id not in known
            ]
        )
        known.update((task.event_id.id, task.id) for task in new)
        return self.browse([known[event_id] for event_id in ids])

    @api.model
    def _move_up(self, lines=None):
        """Let those be tried that stand first in a line and only wait for others.

        :param lines: ``(subscription id, company id, line)`` each; all of them by default
        :return: whether there was one
        """
        self.env.flush_all()
        chosen = SQL("true")
        if lines is not None:
            chosen = SQL(
                "(task.subscription_id, task.company_id, task.line) IN %s", tuple(sorted(lines))
            )
        self.env.cr.execute(
            SQL(
                """
                UPDATE event_reaction_task
                   SET state = 'waiting', next_try = now() AT TIME ZONE 'UTC'
                 WHERE id IN (SELECT task.id FROM event_reaction_task AS task
                               WHERE task.state = 'behind' AND %s AND %s
                                 FOR NO KEY UPDATE SKIP LOCKED)
                """,
                chosen,
                SQL(FIRST),
            )
        )
        self.invalidate_model(flush=False)
        return bool(self.env.cr.rowcount)

    @api.model
    def _move_up_apart(self, lines=None):
        """Do so in a transaction of its own, which sees what others have done by now.

        Where somebody changes the same rows at this moment, it looks again.
        """
        return retried_apart(self, lambda own: own._move_up(lines))

    # ------------------------------------------------------------------
    # How it went
    # ------------------------------------------------------------------

    def _note_error(self, error):
        """Note what stopped the reaction, and when it is tried again; or that it is not."""
        self.ensure_one()
        sub = self.subscription_id
        text, lines = told(self.env["event.store"], error)
        mark = fingerprint(type(error).__name__, sub.consumer, find_place(error))
        retries = sub._task_retries()
        if self.tries >= len(retries):
            self._give_up(text, mark, lines)
            return
        pause = retries[self.tries] * random.uniform(1, 1.2)
        # In the database's clock, which also says when it is due.
        due = self.env.cr.now() + timedelta(seconds=pause)
        self._note({"state": "waiting", "next_try": due}, text, mark, lines)

    def _note_deaths(self):
        """Give up an event at which the process ended again and again."""
        self.ensure_one()
        mark = fingerprint("died", self.subscription_id.consumer, ErrorLocation())
        self._give_up(_("The process ended again and again while it worked on this event."), mark)

    def _give_up(self, text, mark, lines=""):
        self._note({"state": "dead", "next_try": False}, text, mark, lines)

    def _note(self, vals, text, mark, lines):
        store, former = self.env["event.store"], self._alert_keys()
        text = store._storable(text)[:MAX_TEXT]
        self.write(
            {
                **vals,
                "tries": self.tries + 1,
                "summary": next(iter(text.splitlines()), "")[:MAX_SUMMARY],
                "error": text,
                "error_traceback": store._storable(lines)[-MAX_TEXT:],
                "fingerprint": mark,
            }
        )
        self._update_alerts(former)

    def _done(self):
        """Forget a task that is done."""
        former = self._alert_keys()
        self.unlink()
        self._update_alerts(former)

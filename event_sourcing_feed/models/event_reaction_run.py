import logging
import math
import time

import psycopg2

from odoo import _, api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..own_transaction import in_own_transaction, statements_alone
from .event_reaction import comes_again
from .event_reaction_task import FIRST

_logger = logging.getLogger(__name__)

# Tasks that are looked for at a time, and those of one line that follow one another.
BATCH = 20
# In the database's clock; further away than any pause means that the clock was set back.
DUE = """task.next_try NOT BETWEEN timezone('UTC', now())
    AND timezone('UTC', now()) + interval '14 days'"""
IN_A_ROW = 50
# Seconds after which those that are due wait until others have had their turn.
TURN = 10
# How often the process may end at a task; then it is a dead letter.
DEATHS = 2
# Seconds between two looks for lines that stand still since a process died.
LOOK_AGAIN = 60
_looked = {}


class EventReactionRun(models.Model):
    """Trying again what reactions could not do, each event in a transaction of its own."""

    _inherit = "event.subscription"

    @api.model
    def _other_due(self):
        due = super()._other_due()
        if time.monotonic() >= _looked.get(self.env.cr.dbname, 0) + LOOK_AGAIN:
            due["_look_for_lines"] = SQL("true")
        due["_run_tasks"] = SQL("EXISTS (%s)", self._tasks_due())
        return due

    def _task_retries(self):
        """Return the seconds after which one of its events is tried again; a hook."""
        return self.env[self.consumer]._retries

    @api.model
    def _run_tasks(self, deadline=None):
        """Try what is due; return whether anything was tried."""
        with statements_alone(self.env.registry) as cr:
            cr.execute(self._tasks_due())
            due = [task_id for (task_id,) in cr.fetchall()]
        worked, end = False, min(time.monotonic() + TURN, deadline or math.inf)
        for task_id in due:
            for _number in range(IN_A_ROW):
                if not task_id or (worked and time.monotonic() >= end):
                    break
                done, task_id = self._run_task(task_id)
                worked = worked or done
        return worked

    @api.model
    def _look_for_lines(self, _deadline=None):
        """Let lines go on that stand still because a process died before it said so.

        :return: whether one does
        """
        now = time.monotonic()
        try:
            moved = self.env["event.reaction.task"]._move_up_apart()
        except psycopg2.Error as error:
            if not comes_again(error):
                raise
            return False
        _looked[self.env.cr.dbname] = now
        return moved

    @api.model
    def _tasks_due(self):
        """Return SQL for the ids of tasks that are to be tried now, as a query."""
        return SQL(
            """
            SELECT task.id FROM event_reaction_task AS task
              JOIN event_subscription AS sub ON sub.id = task.subscription_id
             WHERE task.state = 'waiting' AND %s
               AND sub.state = 'running' AND sub.consumer = ANY(%s) AND %s
             ORDER BY task.next_try LIMIT %s
            """,
            SQL(DUE),
            list(self.env["event.consumer.registry"]._names()),
            SQL(FIRST),
            BATCH,
        )

    @api.model
    def _run_task(self, task_id):
        """Try one task, in a transaction of its own.

        :return: ``(whether it was tried, id of the next one of its line where it is done)``
        """
        line = None
        try:
            with in_own_transaction(self.env["event.reaction.task"].browse(task_id)) as task:
                if not task._lock():
                    return False, None
                if task._try():
                    line = (task.subscription_id.id, task.company_id.id, task.line)
                    task._done()
        except Exception as error:
            again = comes_again(error)
            if again:
                _logger.info("Task %s of a reaction comes again: %s", task_id, error)
            else:  # what the database, or whoever is called after a commit, says at the end
                self._note_task_error(task_id, error)
            self._forget_task_tries(task_id)
            return not again, None
        self._forget_task_tries(task_id)
        return True, self._next_of(line) if line else None

    @api.model
    def _next_of(self, line):
        """Let the next one of a line be tried; return its id, or None where others are at it."""
        try:
            self.env["event.reaction.task"]._move_up_apart({line})
        except psycopg2.Error as error:
            if not comes_again(error):
                raise
            _logger.info("A line of a reaction goes on later: %s", error)
            return None
        with self.env.registry.cursor() as cr:
            cr.execute(
                """
                SELECT id, state FROM event_reaction_task
                 WHERE subscription_id = %s AND company_id = %s AND line = %s
                   AND state <> 'skipped'
                 ORDER BY event_id LIMIT 1
                """,
                line,
            )
            task_id, state = cr.fetchone() or (None, None)
        return task_id if state == "waiting" else None

    @api.model
    def _note_task_error(self, task_id, error):
        with in_own_transaction(self.env["event.reaction.task"].browse(task_id)) as task:
            if task.exists():
                task._note_error(error)

    @api.model
    def _forget_task_tries(self, task_id):
        with statements_alone(self.env.registry) as cr:
            cr.execute("DELETE FROM event_reaction_task_try WHERE task_id = %s", [task_id])


class EventReactionTaskRun(models.Model):
    _inherit = "event.reaction.task"

    def _lock(self):
        """Lock the task; return whether it is free, and still to be tried now."""
        self.env.cr.execute(
            SQL(
                """
                SELECT FROM event_reaction_task AS task
                 WHERE task.id = %s AND task.state = 'waiting'
                   AND %s AND %s
                   FOR NO KEY UPDATE SKIP LOCKED
                """,
                self.id,
                SQL(DUE),
                SQL(FIRST),
            )
        )
        self.invalidate_recordset(flush=False)
        return bool(self.env.cr.rowcount)

    def _try(self):
        """Let the reaction meet the event, or note why it could not; return whether it did."""
        self.ensure_one()
        if self._note_try() > DEATHS:
            self._note_deaths()
            return False
        store, consumer = self.env["event.store"], self.env[self.subscription_id.consumer]
        events = store._feed_events_of([self.event_id.id], SQL("true"))
        if events:
            with consumer._limited():
                error = consumer._attempt(events[0])
        else:
            error = UserError(_("The event is not here any more; an archive may have it."))
        if error:
            self._note_error(error)
        return not error

    def _note_try(self):
        """Note, whatever becomes of this transaction, that the task is tried; count it."""
        with statements_alone(self.env.registry) as cr:
            cr.execute(
                """
                SET LOCAL synchronous_commit = off;  -- to lose it with PostgreSQL does no harm
                INSERT INTO event_reaction_task_try AS before (task_id, tries) VALUES (%s, 1)
                    ON CONFLICT (task_id) DO UPDATE SET tries = before.tries + 1
                RETURNING tries
                """,
                [self.id],
            )
            return cr.fetchone()[0]

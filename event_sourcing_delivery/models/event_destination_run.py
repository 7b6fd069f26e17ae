import logging
import threading
import time
import uuid

import psycopg2

from odoo import api, models
from odoo.tools import SQL

from odoo.addons.event_sourcing_base.db_errors import db_error_kinds
from odoo.addons.event_sourcing_feed.own_transaction import (
    in_own_transaction,
    retried_apart,
    statements_alone,
)

from ..sending import stops_all
from .event_destination_read import LEASE

_logger = logging.getLogger(__name__)

# Seconds after which a thread leaves a destination to whoever comes next.
TURN = 20
# Seconds after which a page that is still being sent goes on belonging to this process.
RENEW = LEASE / 3


class EventDeliveryDue(models.Model):
    """Workers and the scheduler send, each destination in a thread of its own.

    Receivers may be slow: read models and reactions do not wait for them.
    """

    _inherit = "event.subscription"

    @api.model
    def _other_due(self):
        due = super()._other_due()
        due["_deliver"] = SQL("EXISTS (%s)", self.env["event.destination"]._due())
        return due

    @api.model
    def _deliver(self, deadline=None):
        """Begin with what is to be sent; wait for it where there is a deadline.

        :return: whether anything was begun
        """
        destinations = self.env["event.destination"]
        with statements_alone(self.env.registry) as cr:
            cr.execute(destinations.with_env(self.env(cr=cr))._due())
            due = [destination_id for (destination_id,) in cr.fetchall()]
        end = min(deadline or float("inf"), time.monotonic() + TURN)
        runs = [DeliveryRun(destinations.browse(number), end) for number in due]
        threads = [threading.Thread(target=run, name="event_delivery") for run in runs]
        for thread in threads:
            thread.start()
        if deadline:
            for thread in threads:
                thread.join()
        else:
            for run in runs:  # whoever looks next must find it taken
                run.begun.wait(TURN)
        return any(run.has_worked for run in runs)


class DeliveryRun:
    """Send one destination what there is: claim and read, send, note, in turns.

    :param destination: ``event.destination`` record, of which only the registry is used
    :param float deadline: of ``time.monotonic``, after which nothing new is begun
    """

    def __init__(self, destination, deadline):
        self._destination = destination
        self._deadline = deadline
        self._token = uuid.uuid4().hex
        self._apart = {}
        self.begun = threading.Event()
        self.has_worked = False

    def __call__(self):
        threading.current_thread().dbname = self._destination.env.registry.db_name  # for logs
        try:
            self._run()
        except psycopg2.Error as error:
            if not any(db_error_kinds(error)):
                _logger.exception("Delivery ends with an error of the database.")
            else:
                _logger.info("Delivery goes on later: %s", error)
        except Exception:
            _logger.exception("Delivery goes on after an error.")
        finally:
            self.begun.set()

    def _run(self):
        with in_own_transaction(self._destination) as own:
            if not own.exists() or not own._claim(self._token):
                return
            senders = own._senders_or_stop()
        if senders is None:
            return
        self.has_worked = True
        self.begun.set()
        try:
            while self._turn(senders):
                pass
        finally:
            senders.close()
            self._note_late(senders.ended(0))
            self._at_once(lambda own: own._unclaim(self._token))

    def _turn(self, senders):
        """Do one turn; return whether there may be more."""
        going = time.monotonic() < self._deadline and threading.main_thread().is_alive()
        work = None
        if going and senders.outstanding < senders.width:
            with in_own_transaction(self._destination) as own:
                work = own._take(self._token, senders.page)
        if work is None:
            self._note_late(senders.ended() if senders.outstanding else [])
            return bool(senders.outstanding)
        for line in (*work.again, *work.page):
            senders.put(line)
        if work.page or work.behind:
            self._send_page(senders, work.page)
            self._apart.update(self._noted(lambda own: own._record_page(self._token, work)))
        elif senders.outstanding:
            self._note_late(senders.ended())
        return work.moved or bool(work.again) or bool(senders.outstanding)

    def _send_page(self, senders, page):
        """Wait until a page is sent, or nothing more of it is to be; all lines are closed."""
        waited_for, before = set(page), []
        renew = time.monotonic() + RENEW
        while waited_for and not all(line.is_stuck() for line in waited_for):
            results = []
            for line, late in senders.ended():
                if line in waited_for:
                    waited_for.discard(line)
                    results += line.results
                else:
                    self._note_late([(line, late)])
            if stops_all(results, before):
                break
            before += results
            if time.monotonic() > renew:
                if not self._at_once(lambda own: own._claim(self._token)):
                    break  # somebody else took it for dead
                renew = time.monotonic() + RENEW
        for line in page:
            line.close()

    def _note_late(self, ended):
        """Note what became of lines that no page waits for."""
        for line, late in ended:
            apart = self._apart.pop(line, None)
            if apart is not None and late is not None:
                self._noted(lambda own, apart=apart, late=late: own._record_again(apart, [late]))
            elif line.task_ids:
                self._noted(lambda own, line=line: own._record_again(line, line.results))

    def _at_once(self, ask):
        """Ask one statement, which is a transaction of its own."""
        with statements_alone(self._destination.env.registry) as cr:
            return ask(self._destination.with_env(self._destination.env(cr=cr)))

    def _noted(self, note):
        """Note something in a transaction of its own, again where others changed the same."""
        return retried_apart(self._destination, note)

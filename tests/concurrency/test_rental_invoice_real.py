"""Draft invoices with real commits: one for each event, whenever a worker is killed."""

import os
import signal
import time
import uuid

import pytest
from support.commits import env_of
from support.feed import start_worker

from odoo import fields
from odoo.modules.registry import Registry

DEADLINE = 60
RENTALS, ROUNDS, EACH = 3, 2, 2


@pytest.fixture
def quiet(env):
    """Let the reaction begin now; what is recorded afterwards is its own."""
    own = env()
    charts = own["account.chart.template"]
    if not own.company.chart_template:
        charts.try_loading("generic_coa", own.company, install_demo=False)
    own["event.subscription"]._run_due()
    own.cr.commit()
    for sub in own["event.subscription"].search([]):
        sub._move(own["event.store"]._feed_now())
    own.cr.commit()


def invoice(env, rentals, first):
    """Invoice rentals for one day after the other; return the UUIDs of the events."""
    own = env()
    today = str(own["event.store"]._business_today(own.company.id, fields.Datetime.now()))
    dates = {"planned_start": today, "planned_end": today}
    calls = []
    for number in range(first, first + EACH):
        for rental in rentals:
            if not number:
                plan = {"partner_id": own.company.partner_id.id, **dates}
                calls += [call(rental, "RentalPlanned", plan), call(rental, "RentalConfirmed", {})]
            day = f"2026-01-{number + 1:02}"
            period = {"amount": 10 + number, "period_start": day, "period_end": day}
            calls.append(call(rental, "RentalInvoiced", period))
    answers = own["event.store"].append_batch(calls)
    assert {answer["outcome"] for answer in answers} == {"applied"}, answers
    own.cr.commit()
    pairs = zip(calls, answers, strict=True)
    return [answer["event_uuid"] for c, answer in pairs if c["event_type"] == "RentalInvoiced"]


def call(rental, event_type, payload):
    return {
        "model_name": "rental",
        "aggregate_id": rental,
        "event_type": event_type,
        "payload": payload,
    }


def drafts(rentals):
    """Return ``(event, amount)`` of all drafts that there are of rentals."""
    with Registry(os.environ["ES_DB"]).cursor() as cr:
        own = env_of(cr)
        moves = own["account.move"].search([("invoice_origin", "in", rentals)])
        rows = own["rental.invoice"].search([("move_id", "in", moves.ids)])
        assert len(rows) == len(moves), "a draft without its row"
        return sorted((row.event_uuid, row.move_id.amount_untaxed) for row in rows)


def drafts_begun(env):
    """Return how many drafts were begun, also by transactions that go on or were rolled back."""
    own = env()
    own.cr.execute("SELECT last_value FROM rental_invoice_id_seq")
    (count,) = own.cr.fetchone()
    own.cr.close()
    return count


def kill(worker):
    if worker.poll() is None:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()


@pytest.mark.usefixtures("quiet")
def test_each_event_is_one_draft_whenever_a_worker_is_killed(env):
    rentals = [f"R{uuid.uuid4().hex[:12]}" for _number in range(RENTALS)]
    events = []
    for turn in range(ROUNDS):
        events += invoice(env, rentals, turn * EACH)
        begun = drafts_begun(env)
        worker = start_worker()
        try:
            deadline = time.monotonic() + DEADLINE
            while drafts_begun(env) < begun + 2:
                assert time.monotonic() < deadline, "the worker does nothing"
                time.sleep(0.01)
        finally:
            kill(worker)  # amid a page
    own = env()
    for _turn in range(20):
        own["event.subscription"]._run_due()
    own.cr.close()
    amounts = [10.0 + number for turn in range(ROUNDS) for number in in_turn(turn)]
    assert drafts(rentals) == sorted(zip(events, amounts, strict=True))


def in_turn(turn):
    return [
        number for number in range(turn * EACH, (turn + 1) * EACH) for _rental in range(RENTALS)
    ]

"""The utilisation with real commits: appends at the same time add up, inside appends and after."""

import threading
import uuid
from datetime import date

import pytest
from psycopg2.extensions import ISOLATION_LEVEL_READ_COMMITTED

PROJECTION = "rental.utilisation.projection"
WRITERS, EACH = 3, 4


def rental(env, product, partner, quantity=1):
    """Plan and confirm a rental of two days in each of two months."""
    key = f"U{uuid.uuid4().hex[:12]}"
    plan = {
        "product_id": product,
        "partner_id": partner,
        "quantity": quantity,
        "planned_start": "2026-01-30",
        "planned_end": "2026-02-02",
    }
    told = {"model_name": "rental", "aggregate_id": key, "timestamp": "2026-01-29 12:00:00"}
    calls = [
        {**told, "event_type": name, "payload": payload}
        for name, payload in (("RentalPlanned", plan), ("RentalConfirmed", {}))
    ]
    return env["event.store"].append_batch(calls)


def be_live(env):
    own = env()
    subs = own["event.subscription"]
    subs._let_follow(PROJECTION, held=False, state="running", error_count=0)
    for sub in subs.search([]):
        sub._move(own["event.store"]._feed_now())
    own.cr.commit()
    while subs._run_due():
        own.cr.rollback()
    own.cr.rollback()
    assert PROJECTION in own["event.projection.mode"]._live([PROJECTION])
    own.cr.rollback()


@pytest.fixture
def product(env):
    own = env()
    product = own["product.product"].create({"name": "Lift"}).id
    partner = own.ref("base.main_partner").id
    rental(
        own, product, partner, quantity=100
    )  # the first event of somebody waits for others of theirs
    own.cr.commit()
    be_live(env)
    own["rental.utilisation"].search([("product_id", "=", product)]).unlink()
    own.cr.commit()
    yield product, partner
    own["event.subscription"]._let_follow(PROJECTION, held=True, state="running")


def test_rentals_at_the_same_time_add_up(env, product):
    begin, errors = threading.Barrier(WRITERS), []

    def write(own):
        try:
            # As an append over RPC; a screen's transaction would be retried by Odoo.
            own.cr.connection.set_isolation_level(ISOLATION_LEVEL_READ_COMMITTED)
            begin.wait(10)
            for _number in range(EACH):
                rental(own, *product)
                own.cr.commit()
        except Exception as error:
            errors.append(error)

    writers = [threading.Thread(target=write, args=(env(),)) for _number in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert not errors
    own = env()
    rows = own["rental.utilisation"].search([("product_id", "=", product[0])], order="month")
    count = WRITERS * EACH
    assert [(row.month, row.rentals_begun, row.unit_days) for row in rows] == [
        (date(2026, 1, 1), count, 2 * count),
        (date(2026, 2, 1), 0, 2 * count),
    ]

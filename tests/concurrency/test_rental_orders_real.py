"""Two systems that begin the same rental at once, under real commits: it is one rental."""

import threading
import uuid

import psycopg2
import pytest
from psycopg2.extensions import (
    ISOLATION_LEVEL_READ_COMMITTED,
    ISOLATION_LEVEL_REPEATABLE_READ,
)
from support.feed import cursor, env_of

from odoo.tools import mute_logger

pytestmark = pytest.mark.fills
LEVELS = {"read": ISOLATION_LEVEL_READ_COMMITTED, "repeatable": ISOLATION_LEVEL_REPEATABLE_READ}
RACERS = 6
ROUNDS = 5


@pytest.mark.parametrize("level", LEVELS)
def test_one_rental_whoever_was_first(level):
    prefix = f"O{uuid.uuid4().hex[:8]}-"
    with cursor() as cr:
        partner = env_of(cr)["res.partner"].create({"name": prefix}).id
        product = env_of(cr)["product.product"].create({"name": prefix}).id
    payload = {"partner_id": partner, "lines": {"1": {"product_id": product, "quantity": 1}}}
    barrier, wrong = threading.Barrier(RACERS), []

    def append(name):
        while True:
            try:
                with cursor(LEVELS[level]) as cr:
                    return env_of(cr)["event.store"].append(
                        "rental", name, "RentalPlanned", payload, policy="record"
                    )
            except psycopg2.Error as error:
                # As Odoo does: it is tried again where somebody else was faster.
                if not (error.pgcode or "").startswith("40"):
                    raise

    def race():
        try:
            for number in range(ROUNDS):
                barrier.wait(60)
                append(f"{prefix}{number}")
        except Exception as error:
            wrong.append(error)
            barrier.abort()

    threads = [threading.Thread(target=race) for _racer in range(RACERS)]
    with mute_logger("odoo.sql_db"):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
    assert wrong == []
    with cursor() as cr:
        env = env_of(cr)
        orders = env["rental.order"].search([("name", "like", prefix)])
        assert sorted(orders.mapped("name")) == [f"{prefix}{number}" for number in range(ROUNDS)]
        for order in orders:
            state = order.snapshot_id.state
            # Each is planned anew while it is a draft; all that was applied stands in the lines.
            assert list(state["lines"]) == order.line_ids.mapped("line_key") == ["1"]
            assert order.event_count == RACERS

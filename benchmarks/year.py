"""A year of rentals: many events in a database that screens can be opened on.

    make run      # in one terminal; then, in another one:
    echo "from benchmarks.year import fill; fill(env, 1_000_000)" | PYTHONPATH=$PWD make shell

Rentals begin evenly over the last year. Each lives through the ten events of
``benchmarks/workload.py``; for every seventh, somebody tries ten more times what is over,
for one of three reasons. A refused attempt is two events: itself, and what says why.
"""

from datetime import datetime, timedelta

from .workload import LIFE, life

AT_ONCE = 500  # rentals in a batch
EVERY = 7
ATTEMPTS = (
    ("DemoCancelled", {"reason": "Too late"}),
    ("EquipmentDelivered", {}),
    ("PriceChanged", {"monthly_price": -1}),
)
REFUSED = 10
ORDERS = """
    INSERT INTO rental_order (
        name, partner_id, product_id, quantity, company_id, user_id, status, snapshot_id,
        planned_start, planned_end, monthly_price, create_uid, create_date, write_uid, write_date)
    SELECT aggregate_id, partner_id, product_id, quantity, company_id, %(user)s, status, id,
           planned_start, planned_end, monthly_price, %(user)s, now(), %(user)s, now()
      FROM rental_snapshot AS snapshot
     WHERE aggregate_id LIKE 'Y-%%'
       AND NOT EXISTS (SELECT FROM rental_order WHERE name = snapshot.aggregate_id)
"""


def fill(env, events):
    """Store about so many events, and the rentals that they are about.

    :param env: an Odoo environment of somebody who may append
    :param int events: how many, failure events included
    """
    count = events * EVERY // (len(LIFE) * EVERY + 2 * REFUSED)
    partner = env["res.partner"].search([], limit=1)
    product = env["product.product"].search([("rental_ok", "=", True)], limit=1)
    plan = {"partner_id": partner.id, "product_id": product.id}
    start = datetime.now() - timedelta(days=365)
    store = env["event.store"]
    for first in range(0, count, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, count))
        begun = {number: start + timedelta(days=360 * number / count) for number in numbers}
        store.append_batch(
            [
                lived(number, begun[number], step, plan)
                for step in range(len(LIFE))
                for number in numbers
            ]
        )
        store.append_batch(
            [
                _call(number, begun[number] + timedelta(hours=90 + step), *ATTEMPTS[step % 3])
                for number in numbers
                if number % EVERY == 0
                for step in range(REFUSED)
            ]
        )
        env.cr.commit()
    env.cr.execute(ORDERS, {"user": env.uid})
    env.cr.commit()


def lived(number, begun, step, plan):
    """Return the arguments of ``append`` for a step in the life of a rental that began then.

    :param dict plan: ``partner_id`` and ``product_id``
    """
    event_type, payload = life(begun.date())[step]
    if not step:
        payload = {**payload, **plan}
    return _call(number, begun + timedelta(hours=9 * step), event_type, payload)


def _call(number, moment, event_type, payload):
    return {
        "model_name": "rental",
        "aggregate_id": f"Y-{number:07}",
        "event_type": event_type,
        "payload": payload,
        "timestamp": moment,
    }

"""The rental app: its rules, its stock, and an order for each rental."""

from itertools import cycle, islice

from benchmarks.answering import answer
from benchmarks.contestants.in_odoo import as_admin
from benchmarks.contestants.ours import append_calls, calls_of, registry, reset
from benchmarks.workload import TODAY, rentals

PRODUCTS = []


def prepare(products):
    """Let there be so many products."""
    with as_admin(registry) as env:
        made = env["product.product"].create(
            [{"name": f"Camera {number}", "rental_ok": True} for number in range(products)]
        )
        PRODUCTS[:] = made.ids
        env.cr.commit()
    return {}


def append(tag, aggregates, batch):
    """Append with a commit after each batch; the rentals are of all products, in turn."""
    calls = calls_of(rentals(tag, aggregates), "rental")
    products = cycle(PRODUCTS)
    for call in calls:
        if "product_id" in call["payload"]:
            call["payload"] = {**call["payload"], "product_id": next(products)}
    return append_calls(tag, calls, batch)


def plan_rentals(count):
    """Make rentals as the screen does, of all products in turn, and return their ids."""
    with as_admin(registry) as env:
        partner = {"partner_id": env.user.partner_id.id}
        days = {"planned_start": TODAY, "planned_end": TODAY}
        products = islice(cycle(PRODUCTS), count)
        orders = env["rental.order"].create(
            [{**partner, **days, "product_id": product} for product in products]
        )
        env.cr.commit()
        return {"ids": orders.ids}


if __name__ == "__main__":
    answer(prepare=prepare, reset=reset, append=append, plan_rentals=plan_rentals)

"""Rentals of the rental app: lines, prices and stock are checked, and each has an order"""

from ..results import Row, rates

PRODUCTS = 60
# Rentals that live through ten events each.
WAYS = {"batches of 1 000": (500, 1000), "one by one": (30, 1)}


def run(race):
    """Append them, beside rentals that the engine alone looks after; for information."""
    shop = race.start_shop(PRODUCTS)
    tags, rows = iter(range(10**6)), []
    for what, (aggregates, batch) in WAYS.items():

        def appending(contestant, aggregates=aggregates, batch=batch):
            contestant.ask("reset")
            return contestant.ask(
                "append", tag=f"A{next(tags)}", aggregates=aggregates, batch=batch
            )

        found = race.alternate(
            shop=lambda appending=appending: appending(shop),
            engine=lambda appending=appending: appending(race.ours),
        )
        engine = "rentals as the other contestants have them"
        rows.append(Row(what, rates(found["shop"]), engine, rates(found["engine"])))
    race.dismiss(shop)
    return rows

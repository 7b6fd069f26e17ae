"""A rental's buttons, over XML-RPC and clicked in a browser, with two workers"""

import threading
import time
import xmlrpc.client

from ..results import Row, Samples, milliseconds, rates
from ..workload import BUTTONS

CLIENTS = 4
RENTALS = 5  # of each client, in each run
PRESSED = (*(button for button, _status in BUTTONS), "action_close")


def run(race):
    """Press four buttons of each rental, and take the time inside of the event store."""
    share = race.place.log / "bench-share.txt"
    # Each client rents a product of its own: two that meet at one product wait for Odoo's retry.
    shares, shop = [], race.start_shop(products=CLIENTS)
    database = race.place.shop_database
    with race.place.serve(database, share) as url:

        def press():
            share.unlink(missing_ok=True)
            share.touch()
            ids = shop.ask("plan_rentals", count=CLIENTS * RENTALS)["ids"]
            result = _press_all(url, database, ids)
            lines = [line.split() for line in share.read_text().splitlines()]
            if len(lines) != result["count"]:
                raise ValueError(f"{len(lines)} of {result['count']} requests were timed")
            whole, inside = (sum(map(float, column)) for column in zip(*lines, strict=True))
            shares.append(100 * inside / whole)
            return result

        found = race.alternate(press=press)
        clicked = _click(race, shop, url, share)
    race.dismiss(shop)
    return [
        Row(f"requests of {CLIENTS} clients", rates(found["press"], "requests/s")),
        Row(
            "time of a request inside of the event store",
            Samples(tuple(shares[1:]), "%"),
            note="the rest is XML-RPC, the login with each call, rights and the rental itself",
        ),
        *clicked,
    ]


def _click(race, shop, url, share):
    """Let a person click the same buttons, one after the other, and take both times."""
    what = "a click in the browser, until the new status is shown"
    if not race.place.chromium:
        return [Row(what, note="there is no Chromium here")]
    person = race.start("clicks", race.place.chromium)
    person.ask("log_in", url=url)
    inside = []

    def press():
        share.unlink(missing_ok=True)
        ids = shop.ask("plan_rentals", count=RENTALS)["ids"]
        share.touch()
        result = person.ask("press", ids=ids)
        spent = sum(float(line.split()[1]) for line in share.read_text().splitlines())
        inside.append(100 * spent / result["seconds"])
        return result

    found = race.alternate(press=press)
    race.dismiss(person)
    return [
        Row(what, milliseconds(found["press"])),
        Row("time of a click inside of the event store", Samples(tuple(inside[1:]), "%")),
    ]


def _press_all(url, database, ids):
    """Let every client press the buttons of its rentals; return count and seconds."""
    troubles = []

    def client(mine):
        try:
            with xmlrpc.client.ServerProxy(f"{url}/xmlrpc/2/object") as proxy:
                for rental in mine:
                    for button in PRESSED:
                        told = proxy.execute_kw(
                            database, 2, "admin", "rental.order", button, [[rental]]
                        )
                        if told["params"]["type"] != "success":
                            raise ValueError(told["params"]["message"])
        except (OSError, ValueError, xmlrpc.client.Error) as error:
            troubles.append(error)

    threads = [threading.Thread(target=client, args=(ids[n::CLIENTS],)) for n in range(CLIENTS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    if troubles:
        raise troubles[0]
    return {"count": len(ids) * len(PRESSED), "seconds": seconds}

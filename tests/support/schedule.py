"""The schedule in a browser: a shop of its own, bars that are dragged, days."""

from datetime import timedelta

from support.server import company_of, shop_today

ACTION = "rental_event_sourcing.rental_schedule_action"
GRID = ".o_rental_schedule_scroll"
BAR = ".o_rental_schedule_bar"
HEIGHT = 30  # of a line


def open_shop(server):
    """Return a function that plans rentals of a product of its own, which has units, too."""
    uid, call = server.login("admin", "admin")
    partner = call("res.partner", "create", {"name": "株式会社予定"})
    number = call("product.product", "search_count", [])
    vals = {"name": f"Crane {number}", "rental_ok": True, "default_code": f"CRN-{number}"}
    vals["company_id"] = company_of(uid, call)
    product = call("product.product", "create", {**vals, "rental_price_month": 900})
    call("rental.stock", "create", {"product_id": product, "quantity": 2})

    def rental(start, end, *events, **vals):
        first, last = (str(shop_today() + timedelta(days=days)) for days in (start, end))
        dates = {"planned_start": first, "planned_end": last}
        what = {} if "line_ids" in vals else {"product_id": product, "quantity": 1}
        vals = {"partner_id": partner, **what, **dates, **vals}
        order = call("rental.order", "create", vals)
        name = call("rental.order", "read", [order], ["name"])[0]["name"]
        for event in events:
            answer = call("event.store", "append", "rental", name, *event)
            assert answer["outcome"] == "applied", answer
        return order, name

    rental.call, rental.code, rental.product = call, vals["default_code"], product
    return rental


def open_schedule(someone, search=None):
    page = someone.page
    page.goto(f"{someone.server.url}/web#action={ACTION}")
    page.wait_for_selector(GRID)
    someone.settle()
    if search:
        find(someone, search)


def find(someone, words):
    box = someone.page.locator(".o_rental_schedule_search input")
    with someone.page.expect_response(lambda answer: "read_period" in answer.url):
        box.fill(words)
    someone.settle()


def drag(page, element, days, grip=0.5, lines=0):
    """Drag a bar by days and lines, by the mouse; grip is the place on it, from 0 to 1."""
    box = element.bounding_box()
    width = day_width(page)
    x, y = box["x"] + max(min(box["width"] * grip, box["width"] - 3), 3), box["y"] + 10
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + days * width / 2, y + lines * HEIGHT / 2, steps=4)
    page.mouse.move(x + days * width, y + lines * HEIGHT, steps=4)


def release(someone):
    """Let go of a bar, and wait until the schedule is read anew."""
    with someone.page.expect_response(lambda answer: "read_period" in answer.url):
        someone.page.mouse.up()
    someone.settle()


def day_width(page):
    columns = page.locator(".o_rental_schedule_columns > div")
    return columns.first.bounding_box()["width"]


def planned(shop, order):
    found = shop.call("rental.order", "read", [order], ["planned_start", "planned_end"])[0]
    return [found["planned_start"], found["planned_end"]]


def days(*numbers):
    return [str(shop_today() + timedelta(days=number)) for number in numbers]

"""How long the schedule takes with 500 units over a quarter, and how it scrolls.

    make run      # in one terminal; then, in another one:
    python benchmarks/schedule.py http://localhost:8069

The first run makes the units and 3 000 rentals of them, by events, in the company of ``admin``.
Opened as by the menu, from another screen; *drawn* is the second frame after the first bar is
there. Scrolling is the wheel of a mouse, down all rows and sideways. Needs Playwright and a
Chromium (CHROMIUM names it); RUNS says how often.
"""

import os
import statistics
import sys
from datetime import date, timedelta

from playwright.sync_api import sync_playwright
from screens import RUNS, Site

PRODUCTS, UNITS, RENTALS = 20, 500, 3000
DAYS = 112  # the quarter, and a week or two around it
CODE = "BENCH-SCHEDULE-{}"
ACTION = "rental_event_sourcing.rental_schedule_action"
OTHER = "rental_event_sourcing.rental_order_action"
# An action as its menu opens it: milliseconds until it is drawn, and until the server answered.
OPEN = """async ([action, selector]) => {
    const services = odoo.__WOWL_DEBUG__.root.env.services;
    performance.clearResourceTimings();
    const begin = performance.now();
    await services.action.doAction(action, { clearBreadcrumbs: true });
    while (!document.querySelector(selector)) {
        await new Promise(requestAnimationFrame);
    }
    await new Promise((ok) => requestAnimationFrame(() => requestAnimationFrame(ok)));
    const drawn = performance.now() - begin;
    const asked = performance.getEntriesByType("resource");
    const answers = asked.filter((entry) => entry.name.includes("read_period"));
    const { duration = 0, decodedBodySize = 0 } = answers[answers.length - 1] || {};
    return { drawn, answer: duration, size: decodedBodySize };
}"""
WATCH = """() => {
    const seen = (window.seen = { frames: [], tasks: [], last: performance.now() });
    new PerformanceObserver((list) => {
        seen.tasks.push(...list.getEntries().map((entry) => entry.duration));
    }).observe({ entryTypes: ["longtask"] });
    const frame = (now) => {
        seen.frames.push(now - seen.last);
        seen.last = now;
        requestAnimationFrame(frame);
    };
    requestAnimationFrame((now) => {
        seen.last = now;
        requestAnimationFrame(frame);
    });
}"""


def fill(site):
    """Make the products, their units and rentals of them, where they are not there yet."""
    known = site.call("product.product", "search_count", [[["default_code", "=", CODE.format(0)]]])
    if known:
        return
    vals = {"rental_ok": True, "rental_counting": "serial", "rental_price_day": 10}
    names = [
        {**vals, "name": f"Machine {number}", "default_code": CODE.format(number)}
        for number in range(PRODUCTS)
    ]
    products = site.call("product.product", "create", [names])
    rows = [
        {"product_id": products[n % PRODUCTS], "serial_number": f"M-{n:04}"} for n in range(UNITS)
    ]
    ids = site.call("rental.unit", "create", [rows])
    units = site.call("rental.unit", "read", [ids, ["name", "product_id"]])
    partners = [{"name": f"Customer {n}"} for n in range(100)]
    partners = site.call("res.partner", "create", [partners])
    calls = list(_events(units, partners, date.today() - timedelta(days=14)))
    for first in range(0, len(calls), 1000):
        site.call("event.store", "append_batch", [calls[first : first + 1000]])


def _events(units, partners, first):
    """Yield the calls of rentals in turn, each of one unit; every fifth is a draft."""
    each = RENTALS // UNITS
    room = DAYS // each
    for number in range(RENTALS):
        unit = units[number % UNITS]
        start = first + timedelta(days=number // UNITS * room + number * 7 % 5)
        line = {"product_id": unit["product_id"][0], "quantity": 1, "price": 10}
        payload = {
            "partner_id": partners[number * 31 % len(partners)],
            "planned_start": str(start),
            "planned_end": str(start + timedelta(days=3 + number * 11 % (room - 9))),
            "lines": {"1": {**line, "price_period": "day", "unit_ids": [unit["name"]]}},
        }
        call = {"model_name": "rental", "aggregate_id": f"{CODE.format(number)}"}
        yield {**call, "event_type": "RentalPlanned", "payload": payload}
        if number % 5:
            yield {**call, "event_type": "RentalConfirmed"}


def opened(site, action, selector):
    """Open an action; return what :data:`OPEN` says."""
    return site.page.evaluate(OPEN, [action, selector])


def scrolled(site):
    """Scroll down and sideways; return the longest frame, the longest task, and the frames."""
    page = site.page
    box = page.locator(".o_rental_schedule_scroll").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.evaluate(WATCH)
    height = page.evaluate("document.querySelector('.o_rental_schedule_scroll').scrollHeight")
    for _step in range(height // 400 + 1):
        page.mouse.wheel(0, 400)
        page.wait_for_timeout(30)
    for _step in range(10):
        page.mouse.wheel(0, -1200)
        page.wait_for_timeout(30)
    for across in (60, -60):
        for _step in range(10):
            page.mouse.wheel(across, 0)
            page.wait_for_timeout(30)
    seen = page.evaluate("window.seen")
    return max(seen["frames"]), max(seen["tasks"], default=0), seen["frames"]


def main(url):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=["--headless", "--no-sandbox", "--disable-gpu"],
        )
        site = Site(browser, url)
        fill(site)
        opened(site, ACTION, ".o_rental_schedule_bar")
        site.page.click("[data-scale=quarter]")
        site.settle()
        rows = []
        for _run in range(RUNS):
            opened(site, OTHER, ".o_data_row")
            site.settle()
            rows.append(opened(site, ACTION, ".o_rental_schedule_bar"))
            site.settle()
        for key, words, unit in (
            ("drawn", "until it is drawn", 1000),
            ("answer", "of it for the answer", 1000),
            ("size", "its size in MB", 1e6),
        ):
            values = [row[key] / unit for row in rows]
            print(f"{words:26} {statistics.median(values):6.2f} ({max(values):.2f} at most)")
        frame, task, frames = scrolled(site)
        late = sum(value > 50 for value in frames)
        print(f"scrolling: longest frame {frame:.0f} ms, {late} of {len(frames)} above 50 ms")
        print(f"longest task {task:.0f} ms (0: none took 50 ms)")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])

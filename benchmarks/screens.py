"""How long screens take with few events and with many, in a real browser, side by side.

    python benchmarks/screens.py http://localhost:8071 http://localhost:8072

The first address is an Odoo with a thousand events, the second one with as many as are to
be compared. Every screen is opened on both in turn; the table shows medians and their
ratio. A screen counts as open when nothing has been loading for 100 ms; that wait is not
counted. Needs Playwright and a Chromium (CHROMIUM names it).
"""

import os
import statistics
import sys
import time

from playwright.sync_api import sync_playwright

RUNS = int(os.environ.get("RUNS", 7))
QUIET = 0.1
SCREENS = {
    "overview": ("action=event_sourcing_job.event_overview_action", ".o_event_dashboard"),
    "list of events": ("action=event_sourcing.event_store_action", ".o_data_row"),
    "list of snapshots": ("action=rental_event_sourcing.rental_snapshot_action", ".o_data_row"),
    "list of rentals": ("action=rental_event_sourcing.rental_order_action", ".o_data_row"),
    "misoperations by week": ("action=event_sourcing_analysis.event_attempt_action", "canvas"),
    "broken rules": ("action=event_sourcing_analysis.event_attempt_rule_action", ".o_pivot table"),
    "errors": ("action=event_sourcing_analysis.event_error_action", ".o_list_view"),
    "rental with its timeline": ("rental", ".o_event_timeline_entry"),
    "one event": ("event", ".o_form_view .o_notebook"),
}


class Site:
    """One Odoo, with somebody logged in."""

    def __init__(self, browser, url):
        self.url = url
        self.page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        self.page.set_default_timeout(60000)
        self.busy, self.last = set(), time.perf_counter()
        self.page.on("request", self._began)
        self.page.on("requestfinished", self._ended)
        self.page.on("requestfailed", self._ended)
        self.page.goto(f"{url}/web/login")
        self.page.fill("#login", "admin")
        self.page.fill("#password", "admin")
        self.page.click("form.oe_login_form button[type=submit]")
        self.page.wait_for_selector(".o_main_navbar")
        self.records = {}

    def call(self, model, method, args):
        """Call a method of Odoo and return its answer.

        :raise RuntimeError: with the words of an error
        """
        answer = self.page.evaluate(
            """async (params) => {
                const answer = await fetch("/web/dataset/call_kw", {
                    method: "POST",
                    headers: {"Content-Type": "application/json"},
                    body: JSON.stringify({jsonrpc: "2.0", method: "call", params}),
                });
                return answer.json();
            }""",
            {"model": model, "method": method, "args": args, "kwargs": {}},
        )
        if "error" in answer:
            raise RuntimeError(answer["error"]["data"]["message"])
        return answer["result"]

    def find_records(self):
        """Find the rental and the event whose screens are opened."""
        for name, model, domain in (
            ("rental", "rental.order", [["status", "=", "cancelled"]]),
            ("event", "event.store", [["outcome", "=", "rejected"]]),
        ):
            found = self.call(model, "search", [domain, 0, 1])[0]
            self.records[name] = f"id={found}&model={model}&view_type=form"

    def _began(self, request):
        if "/websocket" not in request.url and "/longpolling" not in request.url:
            self.busy.add(request)

    def _ended(self, request):
        self.busy.discard(request)
        self.last = time.perf_counter()

    def open(self, name):
        """Open a screen from an empty page; return the seconds."""
        target, selector = SCREENS[name]
        self.page.goto("about:blank")
        begin = self.last = time.perf_counter()
        self.page.goto(f"{self.url}/web#{self.records.get(target, target)}")
        self.page.wait_for_selector(selector)
        shown = time.perf_counter()
        self.settle()
        return max(shown, self.last) - begin

    def settle(self):
        """Wait until nothing has been loading for a moment."""
        while self.busy or time.perf_counter() - self.last < QUIET:
            self.page.wait_for_timeout(10)


def main(few_url, many_url):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=["--headless", "--no-sandbox", "--disable-gpu"],
        )
        few, many = Site(browser, few_url), Site(browser, many_url)
        few.find_records(), many.find_records()
        print(f"{'screen':28} {'few':>8} {'many':>8} {'ratio':>6}")
        for name in SCREENS:
            few.open(name), many.open(name)  # what is cached once
            times = [(few.open(name), many.open(name)) for _run in range(RUNS)]
            first, second = (statistics.median(column) for column in zip(*times, strict=True))
            print(f"{name:28} {first:7.2f}s {second:7.2f}s {second / first:6.2f}", flush=True)
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:3])

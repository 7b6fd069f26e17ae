"""A person at the screen: presses the buttons of rentals in a real browser."""

import sys
import time

from playwright.sync_api import sync_playwright

from benchmarks.answering import answer
from benchmarks.workload import BUTTONS

CHROMIUM = sys.argv[1]
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")
browser = sync_playwright().start().chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
kept = {}


def log_in(url):
    """Log in as the administrator of one server."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(60000)
    page.goto(f"{url}/web/login")
    page.fill("#login", "admin")
    page.fill("#password", "admin")
    page.click("form.oe_login_form button[type=submit]")
    page.wait_for_selector(".o_main_navbar")
    kept.update(page=page, url=url)
    return {}


def press(ids):
    """Press all buttons of each rental; the seconds are those from a click to the new status."""
    page, seconds = kept["page"], 0.0
    for rental in ids:
        page.goto("about:blank")
        page.goto(f"{kept['url']}/web#id={rental}&model=rental.order&view_type=form")
        for button, status in BUTTONS:
            locator = page.locator(f".o_statusbar_buttons button[name={button}]:visible")
            locator.wait_for()
            page.wait_for_timeout(500)  # what the form still loads is no part of the click
            began = time.perf_counter()
            locator.click()
            page.wait_for_selector(
                f".o_statusbar_status button[data-value={status}][aria-checked=true]",
                state="attached",  # where there is little room, one of a menu
            )
            seconds += time.perf_counter() - began
    return {"count": len(ids) * len(BUTTONS), "seconds": seconds}


if __name__ == "__main__":
    answer(log_in=log_in, press=press)

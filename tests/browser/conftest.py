"""A real browser on a real Odoo: Debian's Chromium, driven by Playwright."""

import os
import resource
import time
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def server(odoo_server):
    return odoo_server()


@pytest.fixture(scope="session")
def chromium():
    # Odoo limits the memory of its process, and so of what that starts: too little here.
    _soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ["ES_CHROMIUM"], args=list(FLAGS)
        )
        yield browser
        browser.close()


@pytest.fixture
def person(server, chromium, request):
    """Log a person in, in a language; every error of the page fails the test."""
    contexts, problems = [], []

    def log_in(login="admin", lang="en_US", width=1280):
        _uid, call = server.login("admin", "admin")
        found = call("res.users", "search", [["login", "=", login]])
        vals = {"lang": lang}
        if call("res.users", "fields_get", ["odoobot_state"]):
            vals["odoobot_state"] = "disabled"  # its greeting covers a small screen
        call("res.users", "write", found, vals)
        context = chromium.new_context(
            viewport={"width": width, "height": 800}, accept_downloads=True
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20000)
        page.on("pageerror", lambda error: problems.append(str(error)))
        someone = Person(page, server, lang, request.node.name)
        page.goto(f"{server.url}/web/login")
        page.fill("#login", login)
        page.fill("#password", login)
        page.click("form.oe_login_form button[type=submit]")
        page.wait_for_selector(".o_main_navbar")
        # The first screen puts its own address there once it is ready.
        someone.settle()
        return someone

    yield log_in
    for context in contexts:
        context.close()
    assert not problems


class Person:
    """What the tests do with a page."""

    def __init__(self, page, server, lang, test):
        self.page = page
        self.server = server
        self.lang = lang
        self.test = test
        self.shots = 0
        self.pending = set()
        page.on("request", self._began)
        page.on("requestfinished", self._ended)
        page.on("requestfailed", self._ended)

    def _began(self, request):
        # The bus waits for messages for ever.
        if "/websocket" not in request.url and "/longpolling" not in request.url:
            self.pending.add(request)

    def _ended(self, request):
        self.pending.discard(request)

    def leave(self):
        """Leave the page, so that the next one is loaded anew."""
        self.page.goto("about:blank")
        self.pending.clear()  # what was broken off never says so

    def open(self, action):
        """Open a window action by its XML id, as its menu does."""
        self.page.goto(f"{self.server.url}/web#action={action}")
        # A question comes as a dialog.
        self.page.wait_for_selector(".o_view_controller, .modal .o_form_view")
        self.settle()

    def settle(self):
        """Wait until nothing is loading any more."""
        quiet, deadline = 0, time.monotonic() + 30
        while quiet < 6 and time.monotonic() < deadline:
            self.page.wait_for_timeout(50)
            quiet = 0 if self.pending else quiet + 1
        assert not self.page.locator(".o_error_dialog").count(), self.shot("error")

    def menu(self, name):
        """Choose an entry of the menu beside the title (or of the selected rows)."""
        self.page.locator(".o_cp_action_menus button").last.click()
        entries = self.page.locator(
            ".o-dropdown--menu .o_menu_item, .o-dropdown--menu .dropdown-item"
        )
        entries.filter(has_text=name).first.click()
        self.settle()

    def shot(self, name):
        """Keep a screenshot as an artefact of the run."""
        self.shots += 1
        folder = Path(os.environ["ES_ARTEFACTS"])
        path = folder / f"{self.test.split('[')[0]}-{self.lang}-{self.shots}-{name}.png"
        self.page.screenshot(path=path)
        return path

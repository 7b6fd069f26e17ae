"""A real browser on a real Odoo: Debian's Chromium, driven by Playwright."""

import os
import resource
import tempfile
import time
from pathlib import Path

import pytest
from playwright.sync_api import Error, sync_playwright

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
# What an entry of Odoo's menu does.
DO_ACTION = """async (action) => {
    const services = odoo.__WOWL_DEBUG__.root.env.services;
    await services.action.doAction(action, { clearBreadcrumbs: true });
}"""
# A page that is busy draws none: what it was about to ask for, it has asked for after them.
TWO_FRAMES = """() => new Promise((ok) => {
    requestAnimationFrame(() => requestAnimationFrame(ok));
    setTimeout(ok, 1000);  // one behind another draws none at all
})"""


def pytest_collection_modifyitems(items):
    """Let the scenes in one language follow each other: a change empties Odoo's caches."""

    def language(item):
        return item.callspec.params.get("lang", "") if hasattr(item, "callspec") else ""

    items.sort(key=lambda item: (bool(item.get_closest_marker("fills")), language(item)))


@pytest.fixture(scope="session")
def server(odoo_server):
    # Whatever else the machine has: scenes show what people see of a server without it.
    return odoo_server(path="/nowhere")


@pytest.fixture(scope="session")
def context():
    """One browser for all: what it has loaded and compiled of Odoo's scripts, it keeps."""
    # Odoo limits the memory of its process, and so of what that starts: too little here.
    _soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as profile:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=os.environ["ES_CHROMIUM"],
            args=list(FLAGS),
            accept_downloads=True,
            reduced_motion="reduce",
        )
        yield context
        context.close()


@pytest.fixture(scope="session")
def sessions(server, context):
    """Give the cookies of a login in a language; each is logged in once.

    The checksum of a password takes half a second, and another language empties Odoo's caches.
    """
    made, spoken = {}, {}

    def cookies_of(login, lang):
        _uid, call = server.login("admin", "admin")
        if spoken.get(login) != lang:
            found = call("res.users", "search", [["login", "=", login]])
            vals = {"lang": lang}
            if call("res.users", "fields_get", ["odoobot_state"]):
                vals["odoobot_state"] = "disabled"  # its greeting covers a small screen
            call("res.users", "write", found, vals)
            spoken[login] = lang
        if (login, lang) not in made:
            context.clear_cookies()
            params = {"db": server.database, "login": login, "password": login}
            answer = context.request.post(
                f"{server.url}/web/session/authenticate",
                data={"jsonrpc": "2.0", "method": "call", "params": params},
            )
            assert answer.json().get("result", {}).get("uid"), answer.text()
            made[login, lang] = context.cookies()
        return made[login, lang]

    # Odoo compiles its scripts and styles for the first page.
    context.add_cookies(cookies_of("admin", "en_US"))
    page = context.pages[0]
    page.goto(f"{server.url}/web", timeout=180_000)
    page.wait_for_selector(".o_main_navbar", timeout=180_000)
    page.goto("about:blank")
    return cookies_of


@pytest.fixture
def person(server, context, sessions, request):
    """Log a person in, in a language; every error of the page fails the test."""
    problems = []

    def log_in(login="admin", lang="en_US", width=1280):
        cookies = sessions(login, lang)
        context.clear_cookies()
        context.add_cookies(cookies)
        page = context.new_page()
        # What the last person's pages noted here, such as their menus.
        noted = {"origin": server.url, "storageTypes": "local_storage,indexeddb,service_workers"}
        context.new_cdp_session(page).send("Storage.clearDataForOrigin", noted)
        page.set_viewport_size({"width": width, "height": 800})
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: problems.append(str(error)))
        return Person(page, server, lang, request.node.name)

    yield log_in
    for page in context.pages[1:]:  # without any, the browser would end
        page.close()
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
        """Open a window action by its XML id: by its address, later on as its menu does."""
        if self.page.url.startswith(self.server.url):
            self.page.evaluate(DO_ACTION, action)  # ends once it is shown
        else:
            self.page.goto(f"{self.server.url}/web#action={action}")
        # A question comes as a dialog.
        self.page.wait_for_selector(".o_view_controller, .modal .o_form_view")
        self.settle()

    def settle(self):
        """Wait until nothing is loading any more: frames are drawn, and nobody asks for more."""
        quiet, deadline = 0, time.monotonic() + 30
        while quiet < 3 and time.monotonic() < deadline:
            try:
                self.page.evaluate(TWO_FRAMES)
                quiet = 0 if self.pending else quiet + 1
            except Error:  # another page came meanwhile
                self.page.wait_for_load_state()
                quiet = 0
        assert not self.page.locator(".o_error_dialog").count(), self.shot("error")

    def search(self, text):
        """Type something into the search box and press Enter, once it knows where to look."""
        self.page.locator(".o_searchview_input, .o_control_panel .fa-search").first.click()
        self.page.locator(".o_searchview_input").fill(text)
        self.page.wait_for_selector(".o_searchview_autocomplete")
        self.page.keyboard.press("Enter")
        self.page.locator(".o_searchview_facet", has_text=text).wait_for()
        self.settle()

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

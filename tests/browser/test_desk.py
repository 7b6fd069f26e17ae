"""The desk of a rental shop: cards that are dragged, menus, dialogs that tell before, tabs."""

from datetime import timedelta

import pytest
from support.languages import LANGUAGES, WIDTHS
from support.server import shop_today

WORDS = {
    "en_US": {
        "start": "Start demo",
        "confirm": "Confirm rental",
        "cancel": "Cancel rental",
        "cancel_demo": "Cancel demo",
        "no_step": "no single step leads",
        "forecast": "1 will be done, 1 not:",
        "changed": "has changed in the meantime",
        "overdue": "Overdue",
        "out": "Out",
    },
    "ja_JP": {
        "start": "デモ開始",
        "confirm": "レンタル確定",
        "cancel": "レンタルキャンセル",
        "cancel_demo": "デモキャンセル",
        "no_step": "一度の操作で",
        "forecast": "1 件を実行します。1 件は実行できません",
        "changed": "その間に変更されました",
        "overdue": "期限超過",
        "out": "貸出中",
    },
}
ACTION = "rental_event_sourcing.rental_order_action"
SCROLLED = """() => [...document.querySelectorAll('.o_content, .o_form_view')]
    .map((element) => element.scrollTop).reduce((sum, top) => sum + top, 0)"""


@pytest.fixture
def plan(server):
    """Return a function that plans rentals of one customer; it has the way to the server, too."""
    _uid, call = server.login("admin", "admin")
    partner = call("res.partner", "create", {"name": "株式会社机上"})
    product = call("rental.order", "fields_get", ["product_id"])["product_id"]["relation"]
    product = call(product, "search", [], 0, 1)[0]

    def rental(start=3, end=20, *events):
        first, last = (str(shop_today() + timedelta(days=days)) for days in (start, end))
        vals = {"partner_id": partner, "product_id": product, "quantity": 2}
        dates = {"planned_start": first, "planned_end": last}
        order = call("rental.order", "create", {**vals, **dates})
        name = call("rental.order", "read", [order], ["name"])[0]["name"]
        for event in events:
            answer = call("event.store", "append", "rental", name, *event)
            assert answer["outcome"] == "applied", answer
        return order, name

    rental.call, rental.partner = call, partner
    return rental


def open_rental(someone, order, model="rental.order"):
    page = someone.page
    page.goto(f"{someone.server.url}/web#id={order}&model={model}&view_type=form")
    page.wait_for_selector(".o_event_timeline_entry")
    someone.settle()


def drag(page, card, column):
    """Drag a card to the column of a status, by the mouse."""
    card.scroll_into_view_if_needed()
    box = card.bounding_box()
    page.mouse.move(box["x"] + 30, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 30, steps=4)
    target = page.locator(".o_kanban_group").nth(column).bounding_box()
    page.mouse.move(target["x"] + 60, target["y"] + 120, steps=12)
    page.mouse.up()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_cards_are_dragged(person, plan, lang):
    words = WORDS[lang]
    order, name = plan()
    someone = person(login="tanaka", lang=lang, width=2700)  # all columns beside each other
    page = someone.page
    someone.open(ACTION)
    someone.search(name)
    page.click(".o_switch_view.o_kanban")
    page.wait_for_selector(".o_kanban_group")
    someone.settle()
    card = page.locator(".o_kanban_record", has_text=name)

    def column():
        return page.evaluate(
            """(name) => [...document.querySelectorAll('.o_kanban_group')].findIndex(
                (group) => group.innerText.includes(name))""",
            name,
        )

    assert column() == 0
    drag(page, card, 1)  # a demo begins
    page.wait_for_selector(".o_notification")
    someone.settle()
    assert column() == 1
    drag(page, card, 5)  # nothing leads to "closed" at once: it says so, and the card goes back
    page.locator(".o_notification", has_text=words["no_step"]).wait_for()
    someone.settle()
    someone.shot("no-step")
    assert column() == 1
    assert page.locator(".o_notification").count() == 1  # they do not pile up
    drag(page, card, 6)  # cancelled: it asks why
    page.fill(".modal [name=reason] input", "Rain")
    someone.shot("why")
    page.click(".modal button[name=action_record]:visible")
    page.wait_for_function("!document.querySelector('.modal')")
    someone.settle()
    assert column() == 6
    found = plan.call("rental.order", "read", [order], ["status", "cancel_reason"])[0]
    assert (found["status"], found["cancel_reason"]) == ("cancelled", "Rain")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_menu_offers_what_is_possible_and_tells_before(person, plan, lang):
    words = WORDS[lang]
    one, two = plan(), plan(3, 20, ("DemoStarted",))
    someone = person(login="tanaka", lang=lang, width=1366)
    page = someone.page
    someone.open(ACTION)
    someone.search("株式会社机上")

    def choose(*names):
        for name in names:
            row = page.locator(".o_data_row", has_text=name)
            row.locator(".o_list_record_selector input").click()
        page.locator(".o_cp_action_menus button").last.click()
        someone.settle()
        return page.locator(".o-dropdown--menu").all_inner_texts()[-1]

    offered = choose(one[1])
    assert words["start"] in offered and words["cancel_demo"] not in offered
    someone.shot("menu")
    page.keyboard.press("Escape")
    offered = choose(two[1])
    assert words["start"] in offered and words["cancel_demo"] in offered
    page.keyboard.press("Escape")
    someone.menu(words["start"])
    alert = page.locator(".modal .alert:visible")
    alert.wait_for()
    assert words["forecast"] in alert.inner_text()
    someone.shot("forecast")
    page.click(".modal button[name=action_record]:visible")
    page.wait_for_function("!document.querySelector('.modal')")
    someone.settle()
    statuses = plan.call("rental.order", "read", [one[0], two[0]], ["status"])
    assert {row["status"] for row in statuses} == {"demo"}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_second_tab_is_told(person, plan, lang):
    words = WORDS[lang]
    order, name = plan()
    someone = person(login="tanaka", lang=lang, width=1366)
    page = someone.page
    open_rental(someone, order)
    plan.call("event.store", "append", "rental", name, "PriceChanged", {"monthly_price": 77})
    page.get_by_role("button", name=words["confirm"], exact=True).click()
    page.locator(".o_notification", has_text=words["changed"]).wait_for()
    someone.settle()
    someone.shot("told")
    # Nothing was confirmed, and the page shows the price of today.
    assert plan.call("rental.order", "read", [order], ["status"])[0]["status"] == "draft"
    assert "77" in page.locator("[name=line_ids] td[name=price]").inner_text()
    page.get_by_role("button", name=words["confirm"], exact=True).click()
    # Beside so many buttons the status bar is a menu.
    confirmed = ".o_statusbar_status [aria-checked=true][data-value=confirmed]"
    page.wait_for_selector(confirmed, state="attached")
    someone.settle()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_snapshot_opens_at_its_top(person, plan, lang):
    _order, name = plan(3, 20, *[("PriceChanged", {"monthly_price": n}) for n in range(1, 9)])
    found = plan.call("rental.snapshot", "search", [["aggregate_id", "=", name]])[0]
    someone = person(lang=lang, width=1366)
    someone.page.set_viewport_size({"width": 1366, "height": 500})
    open_rental(someone, found, "rental.snapshot")
    someone.shot("snapshot")
    assert someone.page.evaluate(SCROLLED) == 0


@pytest.mark.parametrize(("lang", "width"), WIDTHS)
def test_today_and_customers(person, plan, lang, width):
    words = WORDS[lang]
    out = [("RentalConfirmed",), ("EquipmentDelivered",), ("RentalInvoiced", {"amount": 1234})]
    plan(-9, -2, *out)
    someone = person(login="tanaka", lang=lang, width=width)
    page = someone.page
    someone.open("rental_event_sourcing.rental_today_action")
    someone.shot(f"today-{width}")
    assert words["overdue"] in page.locator(".o_content").inner_text()
    someone.open("rental_event_sourcing.rental_customer_action")
    someone.shot(f"customers-{width}")
    page.goto(f"{someone.server.url}/web#id={plan.partner}&model=res.partner&view_type=form")
    page.wait_for_selector(".o_form_view .oe_stat_button, .o_form_view .o-form-buttonbox")
    someone.settle()
    someone.shot(f"customer-{width}")
    if width > 1000:
        buttons = page.locator(".o-form-buttonbox, .oe_button_box").first.inner_text()
        assert words["out"] in buttons and "1,234" in buttons, buttons

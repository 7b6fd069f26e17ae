"""A clerk's day: the board, a rental, its timeline, the calendar, on a screen and a phone."""

from datetime import timedelta

import pytest
from support.languages import LANGUAGES
from support.server import shop_today

ENTRY = ".o_event_timeline_entry"
WORDS = {
    "en_US": {
        "columns": ["Draft", "Demo", "Confirmed", "Active", "Returned", "Closed", "Cancelled"],
        "buttons": ["Confirm rental", "Change price"],
        "price": ("Lines › 1 › Price", "12,000", "10,000"),
        "reason": "The rental is not in a demo at present",
        "overdue": "Overdue",
    },
    "ja_JP": {
        "columns": ["下書き", "デモ中", "確定", "貸出中", "返却済", "完了", "キャンセル済"],
        "buttons": ["レンタル確定", "価格変更"],
        "price": ("明細 › 1 › 単価", "12,000", "10,000"),
        "reason": "現在デモ状態ではないため",
        "overdue": "期限超過",
    },
}


@pytest.fixture
def rental(server):
    """Plan a rental; return ``(call, id, reference)``."""
    _uid, call = server.login("admin", "admin")
    partner = call("res.partner", "create", {"name": "عميل الإيجار <b>"})
    product = call("product.product", "search", [["rental_ok", "=", True]], 0, 1)[0]
    vals = {"partner_id": partner, "product_id": product, "quantity": 2, "monthly_price": 12000}
    start, end = (str(shop_today() - timedelta(days=days)) for days in (25, 5))
    dates = {"planned_start": start, "planned_end": end}
    order = call("rental.order", "create", {**vals, **dates})
    return call, order, call("rental.order", "read", [order], ["name"])[0]["name"]


def open_rental(someone, order):
    """Open the form of a rental at its timeline."""
    page = someone.page
    page.goto(f"{someone.server.url}/web#id={order}&model=rental.order&view_type=form")
    page.wait_for_selector(ENTRY)
    someone.settle()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_day(person, rental, lang):
    words = WORDS[lang]
    call, order, reference = rental
    someone = person(login="tanaka", lang=lang)
    page = someone.page
    someone.open("rental_event_sourcing.rental_order_action")
    page.click(".o_switch_view.o_kanban")
    page.wait_for_selector(".o_kanban_group")
    someone.settle()
    columns = page.locator(".o_kanban_group .o_column_title").all_inner_texts()
    shown = [column.strip().split("\n")[0] for column in columns]
    assert [title.split(" (")[0] for title in shown] == words["columns"]
    someone.shot("board")
    page.locator(".o_kanban_record", has_text=reference).first.click()
    page.wait_for_selector(ENTRY)
    someone.settle()
    # The timeline follows what is done.
    page.get_by_role("button", name=words["buttons"][0], exact=True).click()
    page.wait_for_function(f"document.querySelectorAll('{ENTRY}').length === 2")
    page.get_by_role("button", name=words["buttons"][1], exact=True).click()
    price = page.locator(".modal [name=monthly_price] input")
    price.fill("10000")
    someone.shot("question")
    page.click(".modal button[name=action_record]")
    page.wait_for_function(f"document.querySelectorAll('{ENTRY}').length === 3")
    someone.settle()
    text = page.locator(ENTRY).first.inner_text()
    assert all(part in text for part in words["price"]), text
    assert page.locator(f"{ENTRY} del").first.inner_text() == "12,000"
    # What is not possible is refused, in amber, and kept with its reason.
    call("event.store", "append", "rental", reference, "DemoCancelled")
    open_rental(someone, order)
    page.wait_for_selector(f"{ENTRY}[data-kind=rejected]")
    someone.settle()
    someone.shot("timeline")
    assert words["reason"] in page.locator(f"{ENTRY}[data-kind=rejected]").inner_text()
    page.click(".o_event_timeline_filters button[data-kind=rejected]")
    page.wait_for_function(f"document.querySelectorAll('{ENTRY}').length === 1")
    # From any entry to what was true then.
    page.click(".o_event_timeline_filters button:first-child")
    page.wait_for_function(f"document.querySelectorAll('{ENTRY}').length === 4")
    page.locator(ENTRY).last.locator("button").last.click()
    page.wait_for_selector(".modal .o_event_comparison tr[data-key=monthly_price]")
    someone.settle()
    someone.shot("as-of-here")


def test_with_the_keyboard_alone(person, rental):
    call, order, reference = rental
    call("event.store", "append", "rental", reference, "RentalClosed")  # refused
    someone = person(login="tanaka")
    page = someone.page
    open_rental(someone, order)
    page.keyboard.press("Alt+q")  # starts the demo
    page.wait_for_function(f"document.querySelectorAll('{ENTRY}').length === 3")
    someone.settle()
    page.keyboard.press("Alt+x")  # and cancels it, for a reason
    page.wait_for_selector(".modal [name=reason] input")
    someone.settle()
    page.keyboard.type("Rain")
    page.keyboard.press("Alt+q")
    page.wait_for_function(f"document.querySelectorAll('{ENTRY}').length === 4")
    someone.settle()
    # The timeline's buttons are reached by Tab and pressed by Enter, as all others.
    page.locator(".o_event_timeline_filters button").first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".o_event_timeline_filters button:nth-child(2)[aria-pressed=true]")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_whoever_may_not_see_events_still_sees_the_record(person, server, lang):
    _uid, call = server.login("admin", "admin")
    if not call("res.users", "search", [["login", "=", "reader"]]):
        vals = {"name": "Reader", "login": "reader", "password": "reader"}
        call("res.users", "create", vals)
        arch = """<form><sheet><field name="title" /><field name="event_count" invisible="1" />
            <widget name="event_timeline" /></sheet></form>"""
        view = {"name": "ticket", "model": "test.ticket", "type": "form", "arch": arch}
        call("ir.ui.view", "create", view)
    ticket = call("test.ticket", "create", {"name": f"T-{lang}", "title": "Leak"})
    someone = person(login="reader", lang=lang)
    page = someone.page
    page.goto(f"{server.url}/web#id={ticket}&model=test.ticket&view_type=form")
    page.wait_for_selector(".o_event_timeline_forbidden")
    someone.settle()
    someone.shot("forbidden")
    assert page.locator("[name=title] input").input_value() == "Leak"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_overdue_rentals_stand_out(person, rental, lang):
    call, _order, reference = rental
    for event_type in ("RentalConfirmed", "EquipmentDelivered"):
        call("event.store", "append", "rental", reference, event_type)
    someone = person(login="tanaka", lang=lang)
    page = someone.page
    someone.open("rental_event_sourcing.rental_order_action")
    page.click(".o_switch_view.o_kanban")
    card = page.locator(".o_kanban_record", has_text=reference).first
    card.wait_for()
    assert WORDS[lang]["overdue"] in card.inner_text()
    # A right-to-left name is shown as it is, and markup in it as text.
    assert "عميل الإيجار <b>" in card.inner_text()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_calendar(person, lang):
    someone = person(login="tanaka", lang=lang)
    someone.open("rental_event_sourcing.rental_order_calendar_action")
    someone.page.wait_for_selector(".fc-event")
    someone.shot("calendar")
    # A rental that goes on into another week is named once in newer series.
    names = [name for name in someone.page.locator(".fc-event").all_inner_texts() if name.strip()]
    assert len(names) > 3
    # The customer stands beside the number, which alone says little.
    assert all(len(name.strip()) > len("R00001") for name in names), names


@pytest.mark.parametrize("lang", LANGUAGES)
def test_on_a_phone(person, rental, lang):
    _call, order, _reference = rental
    someone = person(login="tanaka", lang=lang, width=390)
    open_rental(someone, order)
    someone.page.locator(ENTRY).first.scroll_into_view_if_needed()
    someone.shot("phone")
    sizes = someone.page.evaluate(
        "() => [document.documentElement.scrollWidth, window.innerWidth,"
        " document.querySelector('.o_event_timeline').scrollWidth,"
        " document.querySelector('.o_event_timeline').clientWidth]"
    )
    assert sizes[0] <= sizes[1]
    assert sizes[2] <= sizes[3]


@pytest.mark.fills
def test_what_people_and_other_systems_put_into_a_history(person, server):
    """Ten thousand events, 200 KB of payload, markup, a type that nobody has named."""
    _uid, call = server.login("admin", "admin")
    call("event.store", "append", "rental", "LONG", "RentalConfirmed")
    for first in range(1, 10001, 5000):
        calls = [
            {
                "model_name": "rental",
                "aggregate_id": "LONG",
                "event_type": "PriceChanged",
                "payload": {"monthly_price": number},
            }
            for number in range(first, first + 5000)
        ]
        call("event.store", "append_batch", calls)
    reason = "<img src=x onerror=alert(1)> " + "とても長い理由。" * 300
    call("event.store", "append", "rental", "ODD", "DemoCancelled", {"reason": reason})
    call("event.store", "append", "nobody.knows", "ODD", "ThingHappened", {"text": "x" * 200_000})
    call("event.store", "append", "nobody.knows", "ODD", "<b>Bold</b>", {"<i>key</i>": "<u>v</u>"})
    someone = person()
    page = someone.page

    def open_stream(model_name, aggregate_id):
        domain = [["model_name", "=", model_name], ["aggregate_id", "=", aggregate_id]]
        stream = call("event.stream", "search", domain)[0]
        page.goto(f"{server.url}/web#id={stream}&model=event.stream&view_type=form")
        page.wait_for_selector(ENTRY)
        someone.settle()

    open_stream("rental", "LONG")
    assert page.locator(ENTRY).count() == 30
    assert "10,000" in page.locator(ENTRY).first.inner_text()
    page.click(".o_event_timeline_more")
    page.wait_for_function(f"document.querySelectorAll('{ENTRY}').length === 60")
    someone.shot("ten-thousand")
    open_stream("nobody.knows", "ODD")
    text = page.locator(".o_event_timeline").inner_text()
    assert "Thing Happened" in text
    assert "<b>Bold</b>" in text
    assert "<i>key</i>" in text
    assert "<u>v</u>" in text
    assert len(text) < 2000
    someone.shot("odd")
    someone.leave()
    open_stream("rental", "ODD")
    entry = page.locator(f"{ENTRY}[data-kind=rejected]")
    assert "<img src=x" in entry.inner_text()
    assert not page.locator(".o_event_timeline img").count()
    someone.shot("long-reason")

"""The story of the README, played in a browser, in English and in Japanese."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from support.languages import LANGUAGES
from support.server import shop_today

WORDS = {
    "en_US": {
        "start": "Start demo",
        "cancel": "Cancel demo",
        "refused": "Rejected",
        "event": "Demo cancelled",
        "reason": "The rental is not in a demo at present, so the demo cannot be cancelled.",
        "export": "Export All",
        "amount": "Invoiced Amount",
        "status": "Status",
        "extend": "Extend demo",
        "damage": "Report damage",
        "deliver": "Deliver equipment",
        "part": "Return equipment",
        "due": ["Goes out", "Comes back", "Overdue", "Demo ends"],
        "statuses": ["Confirmed", "Active"],
    },
    "ja_JP": {
        "start": "デモ開始",
        "cancel": "デモキャンセル",
        "refused": "拒否",
        "event": "デモキャンセル",
        "reason": "現在デモ状態ではないため、キャンセルできません",
        "export": "すべてエクスポート",
        "amount": "請求額",
        "status": "ステータス",
        "extend": "デモ延長",
        "damage": "損傷報告",
        "deliver": "機材引渡し",
        "part": "機材返却",
        "due": ["引渡", "返却", "期限超過", "デモ終了"],
        "statuses": ["確定", "貸出中"],
    },
}


@pytest.fixture
def draft(server):
    """Plan a rental and return its id and reference."""
    _uid, call = server.login("admin", "admin")
    partner = call("res.partner", "search", [["name", "=", "株式会社なにわ建設"]])[0]
    product = call("product.product", "search", [["rental_ok", "=", True]])[0]
    order = call(
        "rental.order",
        "create",
        {"partner_id": partner, "product_id": product, "quantity": 2, "notes": "=1+1"},
    )
    return order, call("rental.order", "read", [order], ["name"])[0]["name"]


@pytest.fixture
def due(server):
    """Return a function that gives a demo rental of a status that begins or ends today."""
    _uid, call = server.login("admin", "admin")
    today = datetime.now(ZoneInfo("Asia/Tokyo")).date()

    def find(status, day, *more):
        domain = [("status", "=", status), (day, "=", str(today)), ("user_id.login", "=", "tanaka")]
        domain += more
        return next(iter(call("rental.order", "search_read", domain, ["name"], 0, 1, "name")), None)

    find.call, find.today = call, today
    return find


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_morning(person, due, lang):
    words = WORDS[lang]
    someone = person(lang=lang)
    page = someone.page
    by_serial = ("line_ids.unit_ids", "!=", False)
    units = due("confirmed", "planned_start", by_serial)  # one a day; the next scene has no such
    out, back = units or due("confirmed", "planned_start"), due("active", "planned_end")

    def choose(rental):
        someone.open("rental_event_sourcing.rental_today_action")
        page.locator(".o_data_row", has_text=rental["name"]).locator("td[name=name]").click()
        page.wait_for_selector(".o_event_timeline_entry")
        someone.settle()

    def press(name):
        page.get_by_role("button", name=name, exact=True).click()
        page.wait_for_selector(".modal button[name=action_record]:visible")
        someone.settle()

    def record():
        page.click(".modal button[name=action_record]:visible")
        page.wait_for_function("!document.querySelector('.modal')")
        someone.settle()

    someone.open("rental_event_sourcing.rental_today_action")
    shown = page.locator(".o_data_row td[name=due]").all_inner_texts()
    assert {text.strip() for text in shown} == set(words["due"])
    someone.shot("today")
    choose(out)
    press(words["deliver"])
    if units:
        page.wait_for_selector(".modal [name=unit_ids] .o_tag")  # it knows the serial numbers
    someone.shot("deliver")
    record()
    assert due.call("rental.order", "read", [out["id"]], ["status"])[0]["status"] == "active"
    # On Friday it was still to go out.
    friday = due.today - timedelta(days=(due.today.weekday() - 4) % 7 or 7)
    page.click("button[name=action_view_as_of]:visible")
    moment = page.locator(".modal [name=moment]")
    moment.locator("input, button").first.wait_for()
    if not moment.locator("input").count():
        moment.locator("button").first.click()
    moment.locator("input").first.fill(f"{friday} 12:00:00")
    moment.locator("input").first.press("Tab")
    page.wait_for_selector(".modal .o_event_comparison tr[data-key=status]")
    someone.settle()
    status = page.locator(".modal .o_event_comparison tr[data-key=status]").inner_text()
    assert all(word in status for word in words["statuses"]), status
    someone.shot("as-of")
    page.click(".modal .btn-close")
    page.wait_for_function("!document.querySelector('.modal')")
    choose(back)
    press(words["part"])
    row = page.locator(".modal .o_data_row", has_not=page.locator(".o_tag"))
    row.locator("td[name=quantity]").first.click()
    page.locator(".modal td[name=quantity] input").fill("1")
    someone.shot("return-in-part")
    record()
    press(words["damage"])
    page.fill(".modal [name=description] input", "脚に傷")
    page.keyboard.press("Tab")
    record()
    page.locator(".o_event_timeline_entry", has_text="脚に傷").first.wait_for()
    someone.shot("damaged")
    found = due.call("rental.order", "read", [back["id"]], ["status", "pieces_out"])[0]
    assert found["status"] == "active"
    assert found["pieces_out"] > 0


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_demo_is_cancelled_twice(person, draft, lang):
    words = WORDS[lang]
    someone = person(lang=lang)
    page = someone.page
    someone.open("rental_event_sourcing.rental_order_action")
    someone.shot("orders")
    page.locator(".o_data_row", has_text=draft[1]).locator("td[name=name]").click()
    someone.settle()
    page.get_by_role("button", name=words["start"], exact=True).click()
    someone.settle()
    assert page.locator(".o_statusbar_status [aria-checked=true]").get_attribute("data-value") == (
        "demo"
    )
    second = person(lang=lang)  # a tab that still shows the demo
    second.page.goto(f"{someone.server.url}/web#id={draft[0]}&model=rental.order&view_type=form")
    second.page.get_by_role("button", name=words["cancel"], exact=True).wait_for()
    second.settle()
    page.get_by_role("button", name=words["cancel"], exact=True).click()
    page.fill(".modal [name=reason] input", "予算の都合")
    someone.shot("why")
    page.click(".modal button[name=action_record]")
    page.wait_for_selector(".o_statusbar_status [aria-checked=true][data-value=cancelled]")
    someone.settle()
    someone, page = second, second.page
    page.get_by_role("button", name=words["cancel"], exact=True).click()
    page.click(".modal button[name=action_record]:visible")
    warning = page.locator(".o_notification", has_text=words["reason"])
    warning.wait_for()
    someone.shot("refused")
    assert page.locator("[name=rejected_event_count] .o_stat_value").inner_text() == "1"
    page.click("button[name=action_view_events]")
    page.wait_for_selector(".o_event_timeline_entry")
    someone.settle()
    someone.shot("timeline")
    entries = page.locator(".o_event_timeline_entry")
    assert entries.count() == 4
    refused = entries.filter(has_text=words["reason"])
    assert refused.get_attribute("data-kind") == "rejected"
    assert words["refused"] in refused.inner_text()
    page.click("button[name=action_open_events]")
    page.wait_for_selector(".o_list_view")
    someone.settle()
    someone.shot("history")
    rows = page.locator(".o_data_row")
    assert rows.count() == 5  # with the failure event about the refused one
    refused = rows.filter(has_text=words["reason"]).filter(has_text=words["refused"])
    refused = refused.filter(has_text=words["event"]).last
    assert words["refused"] in refused.inner_text()
    refused.locator("td[name=timestamp]").click()
    page.wait_for_selector(".o_form_view")
    someone.settle()
    assert words["reason"] in page.locator(".o_form_view").inner_text()
    someone.shot("event")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_many_rentals_at_once(person, server, draft, lang):
    words = WORDS[lang]
    someone = person(lang=lang)
    page = someone.page
    _uid, call = server.login("admin", "admin")
    active = call("rental.order", "copy", draft[0])
    active = active[0] if isinstance(active, list) else active  # 19.0 answers with a list
    dates = {"planned_start": str(shop_today()), "planned_end": str(shop_today())}
    call("rental.order", "write", [active], dates)
    name = call("rental.order", "read", [active], ["name"])[0]["name"]
    for event_type in ("RentalConfirmed", "EquipmentDelivered"):
        call("event.store", "append", "rental", name, event_type)
    someone.open("rental_event_sourcing.rental_order_action")
    for reference in (draft[1], name):
        row = page.locator(".o_data_row", has_text=reference)
        row.locator(".o_list_record_selector input").click()
    someone.menu(words["damage"])
    page.locator(".modal [name=description] input").fill("<b>傷</b>")
    page.keyboard.press("Tab")
    # Of which of them it is possible, the dialog says before.
    page.locator(".modal .alert-warning", has_text=draft[1]).wait_for()
    someone.shot("forecast")
    page.click(".modal button[name=action_record]:visible")
    told = page.locator(".o_notification", has_text=name)
    assert draft[1] not in told.inner_text()  # asked at once: it leaves
    someone.shot("told")
    assert not page.locator(".o_notification b").count()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_list_goes_to_excel(person, lang, tmp_path):
    words = WORDS[lang]
    someone = person(lang=lang)
    page = someone.page
    someone.open("rental_event_sourcing.rental_snapshot_action")
    someone.shot("snapshots")
    with page.expect_download() as download:
        someone.menu(words["export"])
    path = tmp_path / "snapshots.xlsx"
    download.value.save_as(path)
    sheet = openpyxl.load_workbook(path).active
    header = [cell.value for cell in sheet[1]]
    assert words["amount"] in header
    assert words["status"] in header
    row = dict(zip(header, sheet[2], strict=True))
    assert row[words["amount"]].data_type == "n"
    cells = [cell for line in sheet.iter_rows() for cell in line]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert not [cell for cell in cells if isinstance(cell.value, str) and cell.value[:1] == "{"]
    assert "なにわ" in " ".join(str(cell.value) for cell in cells)


@pytest.mark.parametrize("lang", LANGUAGES[-1:])  # the wider words; others show the rest
def test_every_screen_opens(person, server, lang):
    someone = person(lang=lang)
    _uid, call = server.login("admin", "admin")
    names = call(
        "ir.model.data",
        "search_read",
        [
            ["model", "=", "ir.actions.act_window"],
            ["module", "like", "event_sourcing"],
        ],
        ["complete_name"],
    )
    assert len(names) >= 6
    for row in names:
        name = row["complete_name"]
        someone.open(name)
        someone.shot(name.split(".")[1])
        if someone.page.locator(".modal").count():
            continue  # a question; the list behind it was seen before
        first = someone.page.locator(".o_list_view .o_data_row").first
        if first.count() and not someone.page.locator(".o_list_view.o_field_x2many").count():
            first.locator("td.o_data_cell").first.click()
            someone.settle()
            someone.shot(f"{name.split('.')[1]}-one")


def test_a_clerk_without_rights_to_append_freely(person, draft):
    someone = person(login="tanaka", lang="ja_JP", width=420)
    someone.open("rental_event_sourcing.rental_order_action")
    assert someone.page.locator(".o_data_row, .o_kanban_record").count()
    someone.shot("small")

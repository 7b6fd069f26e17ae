"""The past on screen: one rental as it was, all of them, two moments, a rebuild, a proof."""

import io
import re
import time
import zipfile
from datetime import timedelta

import pytest
from support.languages import LANGUAGES, WIDTHS
from support.server import shop_today


def plan(call, reference):
    """Tell a short story of a rental through the store; it has a life of its own there."""
    partner = call("res.partner", "create", {"name": f"客 {reference}"})
    product = call("product.product", "search", [["rental_ok", "=", True]], 0, 1)[0]
    payload = {"partner_id": partner, "product_id": product, "quantity": 2, "monthly_price": 12000}
    for day, event_type, content in (
        ("2026-03-01 03:00:00", "RentalPlanned", payload),
        ("2026-03-05 03:00:00", "DemoStarted", {}),
        ("2026-03-09 03:00:00", "PriceChanged", {"monthly_price": 10000}),
        ("2026-03-10 03:00:00", "DemoCancelled", {"reason": "<b>雨</b>"}),
        ("2026-03-11 03:00:00", "DemoCancelled", {}),
    ):
        call(*("event.store", "append", "rental", reference, event_type, content), timestamp=day)
    return call("rental.snapshot", "search", [["aggregate_id", "=", reference]])[0]


def fill_moment(someone, name, text):
    """Type a date and time; where it is shown as a button, that is opened first."""
    field = someone.page.locator(f".modal [name={name}]")
    field.locator("input, button").first.wait_for()
    if not field.locator("input").count():
        field.locator("button").first.click()
    field.locator("input").first.fill(text)
    field.locator("input").first.press("Tab")
    someone.settle()


def test_a_form_does_not_wait_for_its_history(person, server):
    _uid, call = server.login("admin", "admin")
    records = {reference: plan(call, reference) for reference in ("SLOW-1", "SLOW-2")}
    someone, held = person(), []
    page = someone.page

    def answer(route):
        if held:
            held.append(route)
        else:
            route.continue_()

    page.route("**/call_kw/event.timeline/page", answer)
    for reference, record in records.items():
        held.append(None)  # from here on they wait
        page.goto(f"{server.url}/web#id={record}&model=rental.snapshot&view_type=form")
        page.locator(".o_form_view", has_text=reference).wait_for()
        page.wait_for_selector(".o_event_timeline:not([data-ready])", state="attached")
        assert not page.locator(".o_event_timeline section").count()
        waiting = held[1:]
        held.clear()
        for route in waiting:
            route.continue_()
        page.wait_for_selector(".o_event_timeline[data-ready] section")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_one_rental_as_it_was(person, server, lang):
    _uid, call = server.login("admin", "admin")
    snapshot = plan(call, f"PAST-{lang}")
    someone = person(lang=lang)
    page = someone.page
    page.goto(f"{server.url}/web#id={snapshot}&model=rental.snapshot&view_type=form")
    page.wait_for_selector("button[name=action_view_as_of]")
    someone.settle()
    page.click("button[name=action_view_as_of]")
    page.wait_for_selector(".o_event_comparison")
    someone.settle()
    page.locator("[name=by] input").nth(1).click()
    page.fill("[name=version] input", "2")
    page.press("[name=version] input", "Tab")
    page.wait_for_selector(".o_event_comparison tr[data-key=monthly_price]")
    someone.settle()
    row = page.locator(".o_event_comparison tr[data-key=monthly_price]").inner_text()
    assert "12,000" in row
    assert "10,000" in row
    text = page.locator(".o_event_comparison").inner_text()
    assert ("デモ" if lang == "ja_JP" else "Demo cancelled") in text
    assert "<b>雨</b>" in text
    assert page.locator(".o_event_since tr").count() == 3
    assert page.locator(".o_event_since .badge").count() == 1
    assert not page.locator(".o_event_comparison tr[data-key=quantity]").count()
    someone.shot("one-record")
    page.click("#o_event_comparison_all")
    page.wait_for_selector(".o_event_comparison tr[data-key=quantity]")
    page.fill("[name=version] input", "99")
    page.press("[name=version] input", "Tab")
    page.wait_for_selector(".o_event_comparison .alert")
    someone.settle()
    assert "99" in page.locator(".o_event_comparison .alert").inner_text()
    someone.shot("no-such-version")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_all_rentals_as_of_a_moment_and_to_excel(person, server, lang):
    _uid, call = server.login("admin", "admin")
    plan(call, f"LIST-{lang}")
    someone = person(lang=lang)
    page = someone.page
    someone.open("rental_event_sourcing.rental_as_of_action")
    someone.shot("question")
    page.click("button[name=action_show]")
    page.wait_for_selector(".o_list_view .o_data_row")
    someone.settle()
    assert not page.locator(".modal").count()
    someone.search(f"LIST-{lang}")  # of so many rows that it may be on the second page
    row = page.locator(".o_data_row", has_text=f"LIST-{lang}")
    row.wait_for()
    assert row.count() == 1
    assert ("キャンセル" if lang == "ja_JP" else "Cancelled") in row.inner_text()
    someone.shot("list")
    page.locator("thead .o_list_record_selector input").click()
    someone.settle()
    with page.expect_download() as caught:
        someone.menu("エクスポート" if lang == "ja_JP" else "Export")
        page.click(".modal .o_select_button, .modal-footer .btn-primary")
    what = "レンタル" if lang == "ja_JP" else "Rentals"
    last = shop_today().replace(day=1) - timedelta(days=1)
    assert re.fullmatch(rf"{what} {last}( [A-Z]{{3}})*\.xlsx", caught.value.suggested_filename)
    book = zipfile.ZipFile(io.BytesIO(caught.value.path().read_bytes()))
    assert f"LIST-{lang}" in book.read("xl/sharedStrings.xml").decode()


def test_two_moments_side_by_side(person, server):
    _uid, call = server.login("admin", "admin")
    plan(call, "TWO-1")
    someone = person()
    page = someone.page
    someone.open("rental_event_sourcing.rental_as_of_action")
    page.locator("[name=period] input").last.click()
    fill_moment(someone, "moment", "03/20/2026 12:00:00")
    page.click("[name=two_moments] input")
    fill_moment(someone, "date_from", "03/07/2026 12:00:00")
    someone.settle()
    page.click("button[name=action_show]")
    page.wait_for_selector(".o_list_view .o_group_header")
    someone.settle()
    groups = page.locator(".o_group_header").all_inner_texts()
    assert any("Ended" in group for group in groups)
    # They are open, and say of whom and of what; a row opens the record.
    rows = page.locator(".o_data_row", has_text="TWO-1")
    assert rows.count() >= 2
    assert "客 TWO-1" in rows.first.inner_text()
    someone.shot("compared")
    rows.first.locator("td[name=label]").click()
    page.wait_for_selector(".o_form_view .o_event_timeline_entry")
    someone.settle()
    assert "TWO-1" in page.locator(".o_form_view").inner_text()
    someone.shot("opened")


@pytest.mark.parametrize(("lang", "width"), WIDTHS)
def test_what_was_out_at_the_end_of_the_month(person, server, lang, width):
    _uid, call = server.login("admin", "admin")
    name = f"OUT-{lang}-{width}"
    partner = call("res.partner", "create", {"name": f"客 {name}"})
    product = call("product.product", "create", {"name": f"椅子 {name}"})
    days = {"planned_start": "2026-03-01", "planned_end": "2026-03-20"}
    payload = {"partner_id": partner, "product_id": product, "quantity": 5, "monthly_price": 100}
    out = {"lines": {"1": {"quantity": 3}}, "delivered_on": "2026-03-01"}
    for event_type, content in (
        ("RentalPlanned", payload | days),
        ("RentalConfirmed", {}),
        ("EquipmentDelivered", out),
    ):
        call(
            *("event.store", "append", "rental", name, event_type, content),
            timestamp="2026-03-01 03:00:00",
        )
    someone = person(lang=lang, width=width)
    page = someone.page
    someone.open("rental_event_sourcing.rental_line_as_of_action")
    someone.shot("question")
    page.click(".modal button[name=action_show]")
    page.wait_for_selector(".o_list_view .o_data_row, .o_kanban_record:not(.o_kanban_ghost)")
    someone.settle()
    someone.search(name)
    text = page.locator(".o_list_view, .o_kanban_view").inner_text()
    assert width < 1000 or f"客 {name}" in text
    assert f"椅子 {name}" in text
    someone.shot("out")
    if width > 1000:
        row = page.locator(".o_data_row", has_text=name)
        assert row.locator("td[name=pieces_out]").inner_text() == "3"
        assert "text-danger" in row.get_attribute("class")  # overdue at that moment


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_rebuild_with_progress_and_a_check(person, server, lang):
    someone = person(lang=lang)
    page = someone.page
    someone.open("event_sourcing_job.event_job_action")
    page.click("button[name=action_rebuild_all]:visible")
    page.locator(".modal .btn-primary").click()
    page.wait_for_selector(".o_event_job_progress")
    page.wait_for_selector(".o_event_job_progress .progress-bar[aria-valuenow='100']")
    someone.settle()
    someone.shot("rebuilt")
    page.locator("button[name=cancel]:visible").wait_for(state="hidden")
    someone.open("event_sourcing_job.event_job_action")
    page.click("button[name=action_check_all]:visible")
    page.wait_for_selector(".o_event_job_progress .progress-bar[aria-valuenow='100']")
    someone.settle()
    # The tests' own aggregates without a handler are named, and nothing else is wrong.
    kinds = page.locator(".o_field_one2many .o_data_row td[name=kind]").all_inner_texts()
    assert set(kinds) <= {"No handler", "ハンドラーなし"}, kinds
    someone.shot("checked")
    someone.open("event_sourcing_job.event_overview_action")
    page.wait_for_selector("[name=checked_on]")
    someone.shot("overview")


def test_seals_are_verified_and_exported(person, server):
    _uid, call = server.login("admin", "admin")
    cron = call("ir.cron", "search", [["code", "like", "_seal_all"]])
    waiting, deadline = True, time.monotonic() + 60
    while waiting and time.monotonic() < deadline:  # what is noted is sealed when others are over
        call("ir.cron", "method_direct_trigger", cron)
        waiting = call("event.seal", "search_count", [["state", "=", "waiting"]])
    someone = person()
    page = someone.page
    someone.open("event_sourcing_seal.event_seal_action")
    assert page.locator(".o_data_row", has_text="Sealed").count() >= 1
    someone.shot("seals")
    page.locator(".o_data_row").first.locator("td[name=digest]").click()
    page.wait_for_selector("button[name=action_export]")
    someone.settle()
    with page.expect_download() as caught:
        page.click("button[name=action_export]")
    assert '"format": "event-seal-1"' in caught.value.path().read_text()
    page.click("button[name=action_verify]")
    page.wait_for_selector(".o_event_job_progress .progress-bar[aria-valuenow='100']")
    someone.settle()
    assert "Every sealed event is what it was" in page.locator(".o_form_view").inner_text()
    someone.shot("verified")

"""The past on screen: one rental as it was, all of them, two moments, a rebuild, a proof."""

import io
import time
import zipfile

import pytest
from support.languages import LANGUAGES


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
    row = page.locator(".o_data_row", has_text=f"LIST-{lang}")
    assert row.count() == 1
    assert ("キャンセル" if lang == "ja_JP" else "Cancelled") in row.inner_text()
    someone.shot("list")
    page.locator("thead .o_list_record_selector input").click()
    someone.settle()
    with page.expect_download() as caught:
        someone.menu("エクスポート" if lang == "ja_JP" else "Export")
        page.click(".modal .o_select_button, .modal-footer .btn-primary")
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
    page.locator(".o_group_header", has_text="Ended").click()
    page.wait_for_selector(".o_data_row")
    someone.settle()
    assert page.locator(".o_data_row", has_text="TWO-1").count() >= 2
    someone.shot("compared")


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

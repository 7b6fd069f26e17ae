"""A controller's month-end: the overview, who breaks which rule, and workbooks."""

import time

import openpyxl
import pytest
from support.languages import LANGUAGES

WORDS = {
    "en_US": {
        "reason": "The rental is not in a demo at present, so the demo cannot be cancelled.",
        "sheets": ["Rental", "Events", "Rejected Attempts"],
        "page": "Events of Rental",
        "label": "Demo cancelled",
    },
    "ja_JP": {
        "reason": "現在デモ状態ではないため、キャンセルできません",
        "sheets": ["レンタル", "イベント", "誤操作"],
        "page": "レンタル のイベント",
        "label": "デモキャンセル",
    },
}


@pytest.fixture
def refused(server):
    """Let somebody break a rule this month."""
    _uid, call = server.login("admin", "admin")
    call("event.store", "append", "rental", "MONTH-END", "DemoCancelled", {"reason": "予算"})
    return call


@pytest.mark.parametrize("lang", LANGUAGES)
def test_from_a_figure_to_the_attempts_behind_it(person, refused, lang):
    someone = person(lang=lang)
    page = someone.page
    someone.open("event_sourcing_job.event_overview_action")
    page.wait_for_selector(".o_event_dashboard_tile")
    someone.settle()
    someone.shot("overview")
    tile = page.locator(".o_event_dashboard_tile[data-key=rejected]")
    count = int(tile.locator(".o_event_dashboard_value").inner_text().replace(",", ""))
    assert count >= 1
    row = page.locator(".o_event_dashboard_row", has_text=WORDS[lang]["reason"])
    broken = int(row.locator("strong").inner_text())
    row.click()
    page.wait_for_selector(".o_list_view .o_data_row")
    someone.settle()
    assert page.locator(".o_data_row").count() == min(broken, 80)
    someone.shot("attempts")
    page.locator(".o_data_row").first.locator("td[name=reason]").click()
    page.wait_for_selector(".o_form_view .alert-warning")
    someone.settle()
    page.go_back()
    page.go_back()
    page.wait_for_selector(".o_event_dashboard_tile")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_who_breaks_which_rule(person, refused, lang, tmp_path):
    someone = person(lang=lang)
    page = someone.page
    someone.open("event_sourcing_analysis.event_attempt_rule_action")
    page.wait_for_selector(".o_pivot table")
    assert WORDS[lang]["reason"] in page.locator(".o_pivot table").inner_text()
    someone.shot("rules")
    someone.open("rental_event_sourcing.rental_attempt_action")
    page.wait_for_selector("canvas")
    someone.settle()
    someone.shot("graph")
    page.click(".o_switch_view.o_pivot")
    page.wait_for_selector(".o_pivot table")
    someone.settle()
    with page.expect_download() as caught:
        page.click(".o_pivot_download")
    path = tmp_path / "pivot.xlsx"
    caught.value.save_as(path)
    sheet = openpyxl.load_workbook(path).active
    assert sheet.max_row > 2


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_month_as_a_workbook(person, refused, lang, tmp_path):
    words = WORDS[lang]
    someone = person(lang=lang)
    page = someone.page
    someone.open("rental_event_sourcing_report_xlsx.rental_report_action")
    someone.shot("question")
    files, fetch = [], page.locator("button[name=action_download]:visible")
    page.on("download", lambda file: files.append(file))
    page.click(".modal button[name=action_report]")
    deadline = time.monotonic() + 120
    while not files and not fetch.count() and time.monotonic() < deadline:
        page.wait_for_timeout(50)
    if not files:  # a long one says how far it is, and is fetched there
        with page.expect_download():
            fetch.first.click()
    path = tmp_path / files[0].suggested_filename
    assert path.suffix == ".xlsx"
    files[0].save_as(path)
    book = openpyxl.load_workbook(path)
    assert [name.partition(" 20")[0] for name in book.sheetnames] == words["sheets"]
    assert len(book.worksheets[2]._charts) == 1
    events = list(book.worksheets[1].iter_rows(values_only=True))
    assert any(row[1] == words["label"] and row[3] == "MONTH-END" for row in events)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_other_systems_may_send(person, lang):
    someone = person(lang=lang)
    page = someone.page
    someone.open("event_sourcing_catalog.event_handler_action")
    page.locator(".o_data_row", has_text="rental.snapshot.handler").locator(
        "td[name=model_name]"
    ).click()
    page.wait_for_selector("button[name=action_open_documentation]")
    someone.settle()
    someone.shot("handler")
    with page.context.expect_page() as opened:
        page.click("button[name=action_open_documentation]")
    document = opened.value
    document.wait_for_selector("section")
    assert document.locator("h1").inner_text() == WORDS[lang]["page"]
    assert document.locator("section").count() == 26
    document.locator("#DamageReported").scroll_into_view_if_needed()
    someone.page = document
    someone.shot("documentation")


def test_nobody_without_the_group_sees_it(person, server):
    _uid, call = server.login("admin", "admin")
    if not call("res.users", "search", [["login", "=", "outsider"]]):
        call(
            "res.users",
            "create",
            {"name": "Outsider", "login": "outsider", "password": "outsider"},
        )
    someone = person(login="outsider")
    page = someone.page
    page.goto(f"{server.url}/web")
    page.click(".o_navbar_apps_menu button")
    page.locator(".o_app:visible").first.wait_for()
    someone.settle()
    assert not page.get_by_text("Event Sourcing").count()
    assert not page.get_by_text("Rentals").count()

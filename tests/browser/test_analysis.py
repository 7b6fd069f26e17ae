"""Rates by everything that a controller asks for, as a graph, as a pivot, and in Excel."""

import openpyxl
import pytest
from support.languages import LANGUAGES

WORDS = {
    "en_US": {
        "rates": ("Rejection Rate (%)", "Failure Rate (%)"),
        "export": "Export All",
        "groups": {
            "Recorded By": "Mitchell Admin",
            "Event": "Demo cancelled",
            "Reason": "The rental is not in a demo at present, so the demo cannot be cancelled.",
            "Product": "Generator",
            "Week": "W",
            "Company": "大阪レンタル株式会社",
        },
    },
    "ja_JP": {
        "rates": ("誤操作率（％）", "失敗率（％）"),
        "export": "すべてエクスポート",
        "groups": {
            "記録者": "Mitchell Admin",
            "イベント": "デモキャンセル",
            "理由": "現在デモ状態ではないため、キャンセルできません",
            "製品": "発電機",
            "週": "W",
            "会社": "大阪レンタル株式会社",
        },
    },
}


@pytest.fixture
def attempts(server):
    """Let somebody break a rule, and two companies be there."""
    _uid, call = server.login("admin", "admin")
    call("event.store", "append", "rental", "ANALYSIS", "DemoCancelled", {"reason": "予算"})
    if call("res.company", "search_count", []) < 2:
        company = call("res.company", "create", {"name": "Second Company"})
        call("res.users", "write", [2], {"company_ids": [[4, company]]})
    return call


def group(someone, name):
    """Group by one entry of the search menu alone."""
    page = someone.page
    while page.locator(".o_searchview_facet .o_facet_remove").count() > 1:
        page.locator(".o_searchview_facet .o_facet_remove").last.click()
        someone.settle()
    page.locator(".o_searchview_dropdown_toggler").click()
    entry = page.locator(".o_group_by_menu .o_menu_item").get_by_text(name, exact=True)
    entry.first.click()
    someone.settle()
    options = page.locator(".o_group_by_menu .o_item_option:visible")
    if options.count():  # a date asks by what
        options.get_by_text(name, exact=True).click()
        someone.settle()
    page.locator(".o_searchview_dropdown_toggler").click()
    someone.settle()


def saved(page, selector, path):
    with page.expect_download() as caught:
        page.click(selector)
    caught.value.save_as(path)
    return list(openpyxl.load_workbook(path).active.iter_rows(values_only=True))


@pytest.mark.parametrize("lang", LANGUAGES[-1:])  # the wider words; others show the rest
def test_by_everything_as_a_pivot_and_as_a_graph(person, attempts, lang, tmp_path):
    words = WORDS[lang]
    someone = person(lang=lang)
    page = someone.page
    someone.open("event_sourcing_analysis.event_attempt_action")
    for name, row in words["groups"].items():
        page.click(".o_switch_view.o_pivot")
        page.wait_for_selector(".o_pivot table")
        group(someone, name)
        text = page.locator(".o_pivot table").inner_text()
        assert row in text, (name, text)
        assert all(rate in text for rate in words["rates"]), (name, text)
        sheet = saved(page, ".o_pivot_download", tmp_path / "pivot.xlsx")
        assert any(row in str(line[0]) for line in sheet), (name, sheet)
        page.click(".o_switch_view.o_graph")
        page.wait_for_selector(".o_graph_renderer canvas")
        someone.settle()
        someone.shot(f"by-{list(words['groups']).index(name)}")
        sheet = saved(page, ".o_event_graph_excel", tmp_path / "graph.xlsx")
        assert any(row in str(line[0]) for line in sheet), (name, sheet)
        numbers = [line[1] for line in sheet[2:]]
        assert numbers
        assert all(0 <= number <= 100 for number in numbers), (name, numbers)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_from_a_week_to_its_attempts_and_their_excel(person, attempts, lang, tmp_path):
    words = WORDS[lang]
    someone = person(lang=lang)
    page = someone.page
    someone.open("event_sourcing_job.event_overview_action")
    page.locator(".o_event_dashboard_week").last.click()
    page.wait_for_selector(".o_list_view .o_data_row")
    someone.settle()
    rows = page.locator(".o_data_row", has_text="ANALYSIS")
    assert rows.count() >= 1
    reason = list(words["groups"].values())[2]
    assert reason in rows.first.inner_text()
    someone.shot("attempts")
    with page.expect_download() as caught:
        someone.menu(words["export"])
    path = tmp_path / "attempts.xlsx"
    caught.value.save_as(path)
    sheet = openpyxl.load_workbook(path).active
    cells = [cell for line in sheet.iter_rows() for cell in line]
    assert reason in [cell.value for cell in cells]
    assert not [cell for cell in cells if cell.data_type == "f"]
    page.locator(".o_data_row", has_text="ANALYSIS").first.locator("td[name=reason]").click()
    page.wait_for_selector(".o_form_view .alert-warning")
    someone.settle()
    assert reason in page.locator(".o_form_view .alert-warning").inner_text()

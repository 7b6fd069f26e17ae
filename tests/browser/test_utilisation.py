"""The utilisation of products and the repairs of a workshop open in each language."""

import pytest
from support.languages import LANGUAGES

WORDS = {
    "en_US": ("Utilisation", ("Product", "Month"), "Repairs"),
    "ja_JP": ("稼働状況", ("製品", "月"), "修理"),
}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_each_view_opens(person, lang):
    title, groups, repairs = WORDS[lang]
    someone = person(lang=lang)
    page = someone.page
    someone.open("rental_event_sourcing_feed.rental_utilisation_action")
    page.wait_for_selector(".o_pivot_view")
    assert title in page.locator(".o_breadcrumb").inner_text()
    page.locator(".o_searchview_dropdown_toggler").click()
    menu = page.locator(".o_dropdown_container.o_group_by_menu").inner_text()
    assert all(group in menu for group in groups), menu
    page.locator(".o_searchview_dropdown_toggler").click()
    for kind in ("graph", "list"):
        page.click(f".o_switch_view.o_{kind}")
        page.wait_for_selector(f".o_{kind}_view")
        someone.settle()
    someone.shot("utilisation")
    someone.open("rental_event_sourcing_feed.rental_repair_action")
    page.wait_for_selector(".o_list_view")
    assert repairs in page.locator(".o_breadcrumb").inner_text()
    someone.settle()

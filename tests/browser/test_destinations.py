"""Destinations, as a manager sets them up: what is secret is entered, and never shown."""

import pytest
from support.languages import LANGUAGES

WORDS = {
    "en_US": ("Destinations", "A secret is set.", "Start", "Test", "Only These Events"),
    "ja_JP": ("送信先", "シークレットは設定済みです。", "開始", "テスト", "対象イベント"),
}
SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


@pytest.fixture(scope="session")
def destination(server):
    """The name of a webhook that is not started."""
    _uid, call = server.login("admin", "admin")
    vals = {
        "name": "Warehouse system",
        "kind": "webhook",
        "address": "https://warehouse.example.com/events",
        "filter_ids": [[0, 0, {"model_name": "rental", "event_type": "RentalConfirmed"}]],
    }
    call("event.destination", "create", [vals])
    return vals["name"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_secret_is_entered_and_never_shown(person, destination, lang):
    title, is_set, *others = WORDS[lang]
    someone = person(lang=lang)
    page = someone.page
    someone.open("event_sourcing_delivery.event_destination_action")
    assert title in page.locator(".o_breadcrumb").inner_text()
    someone.shot("list")
    page.locator(".o_data_row", has_text=destination).locator("td").nth(1).click()
    page.wait_for_selector(".o_form_view")
    field = page.locator("div[name=secret] input")
    assert field.get_attribute("type") == "password"
    assert field.input_value() == ""
    field.fill(SECRET)
    page.locator(".o_form_button_save").click()
    page.get_by_text(is_set).wait_for()
    someone.settle()
    someone.shot("form")
    text = page.locator(".o_form_view").inner_text()
    for word in others:
        assert word.lower() in text.lower()
    assert page.locator("div[name=secret] input").input_value() == ""
    assert SECRET not in page.content()

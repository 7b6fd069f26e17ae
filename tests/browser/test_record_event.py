"""Recording an event by hand, and reading what it says, in a browser."""

import json

import pytest
from support.languages import LANGUAGES

WORDS = {
    "en_US": {
        "type": "Rental",
        "event": "Damage reported",
        "missing": "Description is missing",
    },
    "ja_JP": {"type": "レンタル", "event": "損傷報告", "missing": "内容"},
}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_event_is_recorded_with_fields(person, server, lang):
    _uid, call = server.login("admin", "admin")
    aggregate = f"WEB-{lang}"
    for event_type in ("RentalConfirmed", "EquipmentDelivered"):
        call("event.store", "append", "rental", aggregate, event_type, {})
    someone = person(lang=lang)
    page = someone.page
    someone.open("event_sourcing_record.event_store_record_wizard_action")
    choice = page.locator("[name=aggregate_type] select")
    if choice.count():
        choice.select_option(label=WORDS[lang]["type"])
    else:
        page.click("[name=aggregate_type] input")
        page.click(f'.o_select_menu_menu >> text="{WORDS[lang]["type"]}"')
    someone.settle()
    page.fill("[name=aggregate_id] input", aggregate)
    page.press("[name=aggregate_id] input", "Tab")
    someone.settle()
    page.click("[name=event_type_id] input")
    page.locator("[name=event_type_id] input").type(WORDS[lang]["event"])
    someone.settle()
    page.locator(".o-autocomplete--dropdown-item", has_text=WORDS[lang]["event"]).click()
    someone.settle()
    page.fill("[name=payload_values] input[name=description]", "<b>傷</b> =1+1")
    page.fill("[name=payload_values] input[name=repair_cost]", "1250")
    someone.shot("filled")
    page.click(".modal-footer button[name=action_record]")
    someone.settle()
    assert page.locator(".modal .alert-success:visible").count() == 1
    someone.shot("recorded")
    (event,) = call(
        "event.store", "search", [["aggregate_id", "=", aggregate], ["version", "=", 3]]
    )
    (row,) = call("event.store", "read", [event], ["payload_json", "outcome"])
    assert json.loads(row["payload_json"]) == {
        "description": "<b>傷</b> =1+1",
        "repair_cost": 1250,
    }
    page.click(".modal-footer button[name=action_open_event]")
    page.wait_for_selector(".o_event_payload")
    someone.settle()
    assert "<b>傷</b> =1+1" in page.locator(".o_event_payload").inner_text()
    assert not page.locator(".o_event_payload b").count()
    page.click(".o_notebook >> text=JSON")
    text = page.locator(".o_event_json").inner_text()
    assert json.loads(text) == {"repair_cost": 1250, "description": "<b>傷</b> =1+1"}
    someone.shot("json")


def test_the_same_event_twice_is_refused_in_words(person, server):
    _uid, call = server.login("admin", "admin")
    call("event.store", "append", "rental", "WEB-TWICE", "DemoStarted", {})
    call("event.store", "append", "rental", "WEB-TWICE", "DemoCancelled", {})
    answer = call("event.store", "append", "rental", "WEB-TWICE", "DemoCancelled", {})
    someone = person(lang="ja_JP")
    page = someone.page
    page.goto(f"{server.url}/web#id={answer['id']}&model=event.store&view_type=form")
    page.wait_for_selector(".o_form_view .alert-warning")
    someone.settle()
    someone.shot("refused")
    page.click("button[name=action_open_failure]")
    someone.settle()
    someone.shot("failure")
    assert answer["message"] in page.locator(".o_form_view").inner_text()
    assert page.locator("button[name=action_open_failed_event]").is_visible()

"""The error inbox in a browser: opened, understood, applied again, annotated."""

import pytest
from support.languages import LANGUAGES

APPLY = "button[name=action_apply_again]:visible"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_error_is_applied_again(person, server, lang):
    _uid, call = server.login("admin", "admin")
    aggregate = f"ERR-{lang}"
    for _time in range(3):
        call("event.store", "append", "counter", aggregate, "Broken", {"key": lang})
    someone = person(lang=lang)
    page = someone.page
    someone.open("event_sourcing_analysis.event_error_action")
    row = page.locator(".o_data_row", has_text="KeyError")
    assert row.count() == 1
    assert "text-danger" in row.get_attribute("class")
    someone.shot("list")
    row.locator("td[name=error_class]").click()
    page.wait_for_selector(".o_form_view")
    someone.settle()
    text = page.locator(".o_form_view").inner_text()
    assert "counter.snapshot.handler" in text
    assert "raise KeyError(event.payload.get" in text
    someone.shot("form")
    before = call("event.store", "search_count", [["aggregate_id", "=", aggregate]])
    page.click(APPLY)
    page.locator(".modal .btn-primary").click()
    page.wait_for_selector(".o_notification")
    someone.settle()
    someone.shot("applied-again")
    # Nobody repaired the toy: the three failed again, each with a failure event.
    after = call("event.store", "search_count", [["aggregate_id", "=", aggregate]])
    assert after == before + 6
    page.fill("[name=note] textarea", f"調べています {lang}")
    page.click(".o_form_button_save")
    someone.settle()
    page.click("button[name=action_ignore]")
    someone.settle()
    (error,) = call(
        "event.error",
        "search_read",
        [["error_class", "=", "KeyError"], ["model_name", "=", "counter"]],
        ["state", "note"],
    )
    assert (error["state"], error["note"]) == ("ignored", f"調べています {lang}")
    call("event.error", "action_reopen", [error["id"]])


def test_one_failed_event_is_applied_again_from_its_form(person, server):
    _uid, call = server.login("admin", "admin")
    answer = call("event.store", "append", "counter", "ERR-one", "Broken", {"key": "one"})
    someone = person()
    page = someone.page
    page.goto(f"{server.url}/web#id={answer['id']}&model=event.store&view_type=form")
    page.wait_for_selector(APPLY)
    page.click(APPLY)
    page.locator(".modal .btn-primary").click()
    page.wait_for_selector("button[name=action_open_retry]:visible")
    someone.settle()
    assert not page.locator(APPLY).count()
    someone.shot("applied-again")

"""A rule over several records on screen: what it decides about, and what it knows of a key."""

import pytest
from support.languages import LANGUAGES
from test_history import fill_moment


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_boundary_and_one_of_its_keys(person, server, lang):
    _uid, call = server.login("admin", "admin")
    seat = f"{lang}-<b>1</b>"
    for day, name, event_type in ((1, "B1", "Booked"), (3, "B1", "Cancelled"), (5, "B2", "Booked")):
        payload = {"seat": seat} if event_type == "Booked" else {}
        moment = f"2026-03-0{day} 03:00:00"
        call(
            *("event.store", "append", "booking", f"{name}-{lang}", event_type, payload),
            timestamp=moment,
        )
    someone = person(lang=lang)
    page = someone.page
    someone.open("event_sourcing_boundary.event_boundary_status_action")
    rows = page.locator(".o_data_row", has_text="One Booking per Seat")
    assert "booking: Booked, Moved, Cancelled" in rows.inner_text()
    assert ("有効" if lang == "ja_JP" else "In Force") in rows.inner_text()
    someone.shot("list")
    rows.locator("[name=label]").click()
    page.wait_for_selector("button[name=action_rebuild]")
    someone.settle()
    assert not page.locator("button[name=action_accept]").count()
    someone.shot("boundary")
    page.click("button[name=action_open_keys]")
    page.wait_for_selector(".o_list_view .o_data_row")
    someone.settle()
    someone.shot("keys")
    page.locator(".o_data_cell[name=key]", has_text=seat).click()
    page.wait_for_selector(".o_event_payload tr[data-key=by]")
    someone.settle()
    assert f"B2-{lang}" in page.locator(".o_event_payload").inner_text()
    someone.shot("key")
    page.click("button.oe_stat_button[name=action_view_as_of]")
    page.wait_for_selector(".modal .o_event_payload")
    someone.settle()
    fill_moment(
        someone, "moment", "2026/03/02 12:00:00" if lang == "ja_JP" else "03/02/2026 12:00:00"
    )
    shown = page.locator(".modal .o_event_payload", has_text=f"B1-{lang}")
    shown.wait_for()
    assert page.locator(".modal [name=event_count]").inner_text() == "1"
    someone.shot("as-of")
    page.click(".modal footer button:visible")
    page.locator(".nav-link[name=events]").click()
    page.wait_for_selector(".o_field_x2many .o_data_row")
    assert page.locator(".o_field_x2many .o_data_row").count() == 3
    someone.shot("events")
    page.locator(".o_data_row button[name=action_view_as_of]").nth(1).click()
    page.wait_for_selector(".modal .o_event_payload")
    someone.settle()
    assert page.locator(".modal [name=event_count]").inner_text() == "2"
    someone.shot("as-of-here")
    page.click(".modal footer button:visible")
    page.locator(".o_data_row button[name=action_open_event]").first.click()
    page.wait_for_selector("button[name=action_open_stream]")
    someone.settle()
    assert f"B2-{lang}" in page.locator(".o_form_view").inner_text()

"""Every screen on a phone: nothing is cut, nothing is wider than the glass."""

import base64

import pytest
from support.languages import LANGUAGES

CARDS = (
    "event_sourcing.event_store_action",
    "event_sourcing.event_stream_action",
    "event_sourcing_catalog.event_aggregate_type_action",
    "event_sourcing_analysis.event_error_action",
    "event_sourcing_job.event_job_action",
    "event_sourcing_seal.event_seal_action",
    "event_sourcing_transfer.event_transfer_action",
    "event_sourcing_catalog.event_handler_action",
    "rental_event_sourcing.rental_order_action",
    "rental_event_sourcing.rental_snapshot_action",
)
OTHERS = (
    "event_sourcing_job.event_overview_action",
    "event_sourcing_analysis.event_attempt_action",
    "event_sourcing_archive.event_archive_action",
    "rental_event_sourcing.rental_order_calendar_action",
    "rental_event_sourcing_report_xlsx.rental_report_action",
    "rental_event_sourcing.rental_as_of_action",
)
# Texts of cards that do not fit; a reason ends after three lines with dots on purpose.
CUT = """() => [...document.querySelectorAll('.o_kanban_record *')]
    .filter((e) => e.clientWidth && e.scrollWidth > e.clientWidth + 1
        && !e.closest('.o_event_card_reason')
        && getComputedStyle(e).overflowX !== 'visible')
    .map((e) => e.innerText)"""
# Wide screens show the same words in each language; what does not fit is in this one.
WIDER = LANGUAGES[-1:]
# Buttons of a whole list; where there is little room, one button unfolds them.
BUTTONS = (
    ("event_sourcing_job.event_job_action", ("action_check_all", "action_rebuild_all")),
    ("event_sourcing_seal.event_seal_action", ("action_verify",)),
)
UNFOLD = "button.o_control_panel_collapsed_create, button.o-control-panel-adaptive-dropdown"
TOO_WIDE = "() => document.documentElement.scrollWidth - window.innerWidth"


@pytest.fixture
def failure(server):
    """Let there be one of everything."""
    _uid, call = server.login("admin", "admin")
    call("event.store", "append", "counter", "PHONE", "Broken", {"key": "phone"})
    call("event.store", "append", "prefixed", "PHONE", "Any", {"status": "ok"})
    call(
        "event.store", "append", "rental", "PHONE", "DemoCancelled", {"reason": "長い理由。" * 200}
    )
    call("event.job", "start", "check")
    [seal] = call("ir.model.data", "search_read", [["name", "=", "event_seal_cron"]], ["res_id"])
    call("ir.cron", "method_direct_trigger", [seal["res_id"]])
    rows = b"model_name,aggregate_id,event_type\nrental,PHONE,DemoStarted\n"
    file = {"file": base64.b64encode(rows).decode(), "file_name": f"{'history-' * 9}.csv"}
    ask(call, "event.import", "action_check", file)
    ask(call, "event.report", "action_report", {})


def ask(call, wizard, button, vals):
    call(wizard, button, [call(wizard, "create", vals)])


@pytest.mark.parametrize("lang", WIDER)
def test_lists_are_cards(person, failure, lang):
    someone = person(lang=lang, width=390)
    page = someone.page
    for action in CARDS:
        someone.open(action)
        page.wait_for_selector(".o_kanban_record:not(.o_kanban_ghost)")
        someone.settle()
        someone.shot(action.split(".")[1])
        assert page.evaluate(TOO_WIDE) <= 0, action
        assert not page.evaluate(CUT), action
    someone.open("event_sourcing.event_store_action")
    page.locator(".o_kanban_record", has_text="PHONE").first.click()
    page.wait_for_selector(".o_form_view")
    someone.settle()
    someone.shot("event")
    assert page.evaluate(TOO_WIDE) <= 0


@pytest.mark.parametrize("lang", WIDER)
def test_other_screens_fit(person, failure, lang):
    someone = person(lang=lang, width=390)
    for action in OTHERS:
        someone.open(action)
        someone.shot(action.split(".")[1])
        assert someone.page.evaluate(TOO_WIDE) <= 0, action
    assert someone.page.locator(".modal").count() == 1  # the last one is a question


@pytest.mark.parametrize("lang", WIDER)
def test_buttons_of_a_list_are_at_hand(person, failure, lang):
    someone = person(lang=lang, width=390)
    page = someone.page
    for action, names in BUTTONS:
        someone.open(action)
        buttons = [page.locator(f"button[name={name}]:visible").first for name in names]
        if not all(button.count() for button in buttons):
            page.locator(UNFOLD).first.click()
        for button in buttons:
            button.wait_for()
        someone.shot(action.split(".")[1])
    buttons[-1].click()
    page.wait_for_selector(".o_form_view .o_event_job_progress")
    someone.settle()


@pytest.mark.parametrize("lang", WIDER)
def test_own_reports_are_cards(person, failure, lang):
    someone = person(lang=lang, width=390)
    page = someone.page
    someone.open("event_sourcing_report_xlsx.event_report_action")
    page.locator(".modal button[name=action_my_reports]:visible").click()
    page.wait_for_selector(".o_kanban_record:not(.o_kanban_ghost)")
    someone.settle()
    someone.shot("reports")
    assert page.evaluate(TOO_WIDE) <= 0
    assert not page.evaluate(CUT)

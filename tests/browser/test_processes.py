"""A process and its timeout, as a manager reads them: words, no JSON."""

import json

import psycopg2
import pytest
from support.languages import LANGUAGES

WORDS = {
    "en_US": ("Processes", "What It Remembers", "Timeouts", "Scheduled On"),
    "ja_JP": ("プロセス", "記憶している内容", "タイムアウト", "予定された日時"),
}
INSTANCE = """
    INSERT INTO event_process_instance (subscription_id, company_id, key, state, events, ended)
    SELECT sub.id, event.company_id, event.aggregate_id, %s, %s, false
      FROM event_subscription AS sub, event_store AS event
     WHERE sub.consumer = 'trip.process' AND event.id = %s
 RETURNING id
"""
TIMEOUT = """
    INSERT INTO event_process_timeout (instance_id, event_type, due, payload, cause_uuid,
                                       correlation_id, number)
    VALUES (%s, 'PaymentOverdue', '2030-01-01', %s, '1', '1', 1)
"""


@pytest.fixture(scope="session")
def trip(server):
    """Let the toy process have one instance, whoever passes on events here."""
    _uid, call = server.login("admin", "admin")
    answer = call("event.store", "append", "trip", "TRIP-9", "TripBooked", {"note": "by bus"})
    connection = psycopg2.connect(dbname=server.database)
    with connection, connection.cursor() as cr:
        state = {"seats": 2, "note": "by bus", "paid": False, "on": "2026-02-01"}
        events = {"ids": [answer["id"]]}
        cr.execute(INSTANCE, [json.dumps(state), json.dumps(events), answer["id"]])
        cr.execute(TIMEOUT, [cr.fetchone()[0], json.dumps({"trip": "TRIP-9"})])
    connection.close()
    return "TRIP-9"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_process_and_its_timeout(person, trip, lang):
    processes, remembers, timeouts, scheduled = WORDS[lang]
    someone = person(lang=lang)
    page = someone.page
    for action, title, word in (
        ("instance", processes, remembers),
        ("timeout", timeouts, scheduled),
    ):
        someone.open(f"event_sourcing_feed.event_process_{action}_action")
        assert title in page.locator(".o_breadcrumb").inner_text()
        page.locator(".o_data_row", has_text=trip).locator("td").nth(1).click()
        page.wait_for_selector(".o_form_view")
        someone.settle()
        someone.shot(action)
        text = page.locator(".o_form_view").inner_text()
        assert word.lower() in text.lower()
        assert "Trip: TRIP-9" in text or "Note: by bus" in text
        assert "{" not in text

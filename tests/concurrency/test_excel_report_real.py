"""An Excel report in chunks that really commit: after a kill, and when it is cancelled."""

import base64
import io
import threading
import uuid
import xmlrpc.client
from datetime import date

import openpyxl
import pytest

from odoo.modules.registry import Registry
from odoo.tools import config

from odoo.addons.event_sourcing_report_xlsx.models import event_job_excel

pytestmark = pytest.mark.fills
DAY = date(2031, 5, 6)


def database():
    name = config["db_name"]
    return name[0] if isinstance(name, list) else name


@pytest.fixture
def tag():
    return f"xl-{uuid.uuid4().hex[:8]}"


def event(key, day=DAY):
    return {
        "model_name": "counter",
        "aggregate_id": key,
        "event_type": "Added",
        "payload": {"amount": 1},
        "timestamp": f"{day} 12:00:00",
    }


def keys_in(report):
    book = openpyxl.load_workbook(io.BytesIO(base64.b64decode(report)), read_only=True)
    (sheet,) = (sheet for sheet in book if sheet.title.startswith("Events "))
    return [row[3] for row in sheet.iter_rows(min_row=2, values_only=True)]


@pytest.fixture
def job(env, tag, monkeypatch):
    """Give a way to look anew at a committed report of 50 events in chunks of 10."""
    monkeypatch.setattr(Registry(database())["event.job"], "_report_chunk", 10)
    monkeypatch.setattr(event_job_excel, "SYNC_LIMIT", 1)
    day = date(2032, 1 + int(tag[3], 16) % 12, 1 + int(tag[4], 16))
    first = env()
    first["event.store"].append_batch([event(f"{tag}-{n:02}", day) for n in range(50)])
    action = first["event.job"]._request_report(["counter"], day, day)
    first.cr.commit()
    return lambda: env()["event.job"].browse(action["res_id"])


def test_any_process_goes_on_with_the_next_chunk(job, env, tag):
    assert job()._work_once()
    assert job()._work_once()
    assert (job().state, job().position, job().done) == ("running", 2, 20)
    # What is recorded meanwhile is not what was asked for.
    late = env()
    late["event.store"].append_batch([event(f"{tag}-late")])
    late.cr.commit()
    env()["event.job"]._run_waiting()  # as the scheduler calls it
    after = job()
    assert (after.state, after.done, after.message) == ("done", after.total, False)
    mine = [key for key in keys_in(after.report) if key.startswith(tag)]
    assert mine == [f"{tag}-{n:02}" for n in range(50)]
    assert not after.env["event.report.chunk"].search([("job_id", "=", after.id)])


def test_cancel_from_elsewhere_stops_it(job):
    assert job()._work_once()
    stopping = job()
    stopping.cancel()
    stopping.env.cr.commit()
    assert not job()._work_once()
    assert (job().state, job().done, job().report_name) == ("cancelled", 10, False)


def test_after_kill_9_the_next_server_goes_on_where_it_was(tag, odoo_server):
    server = odoo_server(workers=0)
    _uid, call = server.login("admin", "admin")
    keys = [f"{tag}-{number:05}" for number in range(9000)]
    for start in range(0, len(keys), 1000):
        call("event.store", "append_batch", [event(key) for key in keys[start : start + 1000]])
    entries = call("event.handler", "search", [("model_name", "=", "counter")])
    days = {"date_from": str(DAY), "date_to": str(DAY)}
    wizard = call("event.report", "create", {**days, "entry_ids": [(6, 0, entries)]})
    action = call("event.report", "action_report", [wizard])
    job_id = action["res_id"]

    def kill_early():
        _uid, look = server.login("admin", "admin")
        while not look("event.job", "read", [job_id], ["done"])[0]["done"]:
            pass
        server.kill()

    killer = threading.Thread(target=kill_early)
    killer.start()
    with pytest.raises((OSError, xmlrpc.client.Error)):
        while call("event.job", "poll", [job_id])["under_way"]:
            pass
    killer.join()
    server.start()
    before = call("event.job", "read", [job_id], ["state", "done", "total"])[0]
    assert (before["state"], 0 < before["done"] < before["total"]) == ("running", True)
    while call("event.job", "poll", [job_id])["under_way"]:
        pass
    after = call("event.job", "read", [job_id], ["state", "done", "total", "report"])[0]
    assert (after["state"], after["done"]) == ("done", after["total"])
    assert [key for key in keys_in(after["report"]) if key.startswith(tag)] == keys

"""Imports and exports that really commit: killed, run again, and into another database."""

import base64
import gzip
import json
import os
import re
import signal
import subprocess
import threading
import time
import uuid
import xmlrpc.client
from pathlib import Path

import pytest
from support.durable import DurableCluster
from support.partitioned import engine_template

from odoo.modules.registry import Registry
from odoo.tools import mute_logger

pytestmark = pytest.mark.fills
ROWS = 6_000
ROWS_OF_SEVERAL_TURNS = 20_000  # more than a watched job is worked on at a time
AGGREGATES = 600


@pytest.fixture
def tag():
    return f"imp-{uuid.uuid4().hex[:8]}"


def history(tag, rows=ROWS):
    """Return JSON Lines about many counters, each row with a UUID or none by turns."""
    lines = []
    for number in range(rows):
        line = {
            "model_name": "counter",
            "aggregate_id": f"{tag}-{number % AGGREGATES}",
            "event_type": "Added",
            "payload": {"amount": number, "note": "東京"},
            "timestamp": "2026-01-31 09:30:00",
        }
        if number % 2:
            line["event_uuid"] = f"{tag}-{number}"
        lines.append(json.dumps(line, ensure_ascii=False))
    return "\n".join(lines) + "\n"


def command(name, *arguments, environment=None, database=None):
    """Return one of Odoo's commands, started."""
    return subprocess.Popen(
        [
            *(os.environ["ES_PYTHON"], os.environ["ES_LAUNCHER"]),
            *(f"--addons-path={os.environ['ES_ADDONS_PATH']}", name),
            *("-d", database or os.environ["ES_DB"], "--data-dir", os.environ["ES_DATA"]),
            *map(str, arguments),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env=environment,
    )


def said(process, code=0):
    """Return what a command said, once it ended as it should."""
    output, _errors = process.communicate(timeout=300)
    assert process.returncode == code, output
    return output


def check_complete(env, tag, rows=ROWS):
    """Check that each row is stored exactly once, without holes, folded as they say."""
    cr = env().cr
    cr.execute(
        "SELECT aggregate_id, count(*), max(version), sum((payload->>'amount')::int)"
        "  FROM event_store WHERE aggregate_id LIKE %s GROUP BY 1",
        [f"{tag}-%"],
    )
    found = {key: tuple(map(int, values)) for key, *values in cr.fetchall()}
    expected = {}
    for number in range(rows):
        key = f"{tag}-{number % AGGREGATES}"
        count, last, total = expected.get(key, (0, 0, 0))
        expected[key] = count + 1, last + 1, total + number
    assert found == expected
    cr.execute(
        "SELECT aggregate_id, total FROM counter_snapshot WHERE aggregate_id LIKE %s",
        [f"{tag}-%"],
    )
    assert dict(cr.fetchall()) == {key: total for key, (_c, _v, total) in expected.items()}


def test_after_kill_9_the_next_server_goes_on_where_it_was(tag, odoo_server):
    server, rows = odoo_server(workers=0), ROWS_OF_SEVERAL_TURNS
    _uid, call = server.login("admin", "admin")
    content = base64.b64encode(gzip.compress(history(tag, rows).encode())).decode()

    def start():
        wizard = call("event.import", "create", {"file": content, "file_name": "h.gz"})
        return call("event.import", "action_import", [wizard])["res_id"]

    def counts():
        names = ["state", "stored_count", "known_count", "done", "total", "message"]
        return call("event.job", "read", [job_id], names)[0]

    job_id = start()
    kills = 0
    for stage in ("done", "stored_count"):
        before = counts()
        # A process that ends twice in one place is not tried again.
        while not counts()[stage] or counts() == before:
            call("event.job", "poll", [job_id])
        assert counts()["state"] == "running"
        killer = threading.Timer(0.2, server.kill)
        killer.start()
        with pytest.raises((OSError, xmlrpc.client.Error)):
            while call("event.job", "poll", [job_id])["under_way"]:
                pass
            killer.join()
            call("event.job", "poll", [job_id])
        kills += 1
        server.start()
    assert (kills, counts()["state"]) == (2, "running")
    while call("event.job", "poll", [job_id])["under_way"]:
        pass
    after = counts()
    assert (after["state"], after["stored_count"], after["known_count"]) == ("done", rows, 0), after
    assert (after["done"], after["total"]) == (rows, rows)
    domain = [["aggregate_id", "=like", f"{tag}-%"]]
    assert call("event.store", "search_count", domain) == rows
    assert call("event.stream", "search_count", domain) == AGGREGATES
    job_id = start()
    while call("event.job", "poll", [job_id])["under_way"]:
        pass
    after = counts()
    assert (after["state"], after["stored_count"], after["known_count"]) == ("done", 0, rows)


def test_the_command_goes_on_after_kill_9_and_stores_nothing_twice(env, tag, tmp_path):
    file = tmp_path / "history.jsonl"
    file.write_text(history(tag))
    assert f"{ROWS} events can be stored" in said(command("event_import", file, "--check"))

    def stored():
        with Registry(os.environ["ES_DB"]).cursor() as cr:
            cr.execute("SELECT count(*) FROM event_store WHERE aggregate_id LIKE %s", [f"{tag}-%"])
            return cr.fetchone()[0]

    assert stored() == 0
    process = command("event_import", file, "--user", "admin")
    deadline = time.monotonic() + 120
    while not stored():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert 0 < stored() < ROWS
    # The scheduler does not know the file: it leaves the job to the command.
    env()["event.job"]._run_waiting()
    before = stored()
    assert before < ROWS
    output = said(command("event_import", file, "--user", "admin"))
    assert "goes on" in output
    assert f"{ROWS} events stored, 0 were stored before, 0 rows refused." in output
    check_complete(env, tag)
    output = said(command("event_import", file, "--user", "admin"))
    assert f"0 events stored, {ROWS} were stored before" in output


def test_the_command_names_refused_lines(tag, tmp_path):
    file = tmp_path / "history.csv"
    head = "model_name,aggregate_id,event_type,timestamp,payload.amount\n"
    file.write_text(f"{head}counter,{tag},Added,2026-01-31,1\ncounter,{tag},Added,soon,2\n")
    output = said(command("event_import", file), code=1)
    assert "line 3: 'soon' is not a valid date and time" in output
    assert "0 events stored" in output
    assert "cannot be read" in said(command("event_import", tmp_path / "none.csv"), code=1)
    assert "Nobody has the login" in said(command("event_import", file, "--user", "x"), code=1)


def test_two_imports_of_one_file_at_once_store_it_once(env, tag, tmp_path):
    file = tmp_path / "history.jsonl"
    file.write_text(history(tag))
    both = [command("event_import", file)]
    while not env()["event.job"].search_count([("file_path", "=", str(file))]):
        assert both[0].poll() is None
        time.sleep(0.5)
    both.append(command("event_import", file))
    outputs = [said(process) for process in both]
    assert all("0 rows refused" in output for output in outputs)
    check_complete(env, tag)


STORED = """
    SELECT event.model_name, event.aggregate_id, event.version, event_type, payload::text,
           timestamp, event.event_uuid, correlation_id, causation_id, schema_version, outcome,
           error_class, error_message, content_hash, broken_rule, error_fingerprint, attempt_uuid,
           event.create_date, person.login, company.name,
           (SELECT failed.event_uuid FROM event_store AS failed
             WHERE failed.id = event.failed_event_id)
      FROM event_store AS event JOIN res_users AS person ON person.id = event.create_uid
      JOIN res_company AS company ON company.id = event.company_id
     WHERE event.model_name IN ('ticket', 'parcel', 'parcel.old') ORDER BY event.event_uuid
"""
SNAPSHOTS = """
    SELECT model_name, aggregate_id, version, state::text, last_event_type, last_event_date
      FROM event_snapshot WHERE model_name IN ('ticket', 'parcel') ORDER BY 1, 2
"""


@pytest.fixture(scope="module")
def second():
    """A second database in a cluster of its own, with an empty store."""
    series = os.environ["ES_SERIES"]
    cluster = DurableCluster(
        f"postgres-import-{series}", Path(os.environ["ES_PYTHON"]), "the tests"
    )
    try:
        cluster.start()
        cluster.restore("second", dict(os.environ), engine_template())
        with cluster.connect("second").cursor() as cr:
            cr.execute(
                """
                ALTER TABLE event_store DISABLE TRIGGER event_store_append_only;
                DELETE FROM event_store;
                ALTER TABLE event_store ENABLE ALWAYS TRIGGER event_store_append_only;
                DELETE FROM event_stream;
                DELETE FROM event_snapshot;
                DELETE FROM ir_config_parameter WHERE key = 'event_sourcing.transfer_key';
                """
            )
        yield cluster
    finally:
        cluster.durable = False  # its data go
        cluster.stop()


def test_export_into_an_empty_second_database(env, second, tag, tmp_path):
    own = env()
    own["ir.config_parameter"].set_param("event_sourcing.transfer_key", "first's secret")
    store = own["event.store"].with_context(lang="ja_JP")
    with mute_logger("odoo.addons.event_sourcing.models.event_store_failure"):
        for number in range(300):
            payload = {"title": "" if number % 3 == 0 else f"破損 {number}", "price": number / 7}
            store.append("ticket", f"{tag}-{number % 50}", "Opened", payload)
        store.append("parcel.old", f"{tag}-P", "Measured", {"pounds": 3}, schema_version=1)
        store.append("parcel", f"{tag}-P", "Weighed", {"wrong": 1})
    own.cr.commit()
    file = tmp_path / "events.jsonl.gz"
    types = ("--model-name", "ticket", "--model-name", "parcel")
    assert "events exported" in said(command("event_export", file, *types))
    with gzip.open(file, "rt") as unpacked:
        assert re.search("[ぁ-ん]", unpacked.read())

    there = {"environment": {**os.environ, **second.environment}, "database": "second"}
    output = said(command("event_import", file, **there), code=1)
    assert "was not exported by this database" in output
    output = said(command("event_import", file, "--trust", **there))
    assert "0 were stored before, 0 rows refused" in output
    here, connection = env().cr, second.connect("second")
    with connection.cursor() as cr:
        for query in (STORED, SNAPSHOTS):
            here.execute(query)
            cr.execute(query)
            rows = here.fetchall()
            assert len(rows) > 50
            assert cr.fetchall() == rows
        cr.execute("SELECT DISTINCT outcome FROM event_store")
        outcomes = {row[0] for row in cr.fetchall()}
        assert outcomes == {"applied", "rejected", "failed", "logged"}
    again = tmp_path / "again.jsonl.gz"
    said(command("event_export", again, *types, **there))
    lines = [gzip.decompress(path.read_bytes()).split(b"\n")[1:-2] for path in (file, again)]
    assert lines[0] == lines[1]

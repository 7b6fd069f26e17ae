"""Seals over events that are really committed; what tampering with them comes to."""

import subprocess
import sys
import time
from pathlib import Path

TOOL = Path(__file__).parents[2] / "tools" / "check_seals.py"


def append(env, key, amount=1):
    """Append and commit; return the id of the event."""
    own = env()
    event = own["event.store"].append(
        "counter", key, "Added", {"amount": amount, "note": "傷\t\\n"}
    )
    own.cr.commit()
    return event["id"]


def seal(env, patient=True):
    """Seal what is there; transactions of other databases on the server are waited for."""
    own, deadline = env(), time.monotonic() + 60
    waiting = True
    while waiting:
        own["event.seal"]._seal_all()
        own.cr.rollback()
        waiting = own["event.seal"].search_count([("state", "=", "waiting")])
        own.cr.rollback()
        waiting = waiting and patient and time.monotonic() < deadline
        time.sleep(0.2 if waiting else 0)


def newest(env):
    return env()["event.seal"].search([], limit=1)


def tampered(env, *statements):
    """Return what Verify says after statements of the table's owner, triggers off; undone."""
    own = env()
    for table in ("event_store", "event_seal"):
        own.cr.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    for statement, *values in statements:
        own.cr.execute(statement, values)
        assert own.cr.rowcount
    found = own["event.seal"].verify()
    own.cr.rollback()
    return found


def told_by_tool(env, folder, *statements):
    """Return what the program says of a backup after statements as for :func:`tampered`."""
    own, dump = env(), folder / "backup.sql"
    for table in ("event_store", "event_seal"):
        own.cr.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    for statement, *values in statements:
        own.cr.execute(statement, values)
    with dump.open("w", encoding="utf-8") as out:
        for table in ("event_seal", "event_store"):
            own.cr.execute(f"SELECT * FROM {table} LIMIT 0")
            names = ", ".join(column.name for column in own.cr.description)
            out.write(f"COPY public.{table} ({names}) FROM stdin;\n")
            own.cr.copy_expert(f"COPY {table} TO STDOUT", out)
            out.write("\\.\n")
        for table in ("event_seal", "event_store"):
            own.cr.execute(f"SELECT last_value FROM {table}_id_seq")
            (last,) = own.cr.fetchone()
            out.write(f"SELECT pg_catalog.setval('public.{table}_id_seq', {last}, true);\n")
    own.cr.rollback()
    return run_tool(dump)


def run_tool(*arguments):
    return subprocess.run(
        [sys.executable, "-I", str(TOOL), *map(str, arguments)], capture_output=True, text=True
    )

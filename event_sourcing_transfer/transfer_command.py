"""Import and export on the server's command line: files of any size, read as a stream.

Whoever works here has the database; an import runs with full rights unless a user is
named. From an Odoo shell::

    from odoo.addons.event_sourcing_transfer.transfer_command import export_file, import_file

    import_file(env, "/srv/history.csv", dry_run=True)
"""

import gzip
import logging
import sys
import time
from datetime import date
from pathlib import Path

from odoo import _, api
from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.tools import config

from odoo.addons.event_sourcing_base.from_code import FromCode

from .transfer_format import chained, end_line, head_line

_logger = logging.getLogger(__name__)

SECONDS = 2.0
LISTED = 1000


def connected(login, work):
    """Return ``work(env)`` for the database in Odoo's configuration.

    The program ends with a sentence where there is none, or for a clear refusal.

    :param str login: of a user whose rights count; None for OdooBot and all rights
    """
    names = config["db_name"]
    name = names[0] if isinstance(names, list) and names else names
    if not name:
        sys.exit("Say which database: -d DATABASE.")
    registry = Registry(name)
    if "event.store" not in registry:
        sys.exit(f"The addon event_sourcing is not installed in {name}.")
    with registry.cursor() as cr:
        env = api.Environment(cr, api.SUPERUSER_ID, {})
        if login:
            user = env["res.users"].search([("login", "=", login)])
            if not user:
                sys.exit(f"Nobody has the login {login}.")
            env = env(user=user.id, su=False, context={"lang": user.lang})
    try:
        return work(env)
    except UserError as error:
        sys.exit(str(error))


def import_file(env, path, dry_run=False, say=print, **options):
    """Import a file of this machine; an import of it that was interrupted goes on.

    Works in transactions of its own, committed chunk by chunk.

    :param env: whose name the events are recorded in, with which rights
    :param path: JSON Lines or CSV, also packed with gzip
    :param bool dry_run: only check the file
    :param say: takes each line of the report
    :param options: as for :meth:`event.job._request_import`; an unknown one is a TypeError
    :return: whether all went well: nothing was refused
    """
    path = Path(path).resolve()
    with env.registry.cursor() as cr:
        jobs = env(cr=cr)["event.job"]
        job, under_way = jobs._request_import(str(path), path.name, dry_run, **options)
        job_id = job.id
    if under_way:
        say("It was begun before and goes on.")
    told, working = None, True
    while working:
        with env.registry.cursor() as cr:
            job = env(cr=cr)["event.job"].browse(job_id).sudo()
            job.with_context(from_command_line=FromCode(True))._work(SECONDS)
        with env.registry.cursor() as cr:
            progress = env(cr=cr)["event.job"].browse(job_id).sudo()._progress()
        working = progress["under_way"]
        if working and progress["text"] != told:
            told = progress["text"]
            say(f"{progress['percent']} %: {told}")
        elif working:
            time.sleep(SECONDS)  # somebody else works on it
    with env.registry.cursor() as cr:
        return _report(env(cr=cr)["event.job"].browse(job_id).sudo(), say)


def _report(job, say):
    """Say what came of an import; return whether all went well."""
    for refusal in job.refusal_ids[:LISTED]:
        say(f"line {refusal.line}: {refusal.reason}")
    if job.refused_count > LISTED:
        say(f"… and {job.refused_count - LISTED} more.")
    stored = (
        f"{job.storable_count} events can be stored"
        if job.dry_run
        else f"{job.stored_count} events stored"
    )
    say(f"{stored}, {job.known_count} were stored before, {job.refused_count} rows refused.")
    for text in (job.message, job.unhandled_text):
        if text:
            say(text)
    return job.state == "done" and not job.refused_count


def export_file(
    env, path, model_names=(), date_from=None, date_to=None, period="recorded", tz="UTC"
):
    """Write the events of a period into a file, packed where its name ends in .gz.

    All is of one moment; memory holds a chunk. A file that is not complete is removed.

    :param env: with whose rights
    :param list model_names: aggregate types, all where empty
    :param date_from: first day as text or date, None for no first day
    :param date_to: last day, likewise
    :param str period: ``recorded`` or ``happened``: which time counts
    :param str tz: in which days begin
    :return: how many events the file holds
    :raise UserError: for a day that is none, a period that ends before it begins, or where
        events of the period are in an archive
    """
    path = Path(path)
    days = [_day(value) for value in (date_from, date_to)]
    options = {"period": period, "date_from": days[0], "date_to": days[1], "tz": tz}
    options["model_names"] = sorted(model_names)
    part = path.with_name(f"{path.name}.part")
    until = _settled(env, options)
    try:
        with env.registry.cursor() as cr:
            own = env(cr=cr)
            key = own["event.import.line"]._key()
            with (gzip.open if path.suffix == ".gz" else open)(part, "wb") as file:
                count = _write(own["event.export.content"], options, key, file, until)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return count


def _day(value):
    """Return a day as text, None where none was given."""
    try:
        return str(date.fromisoformat(str(value))) if value else None
    except ValueError as error:
        raise UserError(
            _("%(value)s is not a valid day; write it like 2026-01-31.", value=value)
        ) from error


def _settled(env, options):
    """Return up to when an export goes, once nobody can record events before that."""
    ours, told = (), False
    if not env.cr.closed:  # of an Odoo shell; what it has not committed is not waited for
        env.cr.execute("SELECT pg_backend_pid()")
        ours = env.cr.fetchone()
    with env.registry.cursor() as cr:
        content = env(cr=cr)["event.export.content"]
        content._check_days(options["date_from"], options["date_to"])
        until = content._until(options)
    while True:
        # In a transaction that is over before the events are read.
        with env.registry.cursor() as cr:
            since = env(cr=cr)["event.export.content"]._older_writer(until, ours)
        if not since:
            return until
        if not told:
            _logger.warning("Waiting for a transaction that has been open since %s UTC.", since)
        told = True
        time.sleep(1)


def _write(content, options, key, file, until, limit=2000):
    content._check_whole(options)
    domain = content._domain(options, until)
    store = content.env["event.store"]
    last = store.search(domain, order="id desc", limit=1).id or 0
    about = {name: options[name] for name in ("period", "date_from", "date_to")}
    about["recorded_until"] = f"{until}Z"
    digest, count, after = "", 0, 0

    def write(line):
        nonlocal digest
        digest = chained(digest, line)
        file.write(line + b"\n")

    write(head_line(key, about).encode())
    while ids := content._next_ids(domain, after, last, limit):
        for line in content._lines(ids):
            write(line)
        count, after = count + len(ids), ids[-1]
        content.env.invalidate_all()
    file.write(end_line(key, digest, count).encode() + b"\n")
    return count

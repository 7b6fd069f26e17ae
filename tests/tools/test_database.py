"""A PostgreSQL of our own, and databases that are whole or made again."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tools import cluster, database, layout, postgres, run
from tools.say import Stop
from tools.sql import query

PYTHON = Path(sys.executable)


@pytest.fixture
def own(monkeypatch):
    """Make clusters in a folder of their own; those still running are stopped."""
    # Not pytest's: PostgreSQL's own user must be let through to it.
    layout.RUN.mkdir(exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="tools-", dir=layout.RUN))
    monkeypatch.setattr(cluster, "RUN", scratch)
    monkeypatch.setattr(cluster, "LOG", scratch / "log")
    made = []

    def make(durable=True, source=None, name="pg"):
        one = cluster.Cluster(name, PYTHON, "make run", durable, source)
        made.append(one)
        return one

    yield make
    for one in made:
        one.stop()
    shutil.rmtree(scratch)


@pytest.fixture(scope="module")
def server():
    """One cluster for all tests that only want a database: making one takes seconds."""
    layout.RUN.mkdir(exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="tools-", dir=layout.RUN))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster, "RUN", scratch)
        patch.setattr(cluster, "LOG", scratch / "log")
        one = cluster.Cluster("pg", PYTHON, "make run", False)  # waits for no disk
        one.start()
        try:
            yield one
        finally:
            one.stop()
            shutil.rmtree(scratch)


@pytest.fixture
def demo(server, tmp_path, monkeypatch):
    """A database whose Odoo only notes what it was asked to do; it is not there yet."""
    query(PYTHON, server.environment, "postgres", "DROP DATABASE IF EXISTS demo")
    monkeypatch.setattr(database.odoo, "launcher", lambda *_args: "launcher")
    monkeypatch.setattr(database.odoo, "RUN", tmp_path)
    asked = []

    class Source:
        series = "17.0"

    class Fake(database.Database):
        def run_odoo(self, *arguments):
            asked.append(arguments[0])
            if arguments[0] == "-i":
                states = "AS SELECT 'event_sourcing' AS name, 'installed' AS state"
                self._sql(self.name, f"CREATE TABLE ir_module_module {states}")

    one = Fake("demo", server, PYTHON, Source, [])
    one.asked = asked
    return one


def test_one_that_is_complete_is_left_alone(demo):
    demo.ensure(["event_sourcing"])
    demo.ensure(["event_sourcing"])
    assert demo.asked == ["-i"]


def test_one_whose_making_was_interrupted_is_made_again(demo, monkeypatch, capsys):
    def interrupted(*_args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(demo, "run_odoo", interrupted)
        with pytest.raises(KeyboardInterrupt):
            demo.ensure(["event_sourcing"])
    demo.ensure(["event_sourcing"])
    assert demo.asked == ["-i"]
    assert "An earlier start was interrupted" in capsys.readouterr().out


def test_changed_addons_are_updated_once(demo, monkeypatch):
    demo.ensure(["event_sourcing"])
    monkeypatch.setattr(database, "code_hash", lambda: "other")
    demo.ensure(["event_sourcing"])
    demo.ensure(["event_sourcing"])
    assert demo.asked == ["-i", "-u"]


def test_where_odoo_set_up_nothing_its_last_words_are_said(demo, monkeypatch, tmp_path):
    monkeypatch.setattr(demo, "run_odoo", lambda *_args: None)
    monkeypatch.setattr(database, "LOG", tmp_path)
    demo.log.write_text("It could not begin")
    with pytest.raises(Stop, match=r"ir_module_module.*\n.*It could not begin"):
        demo.ensure(["event_sourcing"])


def test_what_odoo_silently_left_out_is_said(demo):
    with pytest.raises(Stop, match=r"17\.0 did not install rental_event_sourcing"):
        demo.ensure(["event_sourcing", "rental_event_sourcing"])
    demo.ensure(["event_sourcing"])
    assert demo.asked == ["-i", "-i"]


def test_a_database_of_the_user_is_never_taken_for_ours(demo, monkeypatch):
    query(PYTHON, demo.server.environment, "postgres", "CREATE DATABASE demo")
    monkeypatch.setattr(type(demo.server), "ours", False)
    with pytest.raises(Stop, match=r"demo exists and was not made by this command: .* DB="):
        demo.ensure(["event_sourcing"])
    assert demo.asked == []


def test_a_restored_one_on_our_own_server_is_not_thrown_away(demo):
    """It has no comment, as one whose making was interrupted at once: but something is in it."""
    query(PYTHON, demo.server.environment, "postgres", "CREATE DATABASE demo")
    query(PYTHON, demo.server.environment, "demo", "CREATE TABLE mine AS SELECT 1 AS kept")
    for fresh in (False, True):
        with pytest.raises(Stop, match="demo exists and was not made by this command"):
            demo.ensure(["event_sourcing"], fresh)
    assert query(PYTHON, demo.server.environment, "demo", "SELECT kept FROM mine") == [["1"]]
    query(PYTHON, demo.server.environment, "demo", "DROP TABLE mine")
    demo.ensure(["event_sourcing"])
    assert demo.asked == ["-i"]


@pytest.mark.parametrize(
    "table",
    [
        "event_store (id int, attempt_uuid text)",
        "event_store (id int, timezone text)",
        "event_stream (id int, version int)",
    ],
)
def test_one_of_an_earlier_version_is_not_updated(demo, table, monkeypatch):
    demo.ensure(["event_sourcing"])
    query(PYTHON, demo.server.environment, "demo", f"CREATE TABLE {table}")
    demo.ensure(["event_sourcing"])  # nothing to do
    monkeypatch.setattr(database, "code_hash", lambda: "other")
    for name, command in ((None, "make run FRESH=yes"), ("demo", "make run DB=demo FRESH=yes")):
        monkeypatch.setenv("DB", name) if name else monkeypatch.delenv("DB", raising=False)
        with pytest.raises(Stop) as told:
            demo.ensure(["event_sourcing"])
        assert str(told.value).startswith(
            "The database demo was made by an earlier version, from which there is no migration:"
            f" '{command}' throws it away"
        )
    assert demo.asked == ["-i"]
    demo.ensure(["event_sourcing"], fresh=True)
    demo.ensure(["event_sourcing"])
    assert demo.asked == ["-i", "-i"]
    name = table.partition(" ")[0]
    gone = query(PYTHON, demo.server.environment, "demo", f"SELECT to_regclass('{name}')")
    assert gone == [[None]]


def test_one_of_this_version_is_updated(demo, monkeypatch):
    demo.ensure(["event_sourcing"])
    for table in (
        "event_store (id int, timezone text, attempt_uuid text, origin text)",
        "event_stream (id int, company_id int)",
    ):
        query(PYTHON, demo.server.environment, "demo", f"CREATE TABLE {table}")
    monkeypatch.setattr(database, "code_hash", lambda: "other")
    demo.ensure(["event_sourcing"])
    assert demo.asked == ["-i", "-u"]


def test_an_update_that_fails_names_the_way_out(demo, monkeypatch):
    demo.ensure(["event_sourcing"])
    monkeypatch.setattr(database, "code_hash", lambda: "other")

    def fail(*_arguments):
        raise Stop("Odoo could not set up the database.")

    monkeypatch.setattr(demo, "run_odoo", fail)
    with pytest.raises(Stop, match=r"(?s)^Odoo could not .* an earlier version .* FRESH=yes"):
        demo.ensure(["event_sourcing"])


def test_one_of_somebody_elses_stays_when_a_fresh_one_is_asked_for(demo, monkeypatch):
    query(PYTHON, demo.server.environment, "postgres", "CREATE DATABASE demo")
    monkeypatch.setattr(type(demo.server), "ours", False)
    with pytest.raises(Stop, match=r"demo exists and was not made by this command: .* DB="):
        demo.ensure(["event_sourcing"], fresh=True)
    assert demo.asked == []


@pytest.mark.parametrize(
    ("text", "fresh"), [(None, False), ("", False), ("no", False), ("yes", True)]
)
def test_who_wants_a_fresh_one_says_so(text, fresh):
    assert run.wants_fresh({} if text is None else {"FRESH": text}) is fresh
    with pytest.raises(Stop, match=r"FRESH is YES: write FRESH=yes"):
        run.wants_fresh({"FRESH": "YES"})


def test_one_is_removed_although_somebody_is_connected(demo):
    demo.ensure(["event_sourcing"])
    connect = "c = psycopg2.connect(dbname='demo')"
    code = f"import psycopg2, time; {connect}; print(flush=True); time.sleep(60)"
    with subprocess.Popen(
        [PYTHON, "-c", code], env=demo.server.environment, stdout=subprocess.PIPE
    ) as client:
        client.stdout.readline()
        demo.drop("demo")
        client.kill()
    found = query(PYTHON, demo.server.environment, "postgres", "SELECT datname FROM pg_database")
    assert ["demo"] not in found
    assert ["postgres"] in found


@pytest.mark.parametrize("name", ['a"; DROP', "", "x" * 60, "日本"])
def test_a_name_that_is_none_is_said(name):
    with pytest.raises(Stop, match="is no name for a database"):
        database.Database(name, None, None, None, [])


def test_the_hash_follows_content_and_names(tmp_path):
    addon = tmp_path / "addon"
    (addon / "__pycache__").mkdir(parents=True)
    (addon / "code.py").write_text("1")
    first = database.code_hash([addon])
    (addon / "__pycache__" / "code.pyc").write_text("x")
    assert database.code_hash([addon]) == first
    (addon / "code.py").write_text("2")
    second = database.code_hash([addon])
    (addon / "code.py").rename(addon / "other.py")
    assert len({first, second, database.code_hash([addon])}) == 3


def test_odoo_is_no_superuser_and_the_server_only_listens_here(own):
    server = own()
    server.start()
    statement = "SELECT rolsuper, rolcreatedb, current_setting('listen_addresses'),"
    statement += " current_setting('fsync') FROM pg_roles WHERE rolname = current_user"
    (row,) = query(PYTHON, server.environment, "postgres", statement)
    assert row == ["False", "True", "127.0.0.1", "on"]


def test_what_was_written_is_there_after_the_next_start(own):
    first = own()
    first.start()
    query(PYTHON, first.environment, "postgres", "CREATE DATABASE kept")
    first.stop()
    second = own()
    second.start()
    (row,) = query(PYTHON, second.environment, "kept", "SELECT current_database()")
    assert row == ["kept"]


def test_one_that_a_killed_command_left_running_is_taken_over(own, capsys):
    first = own()
    first.start()
    query(PYTHON, first.environment, "postgres", "CREATE DATABASE kept")
    first._lock.close()  # what the kernel does when the command is killed
    first._lock = None
    second = own()
    second.start()
    assert "an interrupted run left behind" in capsys.readouterr().out
    assert query(PYTHON, second.environment, "kept", "SELECT 1") == [["1"]]


def test_the_number_of_a_dead_server_may_be_anybodys(own):
    first = own()
    first.start()
    first.stop()
    bystander = subprocess.Popen(["sleep", "60"])
    (first.data / "postmaster.pid").write_text(f"{bystander.pid}\n{first.data}\n0\n1\n\n\n\n")
    own().start()
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


def test_a_half_made_one_is_made_again(own):
    first = own()
    first.start()
    first.stop()
    (first.folder / "complete").unlink()
    (first.data / "PG_VERSION").unlink()
    second = own()
    second.start()
    assert query(PYTHON, second.environment, "postgres", "SELECT 1") == [["1"]]


def test_a_second_command_joins_or_is_refused(own):
    first, second = own(), own()
    first.start()
    with pytest.raises(Stop, match="'make run' is running already"):
        second.start()
    second.start(join=True)
    assert second.joined
    assert query(PYTHON, second.environment, "postgres", "SELECT 1") == [["1"]]
    second.stop()
    assert query(PYTHON, first.environment, "postgres", "SELECT 1") == [["1"]]


def test_one_for_tests_is_fresh_each_time(own):
    first = own(durable=False)
    first.start()
    query(PYTHON, first.environment, "postgres", "CREATE DATABASE gone")
    first.stop()
    second = own(durable=False)
    second.start()
    assert query(PYTHON, second.environment, "postgres", "SHOW fsync") == [["off"]]
    with pytest.raises(Stop, match="gone"):
        query(PYTHON, second.environment, "gone", "SELECT 1")


def test_one_is_made_as_a_copy_of_a_running_one(own):
    first = own(durable=False)
    first.start()
    query(PYTHON, first.environment, "postgres", "CREATE DATABASE copied")
    query(PYTHON, first.environment, "copied", "CREATE TABLE one AS SELECT pg_current_xact_id() x")
    ((number,),) = query(PYTHON, first.environment, "copied", "SELECT x FROM one")
    second = own(durable=False, source=first, name="pg-copy")
    second.start()
    query(PYTHON, first.environment, "copied", "DROP TABLE one")
    there = "SELECT x, pg_current_xact_id()::text::bigint > x::text::bigint FROM one"
    assert query(PYTHON, second.environment, "copied", there) == [[number, "True"]]


def test_the_servers_processes_are_gone_after_stop(own):
    server = own()
    server.start()
    pid = int((server.data / "postmaster.pid").read_text().split()[0])
    os.kill(pid, 0)
    server.stop()
    deadline = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)


def test_the_users_own_server_is_checked(own, monkeypatch):
    server = own()
    server.start()
    as_postgres = {**server.environment, "PGUSER": "postgres"}
    for name in ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD"):
        monkeypatch.setenv(name, server.environment[name])
    theirs = postgres.server("unused", PYTHON, "make run")
    assert not theirs.ours
    theirs.start()
    query(PYTHON, as_postgres, "postgres", "ALTER ROLE odoo NOCREATEDB")
    with pytest.raises(Stop, match="The role odoo may not create databases"):
        postgres.server("unused", PYTHON, "make run").start()
    monkeypatch.setenv("PGUSER", "postgres")
    with pytest.raises(Stop, match="refuses the database user postgres"):
        postgres.server("unused", PYTHON, "make run").start()
    monkeypatch.setenv("PGPORT", "9")
    with pytest.raises(Stop, match=r"PostgreSQL refused: .*[Cc]onnection"):
        postgres.server("unused", PYTHON, "make run").start()

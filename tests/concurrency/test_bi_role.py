"""The role for BI tools, really connected: it reads the views and nothing else."""

import contextlib

import psycopg2
import pytest
from psycopg2 import errors

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.sql_db import connection_info_for
from odoo.tools import config

VIEWS = ("bi_event", "bi_misoperation", "bi_rental_snapshot")
SECRET = (
    *("event_store", "event_stream", "rental_snapshot", "rental_order", "event_job_file"),
    *("res_users", "res_partner", "ir_config_parameter", "ir_attachment"),
)


@contextlib.contextmanager
def environment():
    name = config["db_name"]
    with Registry(name[0] if isinstance(name, list) else name).cursor() as cr:
        yield api.Environment(cr, SUPERUSER_ID, {"lang": "en_US"})


@pytest.fixture
def reader():
    """Create the role as the wizard does; give a function that connects as it."""
    connections = []
    with environment() as env:
        wizard = env["event.bi.access"].create({})
        assert wizard.may_create, "The role of the tests' database must be allowed CREATE ROLE."
        answer = wizard.action_create()
        password, role = answer["context"]["bi_password"], wizard.role

    def connect(**options):
        with environment() as env:
            _name, info = connection_info_for(env.cr.dbname)
        info = {key: value for key, value in info.items() if key not in ("user", "password")}
        connection = psycopg2.connect(**info, user=role, password=password, **options)
        connections.append(connection)
        return connection

    connect.role, connect.password = role, password
    yield connect
    for connection in connections:
        connection.close()
    with environment() as env:
        env["event.bi"]._drop_reader()


def read(connection, query):
    with connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def test_it_reads_the_views(reader):
    connection = reader()
    for view in VIEWS:
        assert read(connection, f"SELECT count(*) FROM {view}")[0][0] >= 0
    assert read(connection, "SELECT current_user") == [(reader.role,)]


@pytest.mark.parametrize("table", SECRET)
def test_it_reads_no_table(reader, table):
    with pytest.raises(errors.InsufficientPrivilege):
        read(reader(), f"SELECT * FROM public.{table} LIMIT 1")


def test_no_table_of_the_database_is_open_to_it(reader):
    rows = read(
        reader(),
        "SELECT relnamespace::regnamespace::text, relname FROM pg_class"
        " WHERE relkind IN ('r', 'v', 'm', 'p', 'S') AND has_table_privilege(oid, 'SELECT')"
        " AND relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema')",
    )
    assert sorted(rows) == [("event_bi", view) for view in VIEWS]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO event_bi.bi_event (event_id) VALUES (1)",
        "DELETE FROM public.event_store",
        "CREATE TABLE event_bi.mine (id int)",
        "CREATE ROLE another",
        "SET ROLE odoo",
    ],
)
def test_it_changes_nothing_even_when_it_says_it_may_write(reader, statement):
    connection = reader(options="-c default_transaction_read_only=off")
    with pytest.raises((errors.InsufficientPrivilege, errors.ObjectNotInPrerequisiteState)):
        read(connection, statement)


def test_it_is_modest(reader):
    connection = reader()
    assert read(connection, "SHOW default_transaction_read_only") == [("on",)]
    assert read(connection, "SHOW statement_timeout") == [("10min",)]


def test_the_password_is_stored_nowhere(reader):
    with environment() as env:
        wizard = env["event.bi.access"].search([], order="id desc", limit=1)
        assert not wizard.password
        env.cr.execute("SELECT to_jsonb(wizard)::text FROM event_bi_access AS wizard")
        assert reader.password not in str(env.cr.fetchall())


def test_it_still_reads_after_an_update_and_not_after_its_removal(reader):
    with environment() as env:
        env["event.bi"]._create_views()
    connection = reader()
    assert read(connection, "SELECT count(*) FROM bi_event")
    connection.close()
    with environment() as env:
        env["event.bi"]._drop_reader()
        assert not env["event.bi"]._role_exists()
    with pytest.raises(psycopg2.OperationalError):
        reader()

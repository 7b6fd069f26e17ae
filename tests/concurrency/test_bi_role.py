"""The database role of BI tools, as PostgreSQL itself lets it in and refuses it."""

import base64
import hashlib
import hmac
import os
import re
import shutil
import subprocess
from contextlib import closing, contextmanager

import psycopg2
import pytest
from psycopg2 import errors

from odoo.exceptions import UserError
from odoo.tools import config

VIEWS = ("bi_event", "bi_misoperation", "bi_rental_snapshot", "bi_feed", "bi_feed_snapshot")
REFUSED = [
    *(
        f"SELECT * FROM public.{table} LIMIT 1"
        for table in (
            *("event_store", "event_stream", "event_seal", "rental_snapshot", "rental_order"),
            *("res_users", "res_partner", "res_company", "ir_config_parameter", "ir_attachment"),
            *("event_bi_event", "event_bi_attempt", "rental_bi_snapshot"),
        )
    ),
    "SELECT password FROM public.res_users",
    "SELECT nextval('public.event_store_id_seq')",
    "SELECT rolpassword FROM pg_authid",
    "SELECT pg_read_file('/etc/passwd')",
    "INSERT INTO event_bi.bi_event (event_type) VALUES ('x')",
    "INSERT INTO public.event_store (event_type) VALUES ('x')",
    "UPDATE event_bi.bi_event SET event_type = 'x'",
    "DELETE FROM event_bi.bi_rental_snapshot",
    "CREATE TABLE public.mine (id int)",
    "CREATE VIEW event_bi.mine AS SELECT 1",
    "CREATE SCHEMA mine",
    "CREATE ROLE mine",
    "DROP VIEW event_bi.bi_event",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    *(
        f"DO $$ BEGIN LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE; END $$"
        for table in ("public.event_seal", "public.ir_module_module", "event_bi.bi_event")
    ),
    "SET ROLE {owner}",
    "SET SESSION AUTHORIZATION {owner}",
]


def database():
    name = config["db_name"]
    return name[0] if isinstance(name, list) else name


def connect(user, password=None):
    connection = psycopg2.connect(
        host=config["db_host"] or os.environ.get("PGHOST"),
        port=config["db_port"] or os.environ.get("PGPORT"),
        dbname=database(),
        user=user,
        password=password,
    )
    connection.autocommit = True
    return connection


@pytest.fixture(scope="module")
def superuser():
    """Run a statement as the database administrator."""
    try:
        connection = connect("postgres", os.environ.get("PGPASSWORD"))
    except psycopg2.OperationalError as error:
        pytest.skip(f"nobody here may act as PostgreSQL's administrator: {error}")
    with closing(connection), connection.cursor() as cursor:

        def run(statement, *values):
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else None

        with public_closed(run, connection.server_version):
            yield run


@contextmanager
def public_closed(run, server_version):
    """Up to PostgreSQL 14 everybody may create tables; a database with a BI role must not."""
    if server_version >= 150000:
        yield
        return
    ((owner,),) = run(
        "SELECT datdba::regrole::text FROM pg_database WHERE datname = current_database()"
    )
    run("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    run(f"GRANT CREATE ON SCHEMA public TO {owner}")
    yield
    run("GRANT CREATE ON SCHEMA public TO PUBLIC")


@pytest.fixture
def role(env, superuser):
    """The role's name; it is gone before and after."""
    name = env()["event.bi.reader"]._role_name()

    def drop():
        if superuser("SELECT 1 FROM pg_roles WHERE rolname = %s", name):
            superuser(f'DROP OWNED BY "{name}"; DROP ROLE "{name}"')

    drop()
    yield name
    drop()
    assert not superuser("SELECT 1 FROM pg_roles WHERE rolname = %s", name)


@pytest.fixture
def owner(env):
    own = env()
    own.cr.execute("SELECT current_user")
    return own.cr.fetchone()[0]


@pytest.fixture
def may_create(superuser, owner):
    """Odoo's own role may create roles for a while."""
    superuser(f'ALTER ROLE "{owner}" CREATEROLE')
    yield
    superuser(f'ALTER ROLE "{owner}" NOCREATEROLE')


def press(env, action):
    """Press a button as the administrator; return what the dialog is given."""
    own = env()
    wizard = own["event.bi.access"].with_user(own.ref("base.user_admin")).create({})
    context = getattr(wizard, action)()["context"]
    own.cr.commit()
    return context.get("default_shown_password"), context.get("default_shown_script")


def state(env):
    return env()["event.bi.access"].create({}).state


def is_verifier_of(verifier, password):
    """Tell whether a SCRAM verifier was derived from a password, as RFC 5802 says."""
    rounds, salt, stored, _server = re.fullmatch(
        r"SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):(.+)", verifier
    ).groups()
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(salt), int(rounds))
    client = hmac.digest(salted, b"Client Key", "sha256")
    return hashlib.sha256(client).digest() == base64.b64decode(stored)


def check_reads(role, password):
    with closing(connect(role, password)) as connection, connection.cursor() as cursor:
        for view in VIEWS:
            cursor.execute(f"SELECT count(*) FROM {view}")  # no schema: it is on the path
            assert cursor.fetchone()[0] > 0
        for setting, value in (
            ("default_transaction_read_only", "on"),
            ("statement_timeout", "5min"),
        ):
            cursor.execute(f"SHOW {setting}")
            assert cursor.fetchone() == (value,)
        with pytest.raises(errors.ReadOnlySqlTransaction):
            cursor.execute("CREATE TEMPORARY TABLE mine (id int)")


def check_refused(role, password, owner):
    with closing(connect(role, password)) as connection, connection.cursor() as cursor:
        # What a curious user would do first; rights do not depend on it.
        cursor.execute("SET default_transaction_read_only = off")
        for statement in REFUSED:
            try:
                cursor.execute(statement.format(owner=f'"{owner}"'))
            except psycopg2.Error as error:
                # a view of joins refuses a change before anybody asks for the right
                assert error.pgcode in ("42501", "55000"), (statement, error)
            else:
                pytest.fail(f"not refused: {statement}")
        cursor.execute("GRANT SELECT ON event_bi.bi_event TO PUBLIC")  # only warns
        cursor.execute("SELECT has_table_privilege('public', 'event_bi.bi_event', 'SELECT')")
        assert cursor.fetchone() == (False,)


def test_the_role_reads_the_views_and_nothing_else(env, superuser, role, owner, may_create):
    env()["event.store"].append("counter", "bi", "Added", {"amount": 1})
    password, script = press(env, "action_open")
    assert (bool(password), script) == (True, None)
    assert state(env) == "open"
    ((verifier, limit),) = superuser(
        "SELECT rolpassword, rolconnlimit FROM pg_authid WHERE rolname = %s", role
    )
    assert is_verifier_of(verifier, password)
    assert not is_verifier_of(verifier, f"{password}x")
    assert limit == 10
    check_reads(role, password)
    check_refused(role, password, owner)
    assert env()["event.bi.access"].create({}).findings == ""


def test_a_new_password_replaces_the_old_one(env, superuser, role, may_create):
    first, _script = press(env, "action_open")
    second, _script = press(env, "action_open")
    ((verifier,),) = superuser("SELECT rolpassword FROM pg_authid WHERE rolname = %s", role)
    assert first != second
    assert is_verifier_of(verifier, second)
    assert not is_verifier_of(verifier, first)
    check_reads(role, second)


def test_removed_access_is_gone(env, superuser, role, may_create):
    password, _script = press(env, "action_open")
    session = connect(role, password)
    with closing(session), session.cursor() as cursor:
        assert press(env, "action_close") == (None, None)
        with pytest.raises(psycopg2.Error):
            cursor.execute("SELECT count(*) FROM event_bi.bi_event")
    with pytest.raises(psycopg2.OperationalError):
        connect(role, password)
    assert state(env) == "absent"
    assert press(env, "action_close") == (None, None)


def test_what_the_role_made_for_itself_does_not_keep_it(env, superuser, role, may_create):
    password, _script = press(env, "action_open")
    with closing(connect(role, password)) as connection, connection.cursor() as cursor:
        # PostgreSQL lets every role do this, whatever its settings say.
        cursor.execute("SET default_transaction_read_only = off")
        cursor.execute("SELECT lo_from_bytea(0, 'mine')")
        (made,) = cursor.fetchone()
    assert superuser("SELECT 1 FROM pg_largeobject_metadata WHERE oid = %s", made)
    assert press(env, "action_close") == (None, None)
    assert not superuser("SELECT 1 FROM pg_roles WHERE rolname = %s", role)
    assert not superuser("SELECT 1 FROM pg_largeobject_metadata WHERE oid = %s", made)


def test_a_role_that_something_else_names_lets_nobody_in(env, superuser, role, may_create):
    password, _script = press(env, "action_open")
    superuser(f'GRANT CONNECT ON DATABASE postgres TO "{role}"')
    _password, script = press(env, "action_close")
    assert f'DROP ROLE "{role}";' in script
    with pytest.raises(psycopg2.OperationalError):
        connect(role, password)
    again, _script = press(env, "action_open")
    check_reads(role, again)
    press(env, "action_close")
    superuser(f'REVOKE CONNECT ON DATABASE postgres FROM "{role}"')
    assert press(env, "action_close") == (None, None)


def test_without_the_right_the_administrator_gets_a_script_that_works(env, superuser, role, owner):
    assert not env()["event.bi.access"].create({}).may_create
    password, script = press(env, "action_open")
    assert password not in script
    assert state(env) == "absent"
    run_script(script)
    assert state(env) == "open"
    ((verifier,),) = superuser("SELECT rolpassword FROM pg_authid WHERE rolname = %s", role)
    assert is_verifier_of(verifier, password)
    check_reads(role, password)
    check_refused(role, password, owner)
    password, script = press(env, "action_open")
    run_script(script)
    check_reads(role, password)
    _password, script = press(env, "action_close")
    assert state(env) == "absent"
    with closing(connect(role, password)) as connection, connection.cursor() as cursor:
        with pytest.raises(errors.InsufficientPrivilege):
            cursor.execute("SELECT count(*) FROM event_bi.bi_event")
    run_script(script)
    assert not superuser("SELECT 1 FROM pg_roles WHERE rolname = %s", role)


def run_script(script):
    """Run a script as the administrator would: with psql, first connected elsewhere."""
    psql = shutil.which("psql")
    assert psql, "psql belongs to PostgreSQL's programs"
    environment = {**os.environ}
    for name, option in (("PGHOST", "db_host"), ("PGPORT", "db_port")):
        if config[option]:
            environment[name] = str(config[option])
    done = subprocess.run(
        [psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", "postgres"],
        input=script,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_a_role_of_that_name_that_was_not_made_here_is_left_alone(env, superuser, role, may_create):
    superuser(f'CREATE ROLE "{role}"')
    for action in ("action_open", "action_close"):
        with pytest.raises(UserError, match="not made here"):
            press(env, action)


@pytest.mark.parametrize(
    ("opened", "closed", "sentence"),
    [
        (
            "GRANT SELECT ON public.res_company TO PUBLIC",
            "REVOKE SELECT ON public.res_company FROM PUBLIC",
            r"read or write public\.res_company",
        ),
        (
            "GRANT SELECT (name) ON public.res_company TO PUBLIC",
            "REVOKE SELECT (name) ON public.res_company FROM PUBLIC",
            r"read or write public\.res_company",
        ),
        (
            "GRANT CREATE ON SCHEMA public TO PUBLIC",
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
            "create tables in the schema public",
        ),
        (
            "CREATE FUNCTION public.bi_as_owner() RETURNS int LANGUAGE sql SECURITY DEFINER"
            " AS 'SELECT 1'",
            "DROP FUNCTION public.bi_as_owner()",
            r"run bi_as_owner\(\) with its owner's rights",
        ),
    ],
)
def test_where_everybody_can_do_more_no_role_is_made(
    env, superuser, role, may_create, opened, closed, sentence
):
    superuser(opened)
    try:
        with pytest.raises(UserError, match=sentence):
            press(env, "action_open")
        assert not superuser("SELECT 1 FROM pg_roles WHERE rolname = %s", role)
    finally:
        superuser(closed)


def test_a_user_that_was_given_more_is_named_in_the_dialog(env, superuser, role, may_create):
    press(env, "action_open")
    superuser(f'GRANT pg_read_all_data TO "{role}"')
    findings = env()["event.bi.access"].create({}).findings
    assert "act as pg_read_all_data" in findings


def test_where_not_everybody_may_connect_the_role_may(env, superuser, role, owner, may_create):
    superuser(f'REVOKE CONNECT ON DATABASE "{database()}" FROM PUBLIC')
    try:
        password, _script = press(env, "action_open")
        check_reads(role, password)
        assert press(env, "action_close") == (None, None)
    finally:
        superuser(f'GRANT CONNECT ON DATABASE "{database()}" TO PUBLIC')


def test_in_a_copy_the_user_of_the_original_is_shut_out(env, superuser, may_create):
    original = f"{database()}_original"
    superuser(f'CREATE ROLE "{original}" LOGIN PASSWORD %s', "original")
    try:
        superuser(f"COMMENT ON ROLE \"{original}\" IS 'Reads the BI views of the Odoo database x'")
        superuser(f'GRANT USAGE ON SCHEMA event_bi TO "{original}"')
        superuser(f'GRANT SELECT ON ALL TABLES IN SCHEMA event_bi TO "{original}"')
        assert original in env()["event.bi.access"].create({}).readers
        with closing(connect(original, "original")) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM event_bi.bi_event")
            press(env, "action_close")
            with pytest.raises(errors.InsufficientPrivilege):
                cursor.execute("SELECT count(*) FROM event_bi.bi_event")
        assert superuser("SELECT 1 FROM pg_roles WHERE rolname = %s", original)
    finally:
        superuser(f'DROP OWNED BY "{original}"')
        superuser(f'DROP ROLE "{original}"')

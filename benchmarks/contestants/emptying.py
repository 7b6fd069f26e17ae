"""Beginning anew: each measurement finds the same, whatever was measured before."""

TABLES = (
    "event_store",
    "event_stream",
    "event_checkpoint",
    "event_snapshot",
    "event_boundary_state",
    "event_boundary_event",
    "bench_rental_snapshot",
    "bench_naming_snapshot",
    "rental_snapshot",
)
TRIGGERS = """
    SELECT tgname, tgenabled FROM pg_trigger
     WHERE tgrelid = 'event_store'::regclass AND NOT tgisinternal
"""


def empty_store(cursor):
    """Empty the event store and all that refers to it; only the owner of the table can.

    :param cursor: of psycopg2 or Odoo; the caller commits
    """
    cursor.execute(TRIGGERS)
    triggers = cursor.fetchall()
    cursor.execute("ALTER TABLE event_store DISABLE TRIGGER USER")
    cursor.execute(
        "SELECT name FROM unnest(%s) AS name WHERE to_regclass(name) IS NOT NULL", [[*TABLES]]
    )
    there = ", ".join(name for (name,) in cursor.fetchall())
    cursor.execute(f"TRUNCATE {there} CASCADE")
    for name, enabled in triggers:
        if enabled != "D":
            always = "ALWAYS" if enabled == "A" else ""
            cursor.execute(f'ALTER TABLE event_store ENABLE {always} TRIGGER "{name}"')

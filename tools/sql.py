"""Single SQL statements, run by the venv's psycopg2."""

import json
import subprocess

from .say import Stop

RUN_ONE = """
import json, sys, psycopg2
connection = psycopg2.connect(dbname=sys.argv[1], connect_timeout=10)
connection.autocommit = True
cursor = connection.cursor()
cursor.execute(sys.stdin.read())
rows = cursor.fetchall() if cursor.description else []
print(json.dumps([[None if v is None else str(v) for v in row] for row in rows]))
"""


def query(python, environment, database, statement):
    """Run one statement, outside of any transaction.

    :param pathlib.Path python: the venv's
    :param dict environment: with the PG* variables of the server
    :return: a list of rows, each a list of text or None
    :raise Stop: with what PostgreSQL says
    """
    result = subprocess.run(
        [str(python), "-c", RUN_ONE, database],
        input=statement,  # not as an argument: those can be seen by everybody
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        lines = result.stderr.strip().splitlines()
        said = [line.partition(": ")[2] for line in lines if line.startswith("psycopg2")]
        raise Stop(f"PostgreSQL refused: {(said or lines or ['no answer'])[-1]}")
    return json.loads(result.stdout)

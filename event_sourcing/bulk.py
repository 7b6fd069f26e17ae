"""Statements about many rows, composed once for each shape of them.

A column travels as one array: PostgreSQL plans the statement once, whatever the number of
rows, and nothing is composed for each of them.
"""

STAMPS = ("create_uid", "create_date", "write_uid", "write_date")


def insert_rows(table, columns):
    """Return the text of an INSERT of rows in their order, ready for a further clause.

    Its parameters are the columns' values, a list each.

    :param str table: the name of a model's table
    :param columns: list of ``(name, PostgreSQL type)``
    """
    names = ", ".join(f'"{name}"' for name, _kind in columns)
    values = ", ".join(f'row."{name}"::{kind}' for name, kind in columns)
    # jsonb travels as text: an array of documents would be quoted twice.
    arrays = ", ".join(f"%s::{'text' if kind == 'jsonb' else kind}[]" for _name, kind in columns)
    return (
        f'INSERT INTO "{table}" AS stored ({names}) SELECT {values}'
        f" FROM unnest({arrays}) WITH ORDINALITY AS row ({names}, place) ORDER BY place"
    )


def load_states(table):
    """Return the text of a SELECT of states; parameters: aggregate type, list of ids."""
    return (
        f'SELECT aggregate_id, state FROM "{table}"'
        " WHERE model_name = %s AND aggregate_id = ANY(%s)"
    )


def columns_of(rows, names):
    """Return the values of rows column by column: the parameters of :func:`insert_rows`.

    :param list rows: dicts
    :param names: the columns, in order
    """
    return [[row[name] for row in rows] for name in names]


def stamps(env, now):
    """Return who writes a row and when, by column, as the ORM would."""
    return dict(zip(STAMPS, (env.uid, now, env.uid, now), strict=True))

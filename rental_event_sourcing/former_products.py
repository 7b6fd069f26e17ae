"""The update to 2.0.0: rental products become products of Odoo, and nothing is lost.

``detach`` runs before the addon is loaded, ``convert`` once all addons are: only then does Odoo
know every field that a product has. Stored events stay as they were written; see
``rental.former.product``.
"""

import json
import logging

from psycopg2 import sql

_logger = logging.getLogger(__name__)

FORMER = "rental_former_product"
KEEP = "rental_product_of_1"  # begins a column for the time between the two
FIELDS = """
    SELECT field.model, field.name FROM ir_model_fields AS field
     WHERE field.relation = 'rental.product' AND field.ttype = 'many2one' AND field.store
"""


def detach(cr):
    """Set the former products aside: their table under its new name, their ids beside."""
    if not _there(cr, "rental_product"):
        return
    for table, column in _columns(cr):
        _drop_foreign_keys(cr, table, column)
        names = {"table": sql.Identifier(table), "column": sql.Identifier(column)}
        kept = sql.Identifier(f"{KEEP}_{column}")
        for statement in (
            "ALTER TABLE {table} ADD COLUMN {kept} int",
            "ALTER TABLE {table} ALTER COLUMN {column} DROP NOT NULL",
            "UPDATE {table} SET {kept} = {column}, {column} = NULL WHERE {column} IS NOT NULL",
        ):
            cr.execute(sql.SQL(statement).format(kept=kept, **names))
    # As the rules of today fold them.
    for table in ("rental_snapshot", "rental_snapshot_as_of"):
        cr.execute(
            f"""
            UPDATE {table}
               SET state = state - 'product_id'
                        || jsonb_build_object('former_product_id', state -> 'product_id')
             WHERE state ? 'product_id'
            """
        )
    cr.execute(f"ALTER TABLE rental_product RENAME TO {FORMER}")
    cr.execute(f"ALTER SEQUENCE IF EXISTS rental_product_id_seq RENAME TO {FORMER}_id_seq")


def convert(env):
    """Make a product of each former one, and let all that named it name the product.

    Can be called again after an interruption.
    """
    cr = env.cr
    kept = _kept_columns(cr)
    if not kept:
        return
    _make_products(env)
    for table, column in kept:
        names = {"table": sql.Identifier(table), "column": sql.Identifier(column)}
        beside = sql.Identifier(f"{KEEP}_{column}")
        further = sql.SQL("")
        if table in ("rental_snapshot", "rental_snapshot_as_of"):
            further = sql.SQL(", former_product_id = former.id")
        cr.execute(
            sql.SQL(
                "UPDATE {table} AS stored SET {column} = former.product_id {further}"
                f" FROM {FORMER} AS former WHERE former.id = stored.{{beside}}"
            ).format(beside=beside, further=further, **names)
        )
        cr.execute(
            sql.SQL("ALTER TABLE {table} DROP COLUMN {beside}").format(beside=beside, **names)
        )
    _name_products(cr)
    env.invalidate_all(flush=False)
    env.registry.clear_cache()


def _make_products(env):
    """Create the products, with their names in every language."""
    cr = env.cr
    cr.execute(
        f"""
        SELECT former.id, former.name, former.code, former.monthly_price, former.company_id,
               coalesce(former.active, TRUE)
          FROM {FORMER} AS former WHERE former.product_id IS NULL ORDER BY former.id
        """
    )
    found = cr.fetchall()
    products = env["product.product"].with_context(lang="en_US", tracking_disable=True)
    made = products.create(
        [
            {
                "name": name.get("en_US") or next(iter(name.values())),
                "default_code": code,
                "rental_ok": True,
                "rental_price_month": price or 0,
                "company_id": company_id,
                "active": active,
            }
            for _id, name, code, price, company_id, active in found
        ]
    )
    env.flush_all()
    for product, (former_id, name, *_values) in zip(made, found, strict=True):
        cr.execute(
            "UPDATE product_template SET name = name || %s::text::jsonb WHERE id = %s",
            [json.dumps(name), product.product_tmpl_id.id],
        )
        cr.execute(f"UPDATE {FORMER} SET product_id = %s WHERE id = %s", [product.id, former_id])
    env.invalidate_all(flush=False)
    _logger.info("%s rental products became products.", len(made))


def _name_products(cr):
    """Let external ids, attachments and the like name the products."""
    for table, model, record in (
        ("ir_model_data", "model", "res_id"),
        ("ir_attachment", "res_model", "res_id"),
    ):
        cr.execute(
            f"""
            UPDATE {table} AS stored SET {model} = 'product.product', {record} = former.product_id
              FROM {FORMER} AS former
             WHERE stored.{model} = 'rental.product' AND stored.{record} = former.id
            """
        )


def _columns(cr):
    """Return ``(table, column)`` of what named a former product."""
    cr.execute(FIELDS)
    found = [(model.replace(".", "_"), name) for model, name in cr.fetchall()]
    return [place for place in found if _there(cr, *place)]


def _kept_columns(cr):
    cr.execute(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = current_schema AND column_name LIKE %s ORDER BY 1, 2",
        [f"{KEEP}\\_%"],
    )
    found = [(table, column.removeprefix(f"{KEEP}_")) for table, column in cr.fetchall()]
    return [(table, column) for table, column in found if _there(cr, table, column)]


def _there(cr, table, column="id"):
    cr.execute(
        "SELECT 1 FROM information_schema.columns JOIN information_schema.tables"
        " USING (table_schema, table_name) WHERE table_schema = current_schema"
        " AND table_type = 'BASE TABLE' AND table_name = %s AND column_name = %s",
        [table, column],
    )
    return bool(cr.fetchone())


def _drop_foreign_keys(cr, table, column):
    cr.execute(
        """
        SELECT fk.conname FROM pg_constraint AS fk
          JOIN pg_attribute AS part ON part.attrelid = fk.conrelid AND part.attnum = fk.conkey[1]
         WHERE fk.contype = 'f' AND fk.conrelid = %s::regclass
           AND fk.confrelid = 'rental_product'::regclass AND part.attname = %s
        """,
        [table, column],
    )
    for (name,) in cr.fetchall():
        cr.execute(
            sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(
                sql.Identifier(table), sql.Identifier(name)
            )
        )

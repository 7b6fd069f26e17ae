"""The update to 2.0.0: rental products become products of Odoo, and nothing is lost.

``detach`` runs before the addon is loaded, ``convert`` once all addons are: only then does Odoo
know every field that a product has. Stored events stay as they were written; see
``rental.former.product``.
"""

import json
import logging

from odoo.tools import SQL

_logger = logging.getLogger(__name__)

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
        kept = SQL.identifier(f"{KEEP}_{column}")
        table, column = SQL.identifier(table), SQL.identifier(column)
        cr.execute(SQL("ALTER TABLE %s ADD COLUMN %s int", table, kept))
        cr.execute(SQL("ALTER TABLE %s ALTER COLUMN %s DROP NOT NULL", table, column))
        values = table, kept, column, column, column
        cr.execute(SQL("UPDATE %s SET %s = %s, %s = NULL WHERE %s IS NOT NULL", *values))
    # As the rules of today fold them.
    for table in ("rental_snapshot", "rental_snapshot_as_of"):
        cr.execute(
            SQL(
                "UPDATE %s SET state = state - 'product_id'"
                " || jsonb_build_object('former_product_id', state -> 'product_id')"
                " WHERE jsonb_exists(state, 'product_id')",
                SQL.identifier(table),
            )
        )
    cr.execute("ALTER TABLE rental_product RENAME TO rental_former_product")
    cr.execute(
        "ALTER SEQUENCE IF EXISTS rental_product_id_seq RENAME TO rental_former_product_id_seq"
    )


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
        further = SQL("")
        if table in ("rental_snapshot", "rental_snapshot_as_of"):
            further = SQL(", former_product_id = former.id")
        beside = SQL.identifier(f"{KEEP}_{column}")
        table, column = SQL.identifier(table), SQL.identifier(column)
        cr.execute(
            SQL(
                "UPDATE %s AS stored SET %s = former.product_id %s"
                " FROM rental_former_product AS former WHERE former.id = stored.%s",
                *(table, column, further, beside),
            )
        )
        cr.execute(SQL("ALTER TABLE %s DROP COLUMN %s", table, beside))
    _name_products(cr)
    env.invalidate_all(flush=False)
    env.registry.clear_cache()


def fold_anew(env):
    """Fold every rental by the rules of today; see versions 2.1.0 and 2.3.0."""
    if not env["rental.snapshot"].search_count([], limit=1):
        return
    jobs = env["event.job"]
    job = jobs.browse(jobs.start("rebuild", "rental")["id"])
    while job._write_chunk(job._read_chunk()):
        pass


def _make_products(env):
    """Create the products, with their names in every language."""
    cr = env.cr
    cr.execute(
        """
        SELECT former.id, former.name, former.code, former.monthly_price, former.company_id,
               coalesce(former.active, TRUE)
          FROM rental_former_product AS former WHERE former.product_id IS NULL ORDER BY former.id
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
        cr.execute(
            "UPDATE rental_former_product SET product_id = %s WHERE id = %s",
            [product.id, former_id],
        )
    env.invalidate_all(flush=False)
    _logger.info("%s rental products became products.", len(made))


def _name_products(cr):
    """Let external ids, attachments and the like name the products."""
    for table, model, record in (
        ("ir_model_data", "model", "res_id"),
        ("ir_attachment", "res_model", "res_id"),
    ):
        table, model, record = map(SQL.identifier, (table, model, record))
        cr.execute(
            SQL(
                "UPDATE %s AS stored SET %s = 'product.product', %s = former.product_id"
                " FROM rental_former_product AS former"
                " WHERE stored.%s = 'rental.product' AND stored.%s = former.id",
                *(table, model, record, model, record),
            )
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
        names = SQL.identifier(table), SQL.identifier(name)
        cr.execute(SQL("ALTER TABLE %s DROP CONSTRAINT %s", *names))

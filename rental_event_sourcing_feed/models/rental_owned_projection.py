from datetime import date, timedelta

from odoo import api, fields, models

MAX_PIECES = 2**31 - 1  # of a change that counts; the rules of quantities know no limit
LAST = date.max - timedelta(days=1)


class RentalOwnedChange(models.Model):
    """A read model: on which days a company owned more or fewer pieces of a product.

    Pieces count from the day on which they came, and until the day on which they went, that day
    included; what is lost on the day of its return was owned on all days on which it was out.
    """

    _name = "rental.owned.change"
    _inherit = "access.first.mixin"
    _description = "Change of What Is Owned"
    _order = "company_id, product_id, day"
    _rec_name = "product_id"
    _log_access = False

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    product_id = fields.Many2one(
        "product.product", required=True, readonly=True, ondelete="cascade", index=True
    )
    day = fields.Date(required=True, readonly=True, help="The first one with so many more.")
    pieces = fields.Float(
        digits=(20, 0), readonly=True, help="How many more; with a minus how many fewer."
    )

    def init(self):
        super().init()
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS rental_owned_change_uniq"
            " ON rental_owned_change (company_id, product_id, day)"
        )


class RentalOwnedProjection(models.AbstractModel):
    """Keep what is owned with every append; sums are the same in whatever order events come."""

    _name = "rental.owned.projection"
    _inherit = "event.projection"
    _description = "What Is Owned of Products"
    _subscribes = {
        "rental_unit": ("UnitAcquired", "UnitRetired"),
        "rental_stock": ("QuantityChanged",),
    }
    _read_models = ("rental.owned.change",)
    _read_model_keys = {"rental.owned.change": ("company_id", "product_id", "day")}
    _inline = True

    @api.model
    def _project(self, events):
        rows = {}
        for event in events:
            product_id, day, pieces = _change(event)
            if product_id and pieces:
                day = min(day, LAST) + timedelta(days=pieces < 0)
                key = (event.company_id, product_id, day)
                rows[key] = rows.get(key, 0) + pieces
        if rows:
            self._write_rows(rows)

    @api.model
    def _write_rows(self, rows):
        """Add changes, in order of the keys: whoever does so at the same time waits in turn."""
        keys = sorted(rows)
        self.env.cr.execute(
            """
            INSERT INTO rental_owned_change AS stored (company_id, product_id, day, pieces)
            SELECT given.company_id, given.product_id, given.day, given.pieces
              FROM unnest(%s::int[], %s::int[], %s::date[], %s::numeric[])
                AS given (company_id, product_id, day, pieces)
              -- One that is not here, or not any more, has nothing to say.
              JOIN product_product ON product_product.id = given.product_id
             ORDER BY 1, 2, 3
                ON CONFLICT (company_id, product_id, day) DO UPDATE
               SET pieces = stored.pieces + excluded.pieces
            """,
            [*map(list, zip(*keys, strict=True)), [rows[key] for key in keys]],
        )
        self.env["rental.owned.change"].invalidate_model(flush=False)


def _change(event):
    """Return ``(product id, day, pieces)`` of an event, 0 pieces for what cannot count.

    Events of a record type that is switched off are not checked by anybody.
    """
    payload = event.payload
    match event.event_type:
        case "UnitAcquired":
            product_id, pieces = payload.get("product_id"), 1
            day = payload.get("acquired_on")
        case "UnitRetired":
            # A unit is named after its product, see unit_reference.
            head = event.aggregate_id.partition("/")[0]
            product_id, pieces, day = int(head) if head.isdecimal() else 0, -1, None
        case _:
            product_id, pieces = payload.get("product_id"), payload.get("change")
            day = payload.get("changed_on")
    known = [type(n) is int and abs(n) <= MAX_PIECES for n in (product_id, pieces)]
    return (product_id, _day(day) or event.business_date, pieces) if all(known) else (0, None, 0)


def _day(value):
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None

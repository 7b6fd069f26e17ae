import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

from odoo import api, models

from ..rental_share import NO_REVENUE, Share

COLUMNS = (
    *("counted", "product_id", "quantity", "planned_start", "planned_end"),
    *("delivered_on", "returned_on"),
)
NOTHING = (0, 0, NO_REVENUE)


class RentalUtilisationProjection(models.AbstractModel):
    """Keep the utilisation with every append: what was just recorded is in the table at once.

    Of each rental it is known what it added so far (``rental.utilisation.share``). An event adds
    the difference, so that a row is right in whatever order the rentals come, and those that
    append at the same time wait for each other only at rows that they share.
    """

    _name = "rental.utilisation.projection"
    _inherit = "event.projection"
    _description = "Utilisation of Products by Rentals"
    _subscribes = {
        "rental": (
            *("RentalPlanned", "PlanChanged", "RentalConfirmed", "RentalCancelled"),
            *("EquipmentDelivered", "RentalExtended", "EquipmentReturned", "RentalInvoiced"),
        )
    }
    _read_models = ("rental.utilisation", "rental.utilisation.share")
    _read_model_keys = {
        "rental.utilisation": ("company_id", "product_id", "month"),
        "rental.utilisation.share": ("company_id", "aggregate_id"),
    }
    _inline = True

    @api.model
    def _project(self, events):
        shares = self._shares(sorted({event.key for event in events}))
        changed, rows = set(), {}
        for event in events:
            before = shares.get(event.key, Share())
            after = before.after(self._with_product(event))
            if after != before:
                shares[event.key] = after
                changed.add(event.key)
                _add_difference(rows, event, before, after)
        if changed:
            self._write_shares({key: shares[key] for key in sorted(changed)})
        if rows:
            self._write_rows(rows)

    @api.model
    def _with_product(self, event):
        """Return an event with the product that one of the former catalogue became."""
        former = event.payload.get("former_product_id")
        if type(former) is not int:
            return event
        product_id = self.env["rental.former.product"]._product_of(former)
        return replace(event, payload={**event.payload, "product_id": product_id})

    @api.model
    def _shares(self, keys):
        """Return ``{(company id, rental): Share}`` of those of these rentals that are known."""
        self.env["rental.utilisation.share"].flush_model()
        self.env.cr.execute(
            f"""
            SELECT company_id, aggregate_id, invoiced::text, {", ".join(COLUMNS)}
              FROM unnest(%s::int[], %s::text[]) AS asked (company_id, aggregate_id)
              JOIN rental_utilisation_share USING (company_id, aggregate_id)
            """,
            [[company_id for company_id, _name in keys], [name for _company_id, name in keys]],
        )
        return {
            (company_id, name): Share(
                **dict(zip(COLUMNS, values, strict=True)),
                invoiced=tuple(
                    (date.fromisoformat(month), Decimal(amount))
                    for month, amount in json.loads(invoiced)
                ),
            )
            for company_id, name, invoiced, *values in self.env.cr.fetchall()
        }

    @api.model
    def _write_shares(self, shares):
        columns = [[getattr(share, name) for share in shares.values()] for name in COLUMNS]
        invoiced = [
            json.dumps([(str(month), str(amount)) for month, amount in share.invoiced])
            for share in shares.values()
        ]
        self.env.cr.execute(
            f"""
            INSERT INTO rental_utilisation_share
                   (company_id, aggregate_id, invoiced, {", ".join(COLUMNS)})
            SELECT company_id, aggregate_id, invoiced::jsonb, {", ".join(COLUMNS)}
              FROM unnest(%s::int[], %s::text[], %s::text[], %s::bool[], %s::int[], %s::int[],
                          %s::date[], %s::date[], %s::date[], %s::date[])
                AS given (company_id, aggregate_id, invoiced, {", ".join(COLUMNS)})
                ON CONFLICT (company_id, aggregate_id) DO UPDATE
               SET (invoiced, {", ".join(COLUMNS)})
                 = (excluded.invoiced, {", ".join(f"excluded.{name}" for name in COLUMNS)})
            """,
            [
                [company_id for company_id, _name in shares],
                [name for _company_id, name in shares],
                invoiced,
                *columns,
            ],
        )
        self.env["rental.utilisation.share"].invalidate_model(flush=False)

    @api.model
    def _write_rows(self, rows):
        """Add differences, in order of the keys: whoever does so at the same time waits in turn."""
        keys = sorted(rows)
        values = [[rows[key][number] for key in keys] for number in range(4)]
        self.env.cr.execute(
            """
            INSERT INTO rental_utilisation AS stored
                   (company_id, product_id, month, rentals_begun, unit_days, revenue, last_event_on)
            SELECT given.company_id, given.product_id, given.month, rentals_begun, unit_days,
                   revenue, last_event_on
              FROM unnest(%s::int[], %s::int[], %s::date[], %s::int[], %s::numeric[],
                          %s::numeric[], %s::timestamp[])
                AS given (company_id, product_id, month, rentals_begun, unit_days, revenue,
                          last_event_on)
              -- One that was deleted had no rental; see rental.utilisation.
              JOIN product_product ON product_product.id = given.product_id
             ORDER BY 1, 2, 3
                ON CONFLICT (company_id, product_id, month) DO UPDATE
               SET rentals_begun = stored.rentals_begun + excluded.rentals_begun,
                   unit_days = stored.unit_days + excluded.unit_days,
                   revenue = stored.revenue + excluded.revenue,
                   last_event_on = greatest(stored.last_event_on, excluded.last_event_on)
            """,
            [*map(list, zip(*keys, strict=True)), *values],
        )
        self.env["rental.utilisation"].invalidate_model(flush=False)


def _add_difference(rows, event, before, after):
    """Add to ``{(company, product, month): values}`` what an event changes."""
    for share, sign in ((before, -1), (after, 1)):
        other = after if share is before else before
        others = other.months() if other.product_id == share.product_id else {}
        for month, values in share.months().items():
            if values == others.get(month):
                continue
            row = rows.setdefault((event.company_id, share.product_id, month), [*NOTHING, None])
            for number, value in enumerate(values):
                row[number] += sign * value
            row[3] = max(row[3] or event.timestamp, event.timestamp)

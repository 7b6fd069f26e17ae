import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

from odoo import api, models

from ..rental_share import NO_REVENUE, Share

COLUMNS = ("counted", "planned_start", "planned_end")
LISTS = ("lines", "movements", "invoiced")
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
            *("EquipmentDelivered", "DeliveryCorrected", "RentalExtended", "RentalShortened"),
            *("EquipmentReturned", "ReturnCorrected", "RentalInvoiced", "PriceChanged"),
            *("ProductExchanged", "InvoiceCorrected"),
        )
    }
    _read_models = ("rental.utilisation", "rental.utilisation.share")
    _read_model_keys = {
        "rental.utilisation": ("company_id", "product_id", "month"),
        "rental.utilisation.share": ("company_id", "aggregate_id"),
    }
    _inline = True
    # Version 1 knew one product of a rental, version 2 one period of all its pieces.
    _projection_version = 3

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
        """Return an event with the products that those of the former catalogue became."""
        lines = event.payload.get("lines")
        former = {
            line_id: line
            for line_id, line in (lines.items() if isinstance(lines, dict) else ())
            if isinstance(line, dict) and type(line.get("former_product_id")) is int
        }
        if not former:
            return event
        formers = self.env["rental.former.product"]
        known = {
            line_id: {**line, "product_id": formers._product_of(line["former_product_id"])}
            for line_id, line in former.items()
        }
        return replace(event, payload={**event.payload, "lines": {**lines, **known}})

    @api.model
    def _shares(self, keys):
        """Return ``{(company id, rental): Share}`` of those of these rentals that are known."""
        self.env["rental.utilisation.share"].flush_model()
        self.env.cr.execute(
            f"""
            SELECT company_id, aggregate_id, {", ".join(f"{name}::text" for name in LISTS)},
                   {", ".join(COLUMNS)}
              FROM unnest(%s::int[], %s::text[]) AS asked (company_id, aggregate_id)
              JOIN rental_utilisation_share USING (company_id, aggregate_id)
            """,
            [[company_id for company_id, _name in keys], [name for _company_id, name in keys]],
        )
        return {
            (company_id, name): Share(
                **dict(zip(COLUMNS, values, strict=True)),
                lines=tuple(map(tuple, json.loads(lines))),
                movements=tuple(
                    (version, kind, date.fromisoformat(day), moved and tuple(map(tuple, moved)))
                    for version, kind, day, moved in json.loads(movements)
                ),
                invoiced=tuple(
                    (date.fromisoformat(month), Decimal(amount))
                    for month, amount in json.loads(invoiced)
                ),
            )
            for company_id, name, lines, movements, invoiced, *values in self.env.cr.fetchall()
        }

    @api.model
    def _write_shares(self, shares):
        columns = [[getattr(share, name) for share in shares.values()] for name in COLUMNS]
        lists = [
            [json.dumps(getattr(share, name), default=str) for share in shares.values()]
            for name in LISTS
        ]
        names = ", ".join((*LISTS, *COLUMNS))
        self.env.cr.execute(
            f"""
            INSERT INTO rental_utilisation_share (company_id, aggregate_id, {names})
            SELECT company_id, aggregate_id, {", ".join(f"{name}::jsonb" for name in LISTS)},
                   {", ".join(COLUMNS)}
              FROM unnest(%s::int[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bool[],
                          %s::date[], %s::date[])
                AS given (company_id, aggregate_id, {names})
                ON CONFLICT (company_id, aggregate_id) DO UPDATE
               SET ({names}) = ({", ".join(f"excluded.{name}" for name in (*LISTS, *COLUMNS))})
            """,
            [
                [company_id for company_id, _name in shares],
                [name for _company_id, name in shares],
                *lists,
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
    was, now = before.months(), after.months()
    for product_id, month in dict.fromkeys([*was, *now]):
        old, new = (known.get((product_id, month), NOTHING) for known in (was, now))
        if ((product_id, month) in was) == ((product_id, month) in now) and old == new:
            continue
        row = rows.setdefault((event.company_id, product_id, month), [*NOTHING, None])
        for number in range(len(NOTHING)):
            row[number] += new[number] - old[number]
        row[3] = max(row[3] or event.timestamp, event.timestamp)

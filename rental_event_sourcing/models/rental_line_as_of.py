from datetime import date

from odoo import api, fields, models

from ..line_days import out_since, piece_days
from ..lines import ordered, out_quantity
from .rental_snapshot import STATUSES

LINES = {"of_lines": True}  # of a question, in its job's options
VIEWS = "rental_event_sourcing.rental_line_as_of_view"


class RentalLineAsOf(models.Model):
    """What was rented at a moment, line by line: what was out, which units, how long, how much.

    Each unit that was out has a row of its own, and the rest of its line another one; sums over
    the rows are those of the lines.
    """

    _name = "rental.line.as.of"
    _description = "Line of a Rental as of a Moment"
    _inherit = ["event.job.row.mixin", "source.link.mixin", "rental.totals.mixin"]
    _order = "aggregate_id, line_key, id"
    _rec_name = "aggregate_id"

    job_id = fields.Many2one(
        "event.job",
        string="Question",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    model_name = fields.Char(string="Technical Record Type", required=True, readonly=True)
    aggregate_id = fields.Char(string="Rental", required=True, readonly=True)
    line_key = fields.Char(string="Line", readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="company_id.currency_id")
    status = fields.Selection(STATUSES, readonly=True)
    overdue = fields.Boolean(
        readonly=True, help="The customer still had the equipment, after the planned end."
    )
    partner_id = fields.Many2one(
        "res.partner", string="Customer", readonly=True, ondelete="set null"
    )
    product_id = fields.Many2one("product.product", readonly=True, ondelete="set null")
    unit_id = fields.Many2one(
        "rental.unit", readonly=True, ondelete="set null", help="That was out, by serial number."
    )
    planned_start = fields.Date(readonly=True)
    planned_end = fields.Date(readonly=True)
    out_since = fields.Date(readonly=True, help="The day on which the unit was delivered.")
    quantity = fields.Integer(readonly=True)
    pieces_out = fields.Integer(readonly=True, help="What the customer had at that moment.")
    days_out = fields.Integer(
        readonly=True,
        help="For how many days pieces had been out until then, each piece counted by itself.",
    )
    month_days = fields.Integer(
        string="Days Out in the Month",
        readonly=True,
        help="Those of them that lie in the month of that moment.",
    )
    amount = fields.Monetary(readonly=True, help="What was agreed for all days, as known then.")

    @api.model
    def _keep(self, rentals):
        """Store the lines of rentals.

        :param rentals: ``rental.snapshot.as.of`` of one job
        """
        found = [row for rental in rentals for row in self._rows_of(rental)]
        self._name_records(found)
        self.create(found)

    @api.model
    def _rows_of(self, rental):
        """Return the values of the rows of one rental, products and units as events name them."""
        last = self.env["event.store"]._business_today(rental.company_id.id, rental.job_id.moment)
        lines = rental.state.get("lines", {})
        return [
            row
            for line_id in ordered(lines)
            for row in self._rows_of_line(rental, line_id, lines[line_id], last)
        ]

    @api.model
    def _rows_of_line(self, rental, line_id, line, last):
        """Return a row for each unit that was out, and one for the rest of the line."""
        movements = rental.state.get("movements", {})
        month = last.replace(day=1)
        days = piece_days(movements, line_id, None, last)
        month_days = piece_days(movements, line_id, month, last)
        base = {
            "job_id": rental.job_id.id,
            "model_name": rental.model_name,
            "aggregate_id": rental.aggregate_id,
            "line_key": line_id,
            "company_id": rental.company_id.id,
            "status": rental.status,
            "overdue": rental.overdue,
            "partner_id": rental.partner_id.id,
            "product_id": line.get("product_id"),
            "former_product_id": line.get("former_product_id"),
            "planned_start": rental.planned_start,
            "planned_end": rental.planned_end,
        }
        pieces = line.get("quantity", 0)
        days_planned = rental.planned_start, rental.planned_end
        amount = self.env["rental.order.line"]._amount_of(rental.currency_id, line, *days_planned)
        rows = []
        for unit in line["out"]:
            since = out_since(movements, line_id, unit)
            begun = date.fromisoformat(since) if since else last
            own = max(0, (last - begun).days + 1)
            own_month = max(0, (last - max(begun, month)).days + 1)
            part = rental.currency_id.round(amount / pieces) if pieces else 0
            rows.append(
                {
                    **base,
                    "unit_id": unit,
                    "out_since": since,
                    "quantity": 1,
                    "pieces_out": 1,
                    "days_out": own,
                    "month_days": own_month,
                    "amount": part,
                }
            )
        rest = {
            "quantity": pieces - len(rows),
            "pieces_out": out_quantity(line) - len(rows),
            "days_out": days - sum(row["days_out"] for row in rows),
            "month_days": month_days - sum(row["month_days"] for row in rows),
            "amount": rental.currency_id.round(amount - sum(row["amount"] for row in rows)),
        }
        return [*rows, {**base, **rest}] if any(rest.values()) or not rows else rows

    @api.model
    def _name_records(self, rows):
        """Let rows name the products and units that there are now."""
        named = {row["unit_id"] for row in rows if row.get("unit_id")}
        units = self.env["rental.unit"]._by_reference(named)
        products = {row["product_id"] for row in rows if row["product_id"]}
        there = set(self.env["product.product"].browse(products).exists().ids)
        for row in rows:
            former = row.pop("former_product_id")
            if former:
                row["product_id"] = self.env["rental.former.product"]._product_of(former)
            elif row["product_id"] not in there:
                row["product_id"] = False
            row["unit_id"] = units.get((row["company_id"], row.get("unit_id")), False)


class RentalSnapshotAsOf(models.Model):
    _inherit = "rental.snapshot.as.of"

    @api.model
    def _keep(self, job, rows):
        """Store rows for a job, and their lines where it asks for them."""
        super()._keep(job, rows)
        if rows and (job.options or {}).get("of_lines"):
            names = [vals["aggregate_id"] for vals in rows]
            kept = self.search([("job_id", "=", job.id), ("aggregate_id", "in", names)])
            self.env["rental.line.as.of"]._keep(kept)


class EventJob(models.Model):
    _inherit = "event.job"

    def action_open_result(self):
        """Open the lines where they were asked for."""
        action = super().action_open_result()
        if self.kind != "as_of" or not (self.sudo().options or {}).get("of_lines"):
            return action
        lists = [(self.env.ref(f"{VIEWS}_{kind}").id, kind) for kind in ("pivot", "kanban")]
        return {
            **action,
            "res_model": "rental.line.as.of",
            "view_mode": "list,pivot,kanban",
            "mobile_view_mode": "kanban",
            "views": [(self.env.ref(f"{VIEWS}_list").id, "list"), *lists],
            "search_view_id": [self.env.ref(f"{VIEWS}_search").id],
            "context": {"create": False, "search_default_out": 1, "search_default_product": 1},
        }


class EventSnapshotDrift(models.Model):
    """A difference of rentals says of which customer and product it is."""

    _inherit = "event.snapshot.drift"
    _record_columns = ("partner_id", "product_id")

    partner_id = fields.Many2one(
        "res.partner", string="Customer", readonly=True, ondelete="set null"
    )
    product_id = fields.Many2one("product.product", readonly=True, ondelete="set null")

    @api.model
    def _with_columns(self, model_name, found, folded):
        """What differs in a line is about the product of that line."""
        found = super()._with_columns(model_name, found, folded)
        named = {}
        for number, vals in enumerate(found):
            head, _dot, rest = (vals.get("key") or "").partition(".")
            if head == "lines" and model_name == "rental":
                named[number] = self._product_of(vals, rest.partition(".")[0], folded)
        there = set(self.env["product.product"].sudo().browse(set(named.values())).exists().ids)
        for number, product in named.items():
            if product in there:
                found[number]["product_id"] = product
        return found

    @api.model
    def _product_of(self, vals, line_id, folded):
        """Return the product of a line at the later moment, or at the earlier one; 0 if unknown."""
        for fold in reversed(folded[vals["company_id"], vals["aggregate_id"]]):
            line = fold.state.get("lines", {}).get(line_id) or {}
            if line.get("product_id"):
                return line["product_id"]
        return 0

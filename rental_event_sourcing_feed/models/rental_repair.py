from odoo import _, fields, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.compat import check_access


class RentalRepair(models.Model):
    """Equipment that the workshop is to look at; each damage that is reported makes one."""

    _name = "rental.repair"
    _inherit = "access.first.mixin"
    _description = "Repair"
    _order = "state desc, id desc"
    _rec_name = "reason"

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    aggregate_id = fields.Char(string="Rental", required=True, readonly=True, index=True)
    product_id = fields.Many2one("product.product", readonly=True, ondelete="restrict", index=True)
    reason = fields.Char(readonly=True, help="What is broken, as it was reported.")
    reported_on = fields.Datetime(readonly=True)
    event_uuid = fields.Char(string="UUID of the Event", required=True, readonly=True)
    state = fields.Selection(
        [("open", "Open"), ("done", "Done")], required=True, readonly=True, default="open"
    )
    notes = fields.Text()
    done_by = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    done_on = fields.Datetime(readonly=True)

    def init(self):
        super().init()
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS rental_repair_event_uniq"
            " ON rental_repair (company_id, event_uuid)"
        )

    def write(self, vals):
        """Keep notes; the rest is what was reported, or what the buttons say.

        :raise UserError: for anything else
        """
        self._check_given(vals)
        if not self.env.su and set(vals) - {"notes"}:
            raise UserError(_("Of a repair only the notes can be changed; use the buttons."))
        return super().write(vals)

    def action_done(self):
        """Tick off what is repaired; what is done already stays as it is."""
        check_access(self, "write")
        self.sudo().filtered(lambda repair: repair.state == "open").write(
            {"state": "done", "done_by": self.env.uid, "done_on": fields.Datetime.now()}
        )
        return True

    def action_reopen(self):
        check_access(self, "write")
        self.sudo().write({"state": "open", "done_by": False, "done_on": False})
        return True

    def action_open_event(self):
        """Open the event that made it; an archive may have it."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": _("Damage of %(rental)s", rental=self.aggregate_id),
            "res_model": "event.store",
            "view_mode": "list,form",
            "views": [(False, "list"), (False, "form")],
            "domain": [
                ("company_id", "=", self.company_id.id),
                ("event_uuid", "=", self.event_uuid),
            ],
        }

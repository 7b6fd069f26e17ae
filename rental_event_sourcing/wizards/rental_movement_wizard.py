from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing.exceptions import RuleViolation
from odoo.addons.event_sourcing_base.arguments import whole
from odoo.addons.event_sourcing_base.compat import check_access

from ..line_days import DAY_SAID
from ..line_fields import NOTES

MAX_SERIAL = 64  # of what was scanned, as much is repeated
KINDS = (*DAY_SAID, "UnitsAssigned")


class RentalMovementWizard(models.TransientModel):
    """Asks what goes out or comes back of a rental, line by line; proposes all that is open."""

    _name = "rental.movement.wizard"
    _inherit = ["access.first.mixin", "rental.event.help.mixin", "rental.photos.mixin"]
    _description = "Deliver, Return or Assign What a Rental Is Of"
    _event_types = KINDS

    order_id = fields.Many2one("rental.order", string="Rental", required=True, readonly=True)
    day = fields.Date(help="On which it went out or came back.")
    scan = fields.Char(
        string="Serial Number",
        help="Scan or type the serial number or barcode of a unit, then press Enter.",
    )
    line_ids = fields.One2many("rental.movement.wizard.line", "wizard_id", string="Lines")
    remains = fields.Text(compute="_compute_remains")

    @api.depends("line_ids.quantity", "event_type")
    @api.depends_context("lang")
    def _compute_remains(self):
        """Say what is not to move, as it is easily overlooked."""
        for wizard in self:
            open_lines = wizard.line_ids.filtered(lambda line: line.quantity < line.possible)
            pieces = ", ".join(open_lines.mapped(lambda line: line._remains_words()))
            if not pieces or wizard.event_type not in DAY_SAID:
                wizard.remains = False
            elif wizard.event_type == "EquipmentReturned":
                wizard.remains = _("Still out afterwards: %(pieces)s", pieces=pieces)
            else:
                wizard.remains = _("Still to go out afterwards: %(pieces)s", pieces=pieces)

    @api.model
    def default_get(self, fields_list):
        """Propose everything that is open: to go out, or to come back."""
        values = super().default_get(fields_list)
        event_type = self.env.context.get("default_event_type")
        if self.env.context.get("active_model") != "rental.order" or event_type not in KINDS:
            return values
        order_id = whole(self.env, "active_id", self.env.context.get("active_id"), least=1)
        order = self.env["rental.order"].browse(order_id).exists()
        check_access(order, "read")
        values["order_id"] = order.id
        now = fields.Datetime.now()
        values["day"] = self.env["event.store"]._business_today(order.company_id.id, now)
        values["line_ids"] = [
            (0, 0, proposal)
            for line in order.line_ids
            if (proposal := self._proposal(event_type, line))
        ]
        return {key: value for key, value in values.items() if key in fields_list}

    @api.model
    def _proposal(self, event_type, line):
        """Return what is proposed of a line, None where nothing is open."""
        if event_type == "EquipmentReturned":
            units, possible = line.out_unit_ids, line.delivered - line.returned
        elif event_type == "EquipmentDelivered":
            units, possible = line.unit_ids - line.out_unit_ids, line.quantity - line.delivered
        else:
            units, possible = line.unit_ids, line.quantity
        if possible < 1:
            return None
        return {
            "order_line_id": line.id,
            "possible": possible,
            "quantity": possible,
            "unit_ids": [(6, 0, units[:possible].ids)],
        }

    @api.onchange("scan")
    def _onchange_scan(self):
        """Add the unit that was scanned to the line that it belongs to."""
        serial, self.scan = (self.scan or "").strip(), False
        if not serial:
            return None
        units = self.env["rental.unit"].search(
            [
                ("company_id", "=", self.order_id.company_id.id),
                *("|", ("serial_number", "=", serial), ("barcode", "=", serial)),
            ]
        )
        line, unit = self._line_for(units)
        if line:
            line.unit_ids += unit
            return None
        message = self._scan_refusal(serial, units)
        return {"warning": {"title": _("Not possible"), "message": message}}

    def _scan_refusal(self, serial, units):
        """Return why what was scanned is no unit that moves here.

        :param units: those of the rental's company with this serial number or barcode
        """
        shown = serial[:MAX_SERIAL]
        if units:
            return _("%(serial)s is none of what is open here.", serial=shown)
        known = ["|", ("serial_number", "=", serial), ("barcode", "=", serial)]
        other = self.env["rental.unit"].search(known, limit=1)
        if other:
            return _(
                "%(serial)s is a unit of %(company)s, and the rental one of %(own)s.",
                serial=shown,
                company=other.company_id.name,
                own=self.order_id.company_id.name,
            )
        coded = ["|", ("default_code", "=", serial), ("barcode", "=", serial)]
        product = self.env["product.product"].search(coded, limit=1)
        if product:
            return _(
                "%(serial)s stands for %(product)s, not for one piece of it; scan the number of a"
                " unit, or enter how many.",
                serial=shown,
                product=product.display_name,
            )
        return _("There is no unit %(serial)s; add it first.", serial=shown)

    def _line_for(self, units):
        """Return ``(line, unit)`` of the first line with room for one of these units."""
        for line in self.line_ids:
            known = line.order_line_id
            for unit in units - self.line_ids.unit_ids._origin:
                fits = (
                    unit in known.out_unit_ids
                    if self.event_type == "EquipmentReturned"
                    else unit.product_id == known.product_id
                )
                if fits and len(line.unit_ids) < line.possible:
                    return line, unit
        return self.line_ids.browse(), units.browse()

    def _payload(self):
        """Return what was entered as the payload of the event."""
        self.ensure_one()
        lines = {}
        for line in self.line_ids:
            units = {"unit_ids": line.unit_ids.sorted("name").mapped("name")}
            if self.event_type == "UnitsAssigned":
                lines[line.order_line_id.line_key] = units
            elif line.quantity:
                said = units if line.unit_ids else {}
                notes = {name: line[name].strip() for name in NOTES if (line[name] or "").strip()}
                lines[line.order_line_id.line_key] = {"quantity": line.quantity, **said, **notes}
        if not lines:
            raise UserError(_("Nothing is entered; enter a quantity in one line at least."))
        day = fields.Date.to_string(self.day)
        key = DAY_SAID.get(self.event_type)
        photos = self._photos() if key else {}
        return {"lines": lines, **({key: day} if key and day else {}), **photos}

    def action_record(self):
        """Record what moved.

        :raise UserError: where it is not possible, so that what was entered stays in the dialog
            and nothing is recorded; what is not possible whatever is entered becomes an attempt
        """
        self.ensure_one()
        check_access(self.order_id, "write")
        payload = self._payload()
        error = self.order_id._forecast(self.event_type, payload)[self.order_id]
        of_status = isinstance(error, RuleViolation) and error.rule.startswith("status:")
        if error is not None and not of_status:
            raise error
        if error is None:
            self._keep_photos(self.order_id)
        return self.order_id._record_and_tell(self.event_type, payload)


class RentalMovementWizardLine(models.TransientModel):
    """How much of one line moves."""

    _name = "rental.movement.wizard.line"
    _inherit = "access.first.mixin"
    _description = "Line of What Moves"

    wizard_id = fields.Many2one(
        "rental.movement.wizard", string="Dialog", required=True, ondelete="cascade"
    )
    order_line_id = fields.Many2one("rental.order.line", string="Line", required=True)
    product_id = fields.Many2one(related="order_line_id.product_id")
    possible = fields.Integer(string="Open", readonly=True)
    quantity = fields.Integer()
    unit_ids = fields.Many2many("rental.unit", string="Units")
    condition = fields.Char(help="In which condition it goes out or comes back.")
    missing = fields.Char(
        string="What Is Missing", help="What did not come back with it, such as a cable."
    )

    def _remains_words(self):
        """Return what of the line does not move."""
        return _(
            "%(count)s × %(product)s",
            count=self.possible - self.quantity,
            product=self.product_id.display_name,
        )

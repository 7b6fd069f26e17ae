from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.event_sourcing_base.compat import check_access

from .rental_owned_snapshot import STATUSES
from .rental_unit_snapshot_handler import unit_reference

# What only the event says with which a unit was acquired.
ACQUIRED = ("product_id", "serial_number", "acquired_on", "cost")
MAX_NAMED = 10


class RentalUnit(models.Model):
    """One piece of a product, known by its serial number; its life lies in its events."""

    _name = "rental.unit"
    _description = "Unit"
    _inherit = [
        "rental.owned.mixin",
        "rental.totals.mixin",
        "rental.forecast.mixin",
        "rental.telling.mixin",
    ]
    _order = "product_id, serial_number"
    _rec_names_search = ("serial_number", "barcode")
    _aggregate_model = "rental_unit"
    _of_events = ACQUIRED
    _snapshot_fields = ("status", "snapshot_id")
    _check_company_auto = True

    product_id = fields.Many2one(
        domain=[("rental_ok", "=", True), ("rental_counting", "=", "serial")]
    )
    serial_number = fields.Char(required=True, index=True)
    acquired_on = fields.Date(default=lambda self: self._today())
    currency_id = fields.Many2one(related="company_id.currency_id")
    cost = fields.Monetary(string="Purchase Cost")
    barcode = fields.Char(index="btree_not_null", copy=False)
    notes = fields.Text()
    status = fields.Selection(
        STATUSES,
        compute="_compute_from_snapshot",
        store=True,
        index=True,
        copy=False,
        group_expand="_expand_statuses",
        help="Comes from the events alone: use the buttons to record what happened.",
    )
    snapshot_id = fields.Many2one(
        "rental.unit.snapshot",
        string="Current State",
        compute="_compute_from_snapshot",
        store=True,
        copy=False,
        ondelete="set null",
    )
    image_128 = fields.Image(related="product_id.image_128", string="Photo")
    maintenance_reason = fields.Char(related="snapshot_id.maintenance_reason")
    maintenance_since = fields.Date(related="snapshot_id.maintenance_since")
    maintenance_until = fields.Date(related="snapshot_id.maintenance_until")
    damaged = fields.Boolean(related="snapshot_id.damaged")
    damage_count = fields.Integer(related="snapshot_id.damage_count")
    last_damage = fields.Char(related="snapshot_id.last_damage")
    damaged_on = fields.Date(related="snapshot_id.damaged_on")
    retired_on = fields.Date(related="snapshot_id.retired_on")
    retire_reason = fields.Char(related="snapshot_id.retire_reason")
    # With whom it is, the rentals say; the events of the unit do not.
    out_line_ids = fields.Many2many(
        "rental.order.line",
        "rental_order_line_out_unit_rel",
        string="Lines in Which It Is Out",
        readonly=True,
        copy=False,
        groups="rental_event_sourcing.rental_order_group_user",
    )
    rental_id = fields.Many2one(
        "rental.order",
        string="Out with Rental",
        compute="_compute_rental_id",
        groups="rental_event_sourcing.rental_order_group_user",
    )
    rental_partner_id = fields.Many2one(
        "res.partner",
        string="With Customer",
        compute="_compute_rental_id",
        groups="rental_event_sourcing.rental_order_group_user",
    )
    rental_end = fields.Date(
        string="Comes Back on",
        compute="_compute_rental_id",
        groups="rental_event_sourcing.rental_order_group_user",
    )

    def init(self):
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS rental_unit_name_uniq"
            " ON rental_unit (name, company_id)"
        )

    @api.constrains("barcode", "company_id")
    def _check_barcode(self):
        check_access(self, "write")  # a new one is not asked about before
        for unit in self.filtered("barcode"):
            domain = [
                ("barcode", "=", unit.barcode),
                ("company_id", "=", unit.company_id.id),
                ("id", "!=", unit.id),
            ]
            other = self.sudo().search(domain, limit=1)
            if other:
                raise ValidationError(
                    _(
                        "%(other)s has the barcode %(barcode)s already; each unit needs its own.",
                        other=other.display_name,
                        barcode=unit.barcode,
                    )
                )

    def _compute_from_snapshot(self):
        snapshots = self._own_snapshots()
        for unit in self:
            snapshot = snapshots.get(unit)
            unit.snapshot_id = snapshot
            unit.status = snapshot.status if snapshot else False

    @api.depends("out_line_ids.order_id.partner_id", "out_line_ids.order_id.planned_end")
    def _compute_rental_id(self):
        for unit in self:
            order = unit.out_line_ids[:1].order_id
            unit.rental_id = order
            unit.rental_partner_id = order.partner_id
            unit.rental_end = order.planned_end

    @api.model
    def _by_reference(self, names):
        """Return ``{(company id, reference): id}`` of the units that events name."""
        if not names:
            return {}
        units = self.sudo().with_context(active_test=False)
        units = units.search([("name", "in", list(names))])
        return {(unit.company_id.id, unit.name): unit.id for unit in units}

    @api.model
    def _expand_statuses(self, _values, _domain, _order=None):
        """Show every status as a column, in the order of a unit's life."""
        return [status for status, _label in STATUSES if status != "new"]

    @api.depends("serial_number")
    def _compute_display_name(self):
        for unit in self:
            unit.display_name = unit.serial_number or _("New unit")

    @api.model
    def _today(self):
        return self.env["event.store"]._business_today(self.env.company.id, fields.Datetime.now())

    # ------------------------------------------------------------------
    # What is acquired is an event
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        """Acquire units, one event each: all of them, or none.

        :raise UserError: for serial numbers that are given twice or that are there already, and
            for what a rule refuses
        """
        if self._adopted():
            return super().create(vals_list)
        vals_list = self._check_new(vals_list)
        self._check_only_events(*vals_list)
        vals_list = [self._with_reference(vals) for vals in vals_list]
        self._check_free(vals_list)
        units = super().create(vals_list)
        units._begin_streams("UnitAcquired", lambda unit: unit._acquisition())
        return units

    @api.model
    def _with_reference(self, vals):
        serial = vals.get("serial_number")
        serial = serial.strip() if isinstance(serial, str) else serial
        if not serial or not vals.get("product_id"):
            raise UserError(_("A unit needs a product and a serial number; enter both."))
        return {
            **vals,
            "company_id": self._company_id_of(vals),
            "out_line_ids": [],  # whatever a context proposes
            "serial_number": serial,
            "name": unit_reference(self._product_id_of(vals), serial),
        }

    @api.model
    def _check_free(self, vals_list):
        """Refuse serial numbers that are given twice, or taken, all of them in one sentence."""
        given, twice = {}, []
        for vals in vals_list:
            key = vals["company_id"], vals["name"]
            if key in given:
                twice.append(vals["serial_number"])
            given[key] = vals["serial_number"]
        if twice:
            raise UserError(
                _(
                    "These serial numbers are given more than once: %(names)s.",
                    names=self._listed(list(dict.fromkeys(twice))),
                )
            )
        known = self._taken_references(given)
        taken = [serial for key, serial in given.items() if key in known]
        if taken:
            raise UserError(
                _(
                    "Units with these serial numbers are there already: %(names)s.",
                    names=self._listed(taken),
                )
            )

    def write(self, vals):
        self._check_only_events(vals)
        fixed = [name for name in (*ACQUIRED, "company_id") if name in vals]
        for unit in self:
            if any(
                unit._fields[name].convert_to_write(unit[name], unit) != (vals[name] or False)
                for name in fixed
            ):
                raise UserError(
                    _(
                        "Product, serial number, day and cost of a unit are what was recorded when"
                        " it was acquired, and stay; retire it and add the right one."
                    )
                )
        return super().write({key: value for key, value in vals.items() if key not in fixed})

    def unlink(self):
        raise UserError(_("A unit has a history and cannot be deleted; retire it instead."))

    def _acquisition(self):
        """Return what is known of one unit when it is acquired, as a payload."""
        self.ensure_one()
        known = {
            "serial_number": self.serial_number,
            "product_id": self.product_id.id,
            "acquired_on": fields.Date.to_string(self.acquired_on),
            "cost": self.cost,
        }
        return {key: value for key, value in known.items() if value not in (False, None)}

    @api.model
    def _listed(self, names):
        return self.env["rental.order.words"]._listed(names, MAX_NAMED)

    @api.model
    def get_import_templates(self):
        return [
            {
                "label": _("Import Template for Units"),
                "template": "/rental_event_sourcing/static/xls/rental_units.xlsx",
            }
        ]

from odoo import _, api, fields, models

from odoo.addons.event_sourcing_base.compat import check_access

OUT = ("active",)


class ResPartner(models.Model):
    """What a shop sees of a customer: the rentals, what is out, invoiced and owed.

    Those of a company's contacts and addresses count for the company.
    """

    _inherit = "res.partner"

    rental_order_ids = fields.One2many(
        "rental.order",
        "partner_id",
        string="Rentals",
        groups="rental_event_sourcing.rental_order_group_user",
    )
    rental_count = fields.Integer(
        string="Number of Rentals",
        compute="_compute_rentals",
        groups="rental_event_sourcing.rental_order_group_user",
    )
    rental_out_count = fields.Integer(
        string="Rentals Out",
        compute="_compute_rentals",
        help="Rentals whose equipment the customer has at present.",
        groups="rental_event_sourcing.rental_order_group_user",
    )
    rental_invoiced = fields.Monetary(
        string="Invoiced for Rentals",
        compute="_compute_rentals",
        currency_field="rental_currency_id",
        help="By the company that is chosen, in its currency; what was paid is not known here.",
        groups="rental_event_sourcing.rental_order_group_user",
    )
    rental_owed = fields.Char(
        string="Owed for Rentals",
        compute="_compute_rental_owed",
        help="By the companies that are chosen, in the currency of each.",
        groups="rental_event_sourcing.rental_order_group_user",
    )
    rental_currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_rentals",
        groups="rental_event_sourcing.rental_order_group_user",
    )

    @api.depends_context("company", "allowed_company_ids")
    def _compute_rentals(self):
        heirs = self._rental_heirs()
        everybody = [partner_id for ids in heirs.values() for partner_id in ids]
        companies = [("partner_id", "in", everybody), ("company_id", "in", self.env.companies.ids)]
        orders = self.env["rental.order"]
        total = dict(orders._read_group(companies, ["partner_id"], ["__count"]))
        domain = [*companies, ("status", "in", OUT)]
        out = dict(orders._read_group(domain, ["partner_id"], ["__count"]))
        domain = [("partner_id", "in", everybody), ("company_id", "=", self.env.company.id)]
        snapshots = self.env["rental.snapshot"]
        money = dict(snapshots._read_group(domain, ["partner_id"], ["invoiced_amount:sum"]))
        total, out, money = (
            {partner.id: value for partner, value in found.items()} for found in (total, out, money)
        )
        for partner in self:
            ids = heirs.get(partner, ())
            partner.rental_count = sum(total.get(partner_id, 0) for partner_id in ids)
            partner.rental_out_count = sum(out.get(partner_id, 0) for partner_id in ids)
            partner.rental_invoiced = sum(money.get(partner_id, 0) for partner_id in ids)
            partner.rental_currency_id = self.env.company.currency_id

    @api.depends_context("allowed_company_ids", "lang")
    def _compute_rental_owed(self):
        heirs = self._rental_heirs()
        everybody = [partner_id for ids in heirs.values() for partner_id in ids]
        debts, words = self._rental_debts(everybody), self.env["rental.order.words"]
        for partner in self:
            sums = words._sums(
                debt for partner_id in heirs.get(partner, ()) for debt in debts.get(partner_id, ())
            )
            owed = {c: amount for c, amount in sums.items() if not c.is_zero(amount)}
            partner.rental_owed = words._amounts(owed)

    @api.model
    def _rental_debts(self, partner_ids):
        """Return ``{partner id: [(currency, what was charged less what was credited), …]}``."""
        domain = [("partner_id", "in", partner_ids), ("company_id", "in", self.env.companies.ids)]
        sums = self.env["rental.snapshot"]._read_group(
            domain, ["partner_id", "company_id"], ["owed_amount:sum"]
        )
        found = {}
        for partner, company, amount in sums:
            found.setdefault(partner.id, []).append((company.currency_id, amount))
        return found

    def _rental_heirs(self):
        """Return ``{partner: ids of it and of all below it}``, in one query."""
        everybody = self.with_context(active_test=False)._origin
        below = everybody.search_fetch([("id", "child_of", everybody.ids)], ["parent_id"])
        parents = {partner.id: partner.parent_id.id for partner in below}
        heirs = {partner._origin.id: [] for partner in self}
        for partner_id in parents:
            above, seen = partner_id, set()
            while above and above not in seen:
                seen.add(above)
                if above in heirs:
                    heirs[above].append(partner_id)
                above = parents.get(above)
        return {partner: heirs[partner._origin.id] for partner in self}

    def _readable_name(self):
        """Return the name of one customer: for who may read it, also where the cache has it."""
        self.ensure_one()
        check_access(self, "read")
        return self.display_name

    def _open_rentals(self, name, domain=()):
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": "rental.order",
            "view_mode": "list,kanban,calendar,form",
            "views": [(False, kind) for kind in ("list", "kanban", "calendar", "form")],
            "domain": [("partner_id", "child_of", self.id), *domain],
            "context": {"default_partner_id": self.id},
        }

    def action_view_rentals(self):
        return self._open_rentals(_("Rentals of %(customer)s", customer=self._readable_name()))

    def action_view_rentals_out(self):
        domain = [("status", "in", OUT)]
        return self._open_rentals(
            _("Out with %(customer)s", customer=self._readable_name()), domain
        )

    def action_view_rentals_owed(self):
        domain = [("snapshot_id.owed_amount", ">", 0)]
        return self._open_rentals(_("Owed by %(customer)s", customer=self._readable_name()), domain)

    def action_view_rentals_invoiced(self):
        domain = [("snapshot_id.invoiced_amount", ">", 0)]
        domain += [("company_id", "=", self.env.company.id)]
        return self._open_rentals(
            _("Invoiced to %(customer)s", customer=self._readable_name()), domain
        )

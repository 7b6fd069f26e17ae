from odoo import _, api, fields, models
from odoo.exceptions import MissingError, UserError

from odoo.addons.event_sourcing.arguments import whole
from odoo.addons.event_sourcing.exceptions import RuleViolation
from odoo.addons.event_sourcing.from_code import FromCode, from_code, without_defaults


class Newcomers:
    """Streams that have no business record yet, which follows as soon as the events are there."""

    def __init__(self, records, keys):
        self.records, self.keys = records, keys

    def _refresh_from_snapshots(self):
        self.records._adopt(self.keys)


class RentalOwnedMixin(models.AbstractModel):
    """What units and quantities have in common: what a company owns of a product.

    A stream that began over RPC or from a file gets its record here, so that there is no snapshot
    without one.
    """

    _name = "rental.owned.mixin"
    _description = "What Is Owned of a Product"
    _inherit = "event.source.mixin"
    # Fields that only events set; columns of the snapshot, taken over when the record is made.
    _of_events = ("product_id",)

    name = fields.Char(string="Reference", required=True, readonly=True, copy=False, index=True)
    product_id = fields.Many2one(
        "product.product", required=True, index=True, ondelete="restrict", check_company=True
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        default=lambda self: self.env.company,
        ondelete="restrict",
    )

    @api.model
    def _adopt(self, keys):
        """Make the records of streams that have none.

        :param keys: of the streams, ``(company id, aggregate id)``
        """
        field = self._aggregate_field
        known = {(r.company_id.id, r[field]) for r in self._of_streams(keys)}
        missing = set(keys) - known
        if not missing:
            return
        snapshots = self.env(su=True)["snapshot.handler.registry"]._snapshots_of(
            self._aggregate_model
        )
        domain = [
            ("model_name", "in", self._stream_names()),
            ("aggregate_id", "in", [name for _company, name in missing]),
        ]
        found = snapshots.search(domain)
        # Without a product that is here there is nothing to show.
        found = found.filtered(
            lambda s: (s.company_id.id, s.aggregate_id) in missing and s.product_id
        )
        vals_list = [
            {
                field: snapshot.aggregate_id,
                "company_id": snapshot.company_id.id,
                **{
                    name: self._fields[name].convert_to_write(snapshot[name], snapshot)
                    for name in self._of_events
                },
            }
            for snapshot in found
        ]
        if vals_list:
            # Their events are there already.
            context = without_defaults(self.env.context)
            adopting = self.sudo().with_context({**context, "rental_adopted": FromCode(True)})
            adopting.create(vals_list)._refresh_from_snapshots()

    @api.model
    def _adopted(self):
        """Whether records are made of which the events are there already."""
        return bool(from_code(self.env, "rental_adopted"))

    @api.model
    def _snapshots_changed(self, keys):
        self._adopt(keys)
        super()._snapshots_changed(keys)

    @api.model
    def _product_id_of(self, vals):
        return whole(self.env, "product_id", vals["product_id"], least=1)

    @api.model
    def _company_id_of(self, vals):
        own = self.env.company.id
        return whole(self.env, "company_id", vals.get("company_id"), least=1, default=own)

    @api.model
    def _check_only_events(self, *vals_list):
        """Refuse what follows from the snapshot alone."""
        for vals in vals_list:
            if not isinstance(vals, dict):
                raise UserError(_("A record must be given as a set of named values."))
            if vals.keys() & {"name", "status", "snapshot_id"}:
                raise UserError(
                    _(
                        "Reference and status come from the events and cannot be set; record what"
                        " happened, with a button or with event.store.append."
                    )
                )


class RentalOwnedRules(models.AbstractModel):
    """What the handlers of units and quantities do alike; they inherit it before the engine's."""

    _name = "rental.owned.rules"
    _description = "Rules of What Is Owned"

    @api.model
    def _check_counting(self, product_id, counting):
        """Refuse a product that is not here, or is counted otherwise.

        :param int product_id: as the payload says
        :param str counting: a value of ``rental_counting``
        """
        product = self.env["product.product"].sudo().browse(product_id)
        try:
            counted = product.rental_counting  # read once for a batch
        except MissingError:
            message = _("There is no product with the id %(id)s.", id=product_id)
            raise RuleViolation(message, "unknown_product") from None
        if counted == counting:
            return
        if counting == "serial":
            message = _(
                "%(product)s is counted by quantity, so it has no units; change its quantity.",
                product=product.display_name,
            )
        else:
            message = _(
                "%(product)s is counted by serial number; add or retire its units.",
                product=product.display_name,
            )
        raise RuleViolation(message, "counted_otherwise")

    @api.model
    def _check_reference(self, event, expected):
        """Refuse a stream under another reference than the one that its product gives."""
        if event.aggregate_id != expected:
            message = _(
                "The reference must be %(expected)s, not %(given)s, as the product says.",
                expected=expected,
                given=event.aggregate_id,
            )
            raise RuleViolation(message, "other_reference")

    @api.model
    def _source_records(self, model_name, keys, heads):
        """Let the business records that streams still lack be made, too."""
        found = super()._source_records(model_name, keys, heads)
        missing = [
            (company_id, aggregate_id)
            for (company_id, name, aggregate_id), head in heads.items()
            if name == model_name and (company_id, aggregate_id) in keys and not head.sources
        ]
        return [*found, Newcomers(self.env[self._source_model], missing)] if missing else found

from odoo import api, models

from odoo.addons.event_sourcing.models.event_source_mixin import UNNUMBERED
from odoo.addons.event_sourcing_base.from_code import FromCode, from_code, without_defaults

PAGE = 1000


class Newcomers:
    """Streams that have no business record yet, which follows as soon as the events are there."""

    def __init__(self, records, keys):
        self.records, self.keys = records, keys

    def _refresh_from_snapshots(self):
        self.records._snapshots_changed(self.keys)


class RentalAdoptedMixin(models.AbstractModel):
    """Records of streams that may begin over RPC or from a file.

    Such a stream gets its record as soon as its first event is applied, and a lost one comes
    back with the next event: there is no snapshot without its record.
    """

    _name = "rental.adopted.mixin"
    _description = "Record of What Others Recorded"
    _inherit = "event.source.mixin"

    @api.model
    def _adopt(self, keys):
        """Make the records of streams that have none, as their snapshots say.

        :param set keys: of the streams, ``(company id, aggregate id)``
        """
        found = self._adoptable(keys)
        if not found:
            return
        vals_list = [
            {
                self._aggregate_field: snapshot.aggregate_id,
                "company_id": snapshot.company_id.id,
                "snapshot_id": snapshot.id,
                **{
                    name: self._fields[name].convert_to_write(snapshot[name], snapshot)
                    for name in self._adopted_fields()
                },
                **beside,
            }
            for snapshot, beside in zip(found, self._adopted_beside(found), strict=True)
        ]
        # Their events are there already.
        context = {**without_defaults(self.env.context), "rental_adopted": FromCode(True)}
        self.sudo().with_context(context).create(vals_list)

    @api.model
    def _adoptable(self, keys):
        """Return the snapshots of streams that a record can show, with full rights."""
        snapshots = self.env(su=True)["snapshot.handler.registry"]._snapshots_of(
            self._aggregate_model
        )
        names = [name for _company_id, name in keys if name != UNNUMBERED]
        if not names:
            return snapshots
        domain = [("model_name", "in", self._stream_names()), ("aggregate_id", "in", names)]
        return snapshots.search(domain, order="id").filtered(
            lambda s: (s.company_id.id, s.aggregate_id) in keys and self._can_follow(s)
        )

    @api.model
    def _adopt_all(self):
        """Make the records of all streams that have a snapshot and no record, page by page."""
        snapshots = self.env(su=True)["snapshot.handler.registry"]._snapshots_of(
            self._aggregate_model
        )
        domain, last = [("model_name", "in", self._stream_names())], 0
        while page := snapshots.search([*domain, ("id", ">", last)], order="id", limit=PAGE):
            self._snapshots_changed([(s.company_id.id, s.aggregate_id) for s in page])
            last = page[-1].id
            self.env.flush_all()
            self.env.invalidate_all()

    @api.model
    def _can_follow(self, snapshot):
        """Whether a record can show a snapshot."""
        return True

    @api.model
    def _adopted_fields(self):
        """Return the names of fields that are taken over from the columns of the snapshot."""
        return [name for name in self._snapshot_fields if name != "snapshot_id"]

    @api.model
    def _adopted_beside(self, snapshots):
        """Return what else the record of each snapshot has, as values."""
        return [{} for _snapshot in snapshots]

    @api.model
    def _adopted(self):
        """Whether records are made of which the events are there already."""
        return bool(from_code(self.env, "rental_adopted"))

    def _check_company(self, fnames=None):
        # What was recorded once is shown, whatever has become of what it names.
        return None if self._adopted() else super()._check_company(fnames)

    @api.model
    def _snapshots_changed(self, keys):
        known = self._of_streams(keys)
        self._adopt(self._without_record(keys, known))
        known._refresh_from_snapshots()

    @api.model
    def _without_record(self, keys, known=None):
        """Return those of some streams, ``(company id, aggregate id)``, that have no record.

        :param known: the records of these streams, where they are found already
        """
        known = self._of_streams(keys) if known is None else known
        return set(keys) - {(r.company_id.id, r[self._aggregate_field]) for r in known}


class RentalAdoptingRules(models.AbstractModel):
    """For handlers of such records; they inherit it before the engine's."""

    _name = "rental.adopting.rules"
    _description = "Rules of What Others Recorded"

    @api.model
    def _without_source(self, keys):
        source = self.env[self._source_model]
        found = source._adoptable(source._without_record(keys))
        return [(snapshot.company_id.id, snapshot.aggregate_id) for snapshot in found]

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

from odoo import _, api, models, tools

from ..exceptions import BrokenRule


class SnapshotHandlerNamed(models.AbstractModel):
    """Records that a new event names must be of its stream's company, or of none.

    As Odoo's own ``check_company`` has it. Asked beside the fold, of new events alone: what
    was applied once stays applied, whatever becomes of the record.
    """

    _inherit = "snapshot.handler"

    @api.model
    @tools.ormcache("event_type")
    def _record_keys(self, event_type):
        """Return ``(key, model)`` of what may name records that belong to companies.

        Declared keys of the payload, and those of the state that fill a typed column.
        """
        snapshots = self.env[self._snapshot_model]
        columns = {name: snapshots._fields[name] for name in snapshots._typed_columns()}
        found = {name: f.comodel_name for name, f in columns.items() if f.type == "many2one"}
        for key, field in self._payload_fields.get(event_type, {}).items():
            if field.model:
                found[key] = field.model
        return tuple((key, model) for key, model in found.items() if self._of_companies(model))

    @api.model
    def _of_companies(self, model_name):
        records = self.env.get(model_name)
        return records is not None and not records._abstract and "company_id" in records._fields

    @api.model
    def _look_up_named(self, events, named):
        """Note which of the records that events name may be used, in one query per model.

        :param events: ``(company id, event type, payload)`` of each
        :param dict named: ``{(company id, model): {record id: whether it may be used}}``,
            which is filled
        """
        wanted, keys = {}, {}
        for company_id, event_type, payload in events:
            if event_type not in keys:
                keys[event_type] = self._record_keys(event_type)
            for key, model in keys[event_type]:
                record_id = self._record_id(payload.get(key))
                if record_id and record_id not in named.get((company_id, model), ()):
                    wanted.setdefault((company_id, model), set()).add(record_id)
        for place, ids in wanted.items():
            foreign = self._foreign_to(*place, ids)
            named.setdefault(place, {}).update((i, i not in foreign) for i in ids)

    @api.model
    def _foreign_to(self, company_id, model, ids):
        """Return which of the records are of other companies than one, and those above it.

        One that is not there at all is none of these: the snapshot says so.
        """
        records = self.env(su=True)[model].with_context(active_test=False)
        domain = records._check_company_domain(self.env["res.company"].browse(company_id))
        seen = records.search([("id", "in", list(ids)), *domain], order="id").ids
        others = set(ids).difference(seen)
        return set(records.browse(others).exists().ids) if others else others

    @api.model
    def _record_id(self, value):
        """Return a value as the id of a record, None where it is none."""
        if type(value) is float and value.is_integer():
            value = int(value)
        return value if type(value) is int and 1 <= value < 2**31 else None

    @api.model
    def _check_named(self, keys, before, after, event, named):
        """Refuse an event that names a record which its company cannot see.

        The sentence says nothing of the record but its id.

        :param keys: as :meth:`_record_keys` gives them
        :param dict before: these keys in the state before; what is as it was is not asked again
        :param dict after: the state after the event
        :param EventData event: of today's schema version
        :param dict named: see :meth:`_look_up_named`
        :raise BrokenRule: naming the key
        """
        if not event.company_id:
            return  # of no stream, as in tests of rules alone
        for key, model in keys:
            for holder in (event.payload, after):
                record_id = self._record_id(holder.get(key))
                if record_id is None or record_id == before.get(key):
                    continue
                known = named.setdefault((event.company_id, model), {})
                if record_id not in known:
                    foreign = self._foreign_to(event.company_id, model, [record_id])
                    known[record_id] = not foreign
                if not known[record_id]:
                    sentence = self._not_visible(key, model, record_id)
                    raise BrokenRule(sentence, f"payload:{key}:record")

    @api.model
    def _not_visible(self, key, model, record_id):
        return _(
            "%(label)s: the %(record)s with the id %(id)s cannot be used by the company of this"
            " event; give the id of one of that company, or of one that all share.",
            label=self._payload_label(key),
            record=self.env["ir.model"].sudo()._get(model).name,
            id=record_id,
        )

    @api.model
    def _check_new(self, event):
        """Refuse what may not begin today; for handlers to extend.

        Asked of new events alone, never in replay: other than ``_evolve`` it may read the
        database.

        :param EventData event: of today's schema version
        :raise UserError: to refuse the event, with the reason in words
        """

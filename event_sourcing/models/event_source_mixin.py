from odoo import _, api, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.compat import check_access
from odoo.addons.event_sourcing_base.from_code import from_code

# What a record that has no reference yet may hold in its place.
UNNUMBERED = "/"
# What follows from a record, or has another name here.
OF_THE_RECORD = {"model_name", "aggregate_id", "company_id", "version"}


class EventSourceMixin(models.AbstractModel):
    """For business records that are the aggregates of a stream.

    Companies number their records as they like: a stream is one of a company. Where the
    records name theirs (``company_id``), it is that one; else see :meth:`_stream_keys`.
    """

    _name = "event.source.mixin"
    _description = "Event-Sourced Record"
    _inherit = "access.first.mixin"
    _export_text_as_text = True
    _history_rank = 1  # what people work with

    # The aggregate type, and the field that holds the aggregate id.
    _aggregate_model = None
    _aggregate_field = "name"
    # Stored fields that are computed from the snapshot.
    _snapshot_fields = ()

    def _apply_event(self, event_type, payload=None, **options):
        """Record one event about each record of self, as the user who asks.

        The right to change the records is what counts here, not the right to append
        events freely: that is the integration's.

        :param str event_type: what happened
        :param payload: JSON object, the same for all, or a function that gives each
            record's
        :param options: ``policy``, ``timestamp``, ``expected_version``,
            ``correlation_id``, ``causation_id`` as in ``event.store.append``; under
            sudo the time may also stand in the context, as ``event_timestamp``, a
            :class:`FromCode`
        :return: ``event.store`` records in the order of self; see their ``outcome``
        :raise AccessError: without the right to change the records
        :raise UserError: for bad input, or a refusal where the policy says so
        :raise TypeError: for what the record says itself, such as ``aggregate_id``
        """
        check_access(self, "write")
        for name in OF_THE_RECORD & options.keys():
            raise TypeError(f"_apply_event() got an unexpected keyword argument {name!r}")
        policy = options.pop("policy", None)
        if self.env.su:
            # A person records what happens now; only code says when something happened.
            options.setdefault("timestamp", from_code(self.env, "event_timestamp"))
        if "expected_version" in options:
            options["version"] = options.pop("expected_version")
        for record in self:
            record._get_aggregate_id()
        vals_list = [
            {
                **options,
                "model_name": record._aggregate_model,
                "aggregate_id": aggregate_id,
                "event_type": event_type,
                "payload": payload(record) if callable(payload) else payload,
                "company_id": company_id,
            }
            for record, (company_id, aggregate_id) in self._stream_keys().items()
        ]
        store = self.env["event.store"].sudo()
        return store._append_all(vals_list, [policy] * len(vals_list))[0]

    @api.model
    def _stream_names(self):
        """Return the names under which events about these records are stored."""
        return self.env["snapshot.handler.registry"]._stream_names(self._aggregate_model)

    @api.model
    def _has_company(self):
        """Whether the records name the company to which they, and their streams, belong."""
        field = self._fields.get("company_id")
        return field is not None and field.type == "many2one" and bool(field.store)

    def _stream_keys(self):
        """Return ``{record: (company id, aggregate id)}``, the key of each record's stream.

        A record without a company goes on with the stream that it has in the user's company,
        else with the only one that there is, else begins one in the user's company. What is
        not saved yet has no stream, whatever a form says about it: the id is False.
        """
        own = self.env.company.id
        companies = {r: r._origin.company_id.id if self._has_company() else False for r in self}
        references = {record: record._reference() for record in self}
        names = [references[r] for r in self if not companies[r] and references[r]]
        found = {}
        if names:
            domain = [("model_name", "in", self._stream_names()), ("aggregate_id", "in", names)]
            for head in self.env["event.stream"].sudo().search(domain):
                found.setdefault(head.aggregate_id, set()).add(head.company_id.id)
        for record in self.filtered(lambda r: not companies[r]):
            others = found.get(references[record], {own})
            companies[record] = own if own in others or len(others) > 1 else min(others)
        return {record: (companies[record], references[record]) for record in self}

    def _stream_key(self):
        """Return ``(company id, aggregate id)`` of the record's stream.

        :raise UserError: for a record that has no reference yet
        """
        self.ensure_one()
        self._get_aggregate_id()
        return self._stream_keys()[self]

    @api.model
    def _of_streams(self, keys):
        """Return the records of streams, with full rights.

        :param keys: of the streams, ``(company id, aggregate id)``
        """
        wanted = set(keys)
        names = list({aggregate_id for _company_id, aggregate_id in wanted})
        records = self.sudo().with_context(active_test=False)
        records = records.search([(self._aggregate_field, "in", names)])
        if not self._has_company():
            return records
        return records.filtered(
            lambda record: (
                not record.company_id
                or (record.company_id.id, record[self._aggregate_field]) in wanted
            )
        )

    def _reference(self):
        """Return the aggregate id of a record as it is saved, False where it has none yet."""
        reference = self._origin[self._aggregate_field]
        return reference if reference and reference != UNNUMBERED else False

    def _get_aggregate_id(self):
        """Return the id of the aggregate that this record is."""
        self.ensure_one()
        aggregate_id = self._reference()
        if not aggregate_id:
            raise UserError(_("Save the record first: it has no reference yet."))
        return aggregate_id

    def _current_state(self):
        """Return the state to which the record's events were folded, a dict.

        The initial state where there is none yet; for handlers with a snapshot model.
        """
        key = self._stream_key()
        handler = self.env["event.store"]._find_handler(self._aggregate_model)
        return handler._load_states(self._aggregate_model, [key])[key]

    def _own_snapshots(self):
        """Return ``{record: its snapshot}`` with full rights; for fields that follow it.

        Records without events are left out.
        """
        snapshots = self.env(su=True)["snapshot.handler.registry"]._snapshots_of(
            self._aggregate_model
        )
        if snapshots is None:
            return {}
        keys = self._stream_keys()
        found = snapshots.search(
            [
                ("model_name", "in", self._stream_names()),
                ("aggregate_id", "in", [reference for _company, reference in keys.values()]),
            ]
        )
        by_key = {(snapshot.company_id.id, snapshot.aggregate_id): snapshot for snapshot in found}
        return {
            record: by_key[keys[record]].with_env(self.env(su=True))
            for record in self
            if keys[record] in by_key
        }

    @api.model
    def _snapshots_changed(self, keys):
        """Let the records of streams follow their snapshots.

        :param keys: of the streams, ``(company id, aggregate id)``
        """
        self._of_streams(keys)._refresh_from_snapshots()

    def _refresh_from_snapshots(self):
        """Let the fields that are computed from snapshots follow, and what depends on these."""
        shown = [name for name, field in self._fields.items() if field.compute and not field.store]
        self.invalidate_recordset(shown, flush=False)
        for name in self._snapshot_fields:
            self.env.add_to_compute(self._fields[name], self)
        self.modified(self._snapshot_fields)

import operator

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..compat import check_access, several
from ..from_code import from_code
from .event_store import FAILURE_TYPES

REFUSED = ("rejected", "failed")
# What a record that has no reference yet may hold in its place.
UNNUMBERED = "/"
# What follows from a record, or has another name here.
OF_THE_RECORD = {"model_name", "aggregate_id", "company_id", "version"}
COMPARE = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    # What Odoo 19 makes of the first two.
    "in": lambda count, numbers: count in numbers,
    "not in": lambda count, numbers: count not in numbers,
}


class EventSourceMixin(models.AbstractModel):
    """For business records that are the aggregates of a stream.

    Companies number their records as they like: a stream is one of a company. Where the
    records name theirs (``company_id``), it is that one; else see :meth:`_stream_keys`.
    """

    _name = "event.source.mixin"
    _description = "Event-Sourced Record"
    _inherit = "access.first.mixin"

    # The aggregate type, and the field that holds the aggregate id.
    _aggregate_model = None
    _aggregate_field = "name"
    # Stored fields that are computed from the snapshot.
    _snapshot_fields = ()

    event_count = fields.Integer(compute="_compute_event_count", search="_search_event_count")
    refused_event_count = fields.Integer(
        string="Rejected Event Count",
        compute="_compute_event_count",
        search="_search_refused_event_count",
    )

    def _compute_event_count(self):
        counts, keys = {}, self._stream_keys()
        for aggregate_id, company, outcome, count in (
            self.env["event.store"]
            .sudo()
            ._read_group(
                [
                    ("model_name", "in", self._stream_names()),
                    ("aggregate_id", "in", [reference for _company, reference in keys.values()]),
                    ("event_type", "not in", FAILURE_TYPES),
                ],
                ["aggregate_id", "company_id", "outcome"],
                ["__count"],
            )
        ):
            counts.setdefault((company.id, aggregate_id), {})[outcome] = count
        for record in self:
            own = counts.get(keys[record], {})
            record.event_count = sum(own.values())
            record.refused_event_count = sum(own.get(outcome, 0) for outcome in REFUSED)

    @api.model
    def _search_event_count(self, operator, value):
        return self._search_count(operator, value)

    @api.model
    def _search_refused_event_count(self, operator, value):
        return self._search_count(operator, value, [("outcome", "in", REFUSED)])

    @api.model
    def _search_count(self, operator, value, domain=()):
        """Return the domain of the records whose events of a kind are that many."""
        compare = COMPARE.get(operator)
        of_several = operator in ("in", "not in")
        numbers = list(value) if of_several and several(value) else [value]
        if compare is None or not all(type(number) is int for number in numbers):
            raise UserError(_("Compare the number of events with a whole number."))
        value = numbers if of_several else value
        groups = (
            self.env["event.store"]
            .sudo()
            ._read_group(
                [
                    ("model_name", "in", self._stream_names()),
                    ("event_type", "not in", FAILURE_TYPES),
                    *domain,
                ],
                ["company_id", "aggregate_id"],
                ["__count"],
            )
        )
        # Those without any such event are in no group.
        wanted = compare(0, value)
        keys = [
            (company.id, name) for company, name, count in groups if compare(count, value) != wanted
        ]
        ids = self._of_streams(keys).ids
        return [("id", "not in" if wanted else "in", ids)]

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
        """Let the fields that are computed from snapshots follow them."""
        shown = [name for name, field in self._fields.items() if field.compute and not field.store]
        self.invalidate_recordset(shown, flush=False)
        for name in self._snapshot_fields:
            self.env.add_to_compute(self._fields[name], self)

    def action_view_events(self):
        """Open the history of the record as a timeline."""
        check_access(self, "read")
        return self._history_action(_("History of %(record)s", record=self.display_name))

    def action_view_refused_events(self):
        """Open what was refused or failed in the history of the record."""
        check_access(self, "read")
        return self._history_action(
            _("Rejected attempts on %(record)s", record=self.display_name),
            REFUSED,
        )

    def _history_action(self, name, kinds=()):
        """Return the action that shows the stream of the record.

        :param kinds: outcomes that the timeline begins with; all by default
        """
        company_id, aggregate_id = self._stream_key()
        stream = self.env["event.stream"].search(
            [
                ("model_name", "in", self._stream_names()),
                ("aggregate_id", "=", aggregate_id),
                ("company_id", "=", company_id),
            ],
            limit=1,
        )
        if not stream:
            raise UserError(_("Nothing has happened to this record yet."))
        return {**stream._open_timeline(kinds), "name": name}

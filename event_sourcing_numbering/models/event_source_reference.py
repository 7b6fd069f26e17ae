import psycopg2

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.event_sourcing.event import EventData
from odoo.addons.event_sourcing.exceptions import VersionConflict
from odoo.addons.event_sourcing.models.event_source_mixin import UNNUMBERED
from odoo.addons.event_sourcing.models.event_store import FAILURE_TYPES
from odoo.addons.event_sourcing.models.event_store_validate import is_nothing
from odoo.addons.event_sourcing_base.arguments import shown
from odoo.addons.event_sourcing_base.from_code import from_code

ATTEMPTS = 5
# Numbers that are looked at together, from the first look to the last.
LOOKS = tuple(min(100 * 4**n, 100_000) for n in range(20))


class EventSourceReference(models.AbstractModel):
    """New records begin streams of their own, under references that are free.

    A reference is taken where a record of the company has it, and where its stream has
    events: those of a record that is gone, for example, after its addon was uninstalled.
    """

    _inherit = "event.source.mixin"

    def _begin_streams(self, event_type, payload=None, sequence_code=None, **options):
        """Record the first event of new records, each in a stream that was not there before.

        :param str event_type: what happened
        :param payload: JSON object, or a function that gives each record's
        :param str sequence_code: of the ``ir.sequence`` that gives the records their
            references, those of the record's company before those of all; without it they
            keep the ones that they have
        :param options: as for :meth:`_apply_event`; what is refused raises (``reject``), unless
            another policy is given, and uses up no number
        :return: ``event.store`` records in the order of self
        :raise UserError: for a reference that is taken; or a refusal
        """
        if not is_nothing(options.get("expected_version")) and options["expected_version"] != 1:
            raise UserError(
                _(
                    "A new record begins its history: leave out expected_version, or give 1"
                    " instead of %(version)s.",
                    version=shown(options["expected_version"]),
                )
            )
        options = {"policy": "reject", **options, "expected_version": 1}
        if not sequence_code:
            return self._begin_as_named(event_type, payload, options)
        if options["policy"] == "reject":
            self._check_beginning(event_type, payload, options)
        for _attempt in range(ATTEMPTS):
            references = self._next_references(sequence_code)
            try:
                with self.env.cr.savepoint():
                    for record, reference in references.items():
                        # Not by write, which may refuse what only the sequence gives.
                        models.Model.write(record, {self._aggregate_field: reference})
                    self.flush_recordset([self._aggregate_field])
                    return self._apply_event(event_type, payload, **options)
            except (VersionConflict, psycopg2.errors.UniqueViolation):
                continue  # somebody was faster: on with the next ones
        raise UserError(
            _(
                "The next references of the sequence %(code)s are taken again and again; let"
                " your administrator set its next number.",
                code=sequence_code,
            )
        )

    def _begin_as_named(self, event_type, payload, options):
        taken = self._taken_references(self._companies_and_references())
        if not taken:
            return self._apply_event(event_type, payload, **options)
        raise UserError(
            _(
                "%(reference)s has a history already, maybe of a record that is gone; give the"
                " new one another reference.",
                reference=min(reference for _company, reference in taken),
            )
        )

    def _check_beginning(self, event_type, payload, options):
        """Raise the refusal of the first event, before a number is drawn for it."""
        store = self.env["event.store"].sudo()._with_user_lang()
        handler = store._find_handler(self._aggregate_model)
        if handler is None or not store._folds_in_memory(handler):
            return
        known = ("timestamp", "schema_version", "correlation_id", "causation_id")
        given = {name: options[name] for name in known if options.get(name)}
        moment = self.env.su and from_code(self.env, "event_timestamp")  # as in _apply_event
        if moment:
            given.setdefault("timestamp", moment)
        vals_list = store._clean_all(
            [
                {
                    **given,
                    "model_name": self._aggregate_model,
                    "aggregate_id": UNNUMBERED,
                    "event_type": event_type,
                    "payload": payload(record) if callable(payload) else payload,
                    "company_id": record._stream_company().id,
                }
                for record in self
            ]
        )
        for vals in vals_list:
            event = EventData.from_vals({**vals, "version": 1, "event_uuid": ""}, self.env.uid)
            try:
                # With what only new events are asked, too: it refuses as well.
                handler._fold_new(handler._initial_state(), event)
            except UserError:
                raise
            except Exception:
                return  # a technical fault: what becomes of it is the append's to say

    # ------------------------------------------------------------------
    # References
    # ------------------------------------------------------------------

    def _stream_company(self):
        """Return the company in which a new record begins its stream."""
        self.ensure_one()
        return (self._has_company() and self.company_id) or self.env.company

    def _companies_and_references(self):
        field = self._aggregate_field
        return {(record._stream_company().id, record[field]): record for record in self}

    def _next_references(self, code):
        """Return ``{record: reference}``: the next ones of a sequence that nobody has.

        :param str code: of the ``ir.sequence``
        :raise UserError: where a company has no such sequence
        """
        found = {}
        for company, records in self.grouped(lambda r: r._stream_company()).items():
            sequence = self._reference_sequence(code, company)
            names = self._free_references(sequence, company, len(records))
            found.update(zip(records, names, strict=True))
        return {record: found[record] for record in self}

    @api.model
    def _free_references(self, sequence, company, count):
        """Draw so many references of a sequence that are free, in their order."""
        free = []
        for look in LOOKS:
            drawn = [sequence._next() for _number in range(count - len(free))]
            taken = self._taken_references((company.id, name) for name in drawn)
            free += [name for name in drawn if (company.id, name) not in taken]
            if len(set(free)) == count:
                return free
            free = list(dict.fromkeys(free))
            if not self._pass_taken(sequence, company, look):
                break
        raise UserError(
            _(
                "The sequence %(code)s gives no reference that is free; let your administrator"
                " look at its prefix and its next number.",
                code=sequence.code,
            )
        )

    @api.model
    def _reference_sequence(self, code, company):
        """Return the sequence with which a company numbers, as ``next_by_code`` finds it."""
        sequences = self.env["ir.sequence"].with_company(company)
        domain = [("code", "=", code), ("company_id", "in", [company.id, False])]
        sequence = sequences.search(domain, order="company_id", limit=1)
        if not sequence:
            raise UserError(
                _(
                    "There is no sequence %(code)s for %(company)s; let your administrator create"
                    " one.",
                    code=code,
                    company=company.name,
                )
            )
        return sequence

    @api.model
    def _pass_taken(self, sequence, company, look):
        """Let a sequence go on behind numbers that are taken, as far as one look can tell.

        :param int look: how many numbers to look at
        :return: whether there is hope
        """
        holder, table = sequence, f"ir_sequence_{sequence.id:03d}"
        if sequence.use_date_range:  # it counts anew in each period
            today = fields.Date.today()
            domain = [("date_from", "<=", today), ("date_to", ">=", today)]
            holder = sequence.date_range_ids.filtered_domain(domain)[:1]
            table = f"{table}_{holder.id:03d}"
            sequence = sequence.with_context(ir_sequence_date_range=holder.date_from)
        holder.invalidate_recordset(["number_next", "number_next_actual"])
        step = sequence.number_increment
        first = holder.number_next_actual
        numbers = range(first, first + look * step, step)
        if sequence.get_next_char(first) == sequence.get_next_char(first + step):
            return False  # it says the same for all
        names = {number: sequence.get_next_char(number) for number in numbers}
        taken = self._taken_references((company.id, name) for name in names.values())
        free = next((n for n in numbers if (company.id, names[n]) not in taken), None)
        if free == first:
            return True
        behind = numbers[-1] if free is None else free - step
        if sequence.implementation == "standard":
            # Never back: another transaction may have drawn further in the meantime.
            ahead = SQL("greatest") if step > 0 else SQL("least")
            self.env.cr.execute(
                SQL(
                    "SELECT setval(%s::regclass, %s(%s, last_value)) FROM %s",
                    table,
                    ahead,
                    behind,
                    SQL.identifier(table),
                )
            )
        else:
            holder.sudo().number_next = behind + step
        holder.invalidate_recordset(["number_next_actual"])
        return True

    @api.model
    def _taken_references(self, keys):
        """Return those of ``(company id, reference)`` that a record or a stream has, in one query.

        Records that name no company may have a stream in any.
        """
        keys = list(keys)
        if not keys:
            return set()
        self.flush_model([self._aggregate_field])
        store, field = self.env["event.store"], SQL.identifier(self._aggregate_field)
        store.flush_model()
        own_company = self._has_company()
        companies = [company for company, _reference in keys]
        references = [reference for _company, reference in keys]
        of_company = SQL("AND found.company_id = key.company_id") if own_company else SQL("")
        of_record = SQL("")
        if own_company:
            of_record = SQL("AND coalesce(found.company_id, key.company_id) = key.company_id")
        new = SQL("AND found.id <> ALL(%s)", self.ids) if self.ids else SQL("")
        names = self._stream_names()
        self.env.cr.execute(
            SQL(
                """
                SELECT DISTINCT key.company_id, key.reference
                  FROM unnest(%s::int[], %s::text[]) AS key (company_id, reference)
                 WHERE EXISTS (
                       SELECT FROM event_stream AS found
                        WHERE found.model_name = ANY(%s) AND found.aggregate_id = key.reference
                              %s)
                    OR EXISTS (
                       SELECT FROM event_store AS found
                        WHERE found.model_name = ANY(%s) AND found.aggregate_id = key.reference
                          AND found.event_type IN %s %s)
                    OR EXISTS (
                       SELECT FROM %s AS found WHERE found.%s = key.reference %s %s)
                """,
                *(companies, references),
                *(names, of_company),
                *(names, FAILURE_TYPES, of_company),
                *(SQL.identifier(self._table), field, of_record, new),
            )
        )
        return set(self.env.cr.fetchall())

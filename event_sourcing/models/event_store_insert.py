from odoo import api, fields, models, tools
from odoo.tools import SQL

from ..canonical_json import canonical, normalise
from ..compat import check_access, leaves, passes_rules, prime
from ..event_hash import CONTENT, content_text, text_hash
from ..from_code import without_defaults
from ..functions import ensure_function
from ..rows import STAMPS, cells, in_one_text, listed, record_of
from .event_store import ATTEMPTED

# The store's own columns: their values are clean, and go into the row as they are.
OWN = (
    *CONTENT,
    *("failed_event_id", "company_id", "content_hash"),
    *("broken_rule", "error_fingerprint"),
    *("attempt_uuid", "attempt_digest", "retry_of_id", "import_key"),
)
# Those that are not part of the hashed text, and empty in most rows.
BESIDE = (
    *("id", "failed_event_id", "broken_rule", "error_fingerprint"),
    *("attempt_uuid", "attempt_digest", "retry_of_id", "import_key"),
)
# What everybody asks about an event that was just stored.
ASKED = ("version", "outcome", "event_uuid", "error_message", "company_id")
INSERT = "SELECT * FROM event_store_insert(%s, %s, %s, %s)"


class EventStoreInsert(models.Model):
    """All rows of a batch in one statement, without the ORM's work for each.

    The text of which an event's hash is taken is what is stored, too. What other addons
    add by ``_inherit`` is honoured: given and default values of their stored fields,
    computed stored fields, constraints, and record rules.
    """

    _inherit = "event.store"

    def init(self):
        super().init()
        self._ensure_insert()
        self.pool.post_init(self._leave_keys_to_recorders)

    @api.model
    def _leave_keys_to_recorders(self):
        """Drop the foreign keys that ``event.recorder`` stands for, in a store that has them."""
        constraints = [
            f"event_store_{name}_fkey" for name in ("create_uid", "write_uid", "company_id")
        ]
        self.env.cr.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'event_store'::regclass"
            " AND conname = ANY(%s)",
            [constraints],
        )
        found = [name for (name,) in self.env.cr.fetchall()]
        if found:
            self.env.cr.execute(
                "INSERT INTO event_recorder (user_id, company_id)"
                " SELECT DISTINCT create_uid, company_id FROM event_store"
                "  WHERE create_uid IS NOT NULL ON CONFLICT DO NOTHING"
            )
        for name in found:
            self.env.cr.execute(
                SQL("ALTER TABLE event_store DROP CONSTRAINT %s", SQL.identifier(name))
            )

    def _register_hook(self):
        super()._register_hook()
        self._ensure_insert()  # when another addon took its fields away

    @api.model
    def _ensure_insert(self):
        """Let the database have the function that inserts events.

        Nobody writes an event again: ``write_uid`` and ``write_date`` stay empty.
        """
        names = [*OWN, *self._other_columns()]
        columns = [(name, self._fields[name].column_type[0]) for name in names]
        ensure_function(
            self.env.cr,
            "event_store_insert",
            "events json, companies int[], uid int, moment timestamp",
            "SETOF int",
            f"""
            INSERT INTO event_recorder (user_id, company_id)
            SELECT uid, company FROM unnest(companies) AS company
                ON CONFLICT DO NOTHING;
            RETURN QUERY
            INSERT INTO event_store (id, create_uid, create_date, {listed(names)})
            SELECT coalesce(row.id, nextval('event_store_id_seq')), uid, moment,
                   {listed(names, "row.")}
              FROM json_to_recordset(events) AS row ({record_of([("id", "int4"), *columns])})
            RETURNING id;
            """,
        )

    @api.model
    def _insert(self, vals_list, note_recorders=True):
        """Insert rows as they are, with the rights of the user.

        :param list vals_list: complete dicts
        :param bool note_recorders: whether ``event.recorder`` is to say who recorded them
        :return: records in the order of ``vals_list``
        """
        self = self._without_defaults()
        rows, companies, *stamps = self._insert_params(vals_list)
        params = [rows, companies if note_recorders else [], *stamps]
        self.env.cr.execute(INSERT, params)
        events = self.browse(row[0] for row in self.env.cr.fetchall())
        self._prime(events, vals_list)
        self._finish_insert(events, vals_list)
        return events

    @api.model
    def _insert_behind(self, step, vals_list):
        """Insert a page of events that have their ids already, while the caller goes on."""
        step.execute_behind(INSERT, self._without_defaults()._insert_params(vals_list))

    @api.model
    def _insert_with(self, step, vals_list, rest, statements, params, last):
        """Insert events that have their ids already, and write more, in one go.

        :param Step step: ends here where nobody has anything left to do
        :param list rest: those of ``vals_list`` that are not inserted yet, and failure events
        :param list statements: further ones, and ``params``, a list for all of them
        :param bool last: whether the caller has nothing left to do in the step
        :return: ``(records, plain)``: in the order of ``vals_list``, and whether
            :meth:`_finish_insert` has nothing to do for them
        """
        self = self._without_defaults()
        events = self.browse([vals["id"] for vals in vals_list])
        self._prime(events, vals_list)
        plain = not self._extras(vals_list) and self._keep_rules(events, vals_list)
        params = [*self._insert_params(rest), *params]
        step.execute("; ".join([INSERT, *statements]), params, last=last and plain)
        return events, plain

    @api.model
    def _without_defaults(self):
        # A caller's default_* keys must not reach what the store decides.
        context = self.env.context
        if not any(key.startswith("default_") for key in context):
            return self
        return self.with_context(without_defaults(context))

    @api.model
    def _insert_params(self, vals_list):
        others = self._other_columns()
        rows = [self._row_text(vals, others) for vals in vals_list]
        companies = list({vals["company_id"] for vals in vals_list})
        return [in_one_text(rows), companies, self.env.uid, fields.Datetime.now()]

    @api.model
    def _row_text(self, vals, others):
        """Return one row as a JSON text: the one that is hashed, and what stands beside it."""
        if "payload_json" not in vals:
            vals = {**vals, "payload_json": canonical(normalise(vals["payload"]))}
        text = content_text(vals)
        beside = {name: vals[name] for name in BESIDE if vals.get(name)}
        if others:
            beside.update(self._other_values(vals, others))
        more = f",{cells(beside)[1:-1]}" if beside else ""
        return (
            f'{text[:-1]},"company_id":{vals["company_id"]}'
            f',"content_hash":"{text_hash(text)}"{more}}}'
        )

    @api.model
    @tools.ormcache()
    def _other_columns(self):
        """Return the names of the stored columns that other addons added."""
        return [
            name
            for name, field in self._fields.items()
            if field.store and field.column_type and name not in OWN and name not in ("id", *STAMPS)
        ]

    @api.model
    def _other_values(self, vals, others):
        """Return the values of columns that other addons added, as PostgreSQL takes them."""
        given = {name: vals[name] for name in others if name in vals}
        missing = [name for name in others if name not in given]
        if missing:
            given.update(self.default_get(missing))
        found = {}
        for name in others:
            field = self._fields[name]
            value = field.convert_to_cache(given.get(name, False), self)
            found[name] = field.convert_to_column(value, self, vals)
        return found

    @api.model
    def _prime(self, events, vals_list):
        for name in ASKED:
            prime(events, name, [vals.get(name) for vals in vals_list])

    # ------------------------------------------------------------------
    # What the ORM does beside an insert
    # ------------------------------------------------------------------

    @api.model
    def _keep_rules(self, events, vals_list):
        """Whether the record rules surely let the user create these; most look at the company.

        Asked once for all events that the rules cannot tell apart.
        """
        if self.env.su:
            return True
        domain = list(self.env["ir.rule"]._compute_domain(self._name, "create") or ())
        if domain == [("company_id", "in", self.env.companies.ids)]:
            return True  # what was asked of the streams already
        names = sorted({leaf[0].split(".")[0] for leaf in leaves(domain)})
        if not set(names) <= set(ASKED):
            return False
        alike = [tuple(map(vals.get, names)) for vals in vals_list]
        return passes_rules(
            self.browse(dict(zip(alike, events.ids, strict=True)).values()), "create"
        )

    @api.model
    def _extras(self, vals_list):
        """Return what is left for the ORM to do: fields without a column, computed ones, checks."""
        known, computed = self._known_to_insert()
        return [*set().union(*vals_list).difference(known), *computed, *self._constraint_methods]

    @api.model
    @tools.ormcache()
    def _known_to_insert(self):
        """Return what an insert writes by itself, and which stored fields are computed."""
        known = frozenset((*OWN, *BESIDE, *self._other_columns(), "payload_json", ATTEMPTED))
        return known, [n for n, field in self._fields.items() if field.store and field.compute]

    @api.model
    def _finish_insert(self, events, vals_list):
        """Do what the ORM does after an insert, as far as somebody asks for it.

        :param list vals_list: of the events, complete and with their final outcomes
        """
        known, computed = self._known_to_insert()
        for name in computed:
            self.env.add_to_compute(self._fields[name], events)
        for event, vals in zip(events, vals_list, strict=True):
            rest = {name: value for name, value in vals.items() if name not in known}
            if rest:  # fields without a column, such as many2many
                models.Model.write(event, rest)
        if self._constraint_methods:
            events._validate_fields([*OWN, *self._other_columns()])
        if not self.env.su:
            check_access(events, "create")

    @api.model
    def _finish_failures(self, event_ids):
        """Do the same for the failure events about these events, which the engine itself wrote."""
        _known, computed = self._known_to_insert()
        if event_ids and (computed or self._constraint_methods):
            failures = self.sudo().search([("failed_event_id", "in", event_ids)], order="id")
            failures._finish_insert(failures, [{}] * len(failures))

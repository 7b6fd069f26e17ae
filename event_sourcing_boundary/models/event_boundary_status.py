import logging
import time
from datetime import timedelta

from odoo import SUPERUSER_ID, _, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from odoo.addons.event_sourcing.groups import MANAGER
from odoo.addons.event_sourcing.models.event_store import FAILURE_TYPES
from odoo.addons.event_sourcing_base.canonical_json import canonical
from odoo.addons.event_sourcing_base.compat import check_access
from odoo.addons.event_sourcing_base.db_errors import is_infrastructure_error
from odoo.addons.event_sourcing_base.fields import NO_SUM, JsonDocument

from .event_boundary import SUFFIX

_logger = logging.getLogger(__name__)

CHUNK = 200  # streams, or keys
WORK_SECONDS = 600
# A request that found its code to be of today may be that much behind before it begins.
GRACE = timedelta(seconds=2)
WORKING = ("waiting", "reading", "folding")


class EventBoundaryStatus(models.Model):
    """Whether a boundary counts: it does once it knows what was recorded before it was there.

    Until then appends that need it are refused, so that what it reads is all there is. Streams
    are read first, which says what events are about which keys; then each key is folded. Chunks
    are committed one by one, and go on where they ended.
    """

    _name = "event.boundary.status"
    _inherit = "of.all.companies.mixin"
    _description = "Boundary in This Database"
    _rec_name = "boundary"
    _order = "boundary"
    _of_all_companies = ("position", "done", "total", "progress", "problem_count", "message")

    boundary = fields.Char(string="Technical Name", required=True, readonly=True)
    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("reading", "Reading Histories"),
            ("folding", "Folding Keys"),
            ("incomplete", "Incomplete"),
            ("ready", "In Force"),
        ],
        required=True,
        readonly=True,
        default="waiting",
    )
    covers = JsonDocument(readonly=True, help="The event types that it knows all events of.")
    began_on = fields.Datetime(readonly=True, help="Whoever began earlier may not know of it.")
    position = fields.Integer(readonly=True, help="Where the next chunk begins.", **NO_SUM)
    done = fields.Integer(readonly=True, help="Histories, then keys.", **NO_SUM)
    total = fields.Integer(readonly=True, **NO_SUM)
    problem_count = fields.Integer(string="Problems", readonly=True, **NO_SUM)
    message = fields.Text(readonly=True, help="The first thing that could not be read.")

    def init(self):
        super().init()
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS event_boundary_status_uniq"
            " ON event_boundary_status (boundary)"
        )

    # ------------------------------------------------------------------
    # Which there are
    # ------------------------------------------------------------------

    def _register_hook(self):
        super()._register_hook()
        names = list(self.env["event.boundary"]._names())
        # What is recorded while one is not installed, it does not know when it is there again.
        self.env.cr.execute(
            "UPDATE event_boundary_status SET state = 'waiting', covers = NULL, began_on = NULL"
            " WHERE boundary <> ALL(%s) AND covers IS NOT NULL",
            [names],
        )
        self._ensure_all()

    @api.model
    def _ensure_all(self):
        """Let each boundary have its row; an addon calls it before it records demo data."""
        for name in self.env["event.boundary"]._names():
            self._ensure(name)

    @api.model
    def _ensure(self, name):
        """Let a boundary have its row; return whether it counts.

        It does at once where none of its events is stored yet. One that is to know further types
        has to read again, where events of these are stored.

        :param str name: of the boundary
        """
        self = self.sudo()
        boundary = self.env[name + SUFFIX]
        covers = {
            model_name: sorted(types) for model_name, types in boundary._event_types().items()
        }
        row = self.search([("boundary", "=", name)])
        known = row.covers or {}
        if row and known == covers:
            return row.state == "ready"
        further = {
            model_name: set(types) - set(known.get(model_name, ()))
            for model_name, types in covers.items()
        }
        state = row.state if known else "ready"
        if state in WORKING or self._is_any_stored(further):
            state = "waiting"
        self.env.cr.execute(
            """
            INSERT INTO event_boundary_status AS row (boundary, covers, state, done, total,
                   position, problem_count)
            VALUES (%s, %s, %s, 0, 0, 0, 0)
                ON CONFLICT (boundary) DO UPDATE
               SET covers = EXCLUDED.covers, state = EXCLUDED.state, began_on = NULL
             WHERE row.covers IS DISTINCT FROM EXCLUDED.covers
            """,
            [name, canonical(covers), state],
        )
        self.invalidate_model(flush=False)
        if state == "waiting":
            self._wake()
        return state == "ready"

    @api.model
    def _not_ready(self, name):
        """Return the sentence that refuses events of a boundary that does not count."""
        row = self.sudo().search([("boundary", "=", name)])
        if row.state == "incomplete":
            return _(
                "%(boundary)s does not count: not all that was recorded before it was there can be"
                " read. Nothing was stored; a manager sees under Boundaries why, and decides.",
                boundary=row.label,
            )
        return _(
            "%(boundary)s does not count yet: what was recorded before it was there is being read."
            " Nothing was stored; try again later. A manager sees under Boundaries how far it is.",
            boundary=row.label,
        )

    @api.model
    def _wake(self, moment=None):
        cron = self.env.ref("event_sourcing_boundary.event_boundary_cron", raise_if_not_found=False)
        if cron:
            cron.sudo()._trigger(at=moment)

    @api.model
    def _is_any_stored(self, types):
        """Whether an applied event of one of ``{aggregate type: event types}`` is stored."""
        return any(
            self.env["event.store"].search_count(self._applied(model_name, names), limit=1)
            for model_name, names in types.items()
            if names
        )

    @api.model
    def _applied(self, model_name, types):
        registry = self.env["snapshot.handler.registry"]
        former = registry._former_event_types()
        names = {*types, *(old for (name, old), new in former.items() if new in types)}
        return [
            ("model_name", "in", registry._stream_names(model_name)),
            ("event_type", "in", sorted(names)),
            ("outcome", "=", "applied"),
        ]

    # ------------------------------------------------------------------
    # Reading what was recorded before
    # ------------------------------------------------------------------

    def action_rebuild(self):
        """Read all histories again; until that is done its events are refused.

        :raise AccessError: for who is no manager
        :raise EventsArchived: where events that it follows from are in an archive
        """
        self.ensure_one()
        self._check_manager()
        self.sudo()._check_readable()
        self.sudo().write({"state": "waiting", "began_on": False})
        self._wake()

    def _check_readable(self):
        """Raise where reading all histories again would lose what is known; a hook."""

    def action_accept(self):
        """Let an incomplete boundary count without what could not be read.

        :raise AccessError: for who is no manager
        """
        self.ensure_one()
        self._check_manager()
        if self.state != "incomplete":
            raise UserError(_("This boundary is not incomplete; reload the page."))
        self.sudo().state = "ready"

    def _check_manager(self):
        check_access(self, "read")
        if not self.env.user.has_group(MANAGER):
            raise AccessError(_("Ask a manager of the event store to do this."))

    @api.model
    def _run(self, seconds=WORK_SECONDS):
        """Work on all that wait, in chunks of a transaction each; the scheduler's way in.

        :return: whether all of them are done
        """
        deadline, paused, late = time.monotonic() + seconds, [], False
        while time.monotonic() < deadline:
            with self.env.registry.cursor() as cr:
                rows = self.with_env(self.env(cr=cr, user=SUPERUSER_ID, context={}))
                cr.execute(
                    "SELECT id FROM event_boundary_status WHERE state = ANY(%s) AND id <> ALL(%s)"
                    " ORDER BY boundary LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED",
                    [list(WORKING), paused],
                )
                row = rows.browse([found[0] for found in cr.fetchall()])
                if not row:
                    break
                if not row._work_or_say():
                    paused += row.ids  # the others need not wait for it
        else:
            late = True
        if paused or late:
            # Later: the scheduler's own transaction is one of those that have to end.
            self._wake(fields.Datetime.now() + 2 * GRACE)
        return not (paused or late)

    def _work_or_say(self):
        """Do the next chunk, as :meth:`_work` does; one that fails keeps no other from its turn."""
        try:
            with self.env.cr.savepoint():
                return self._work()
        except Exception as error:
            if is_infrastructure_error(error):
                raise
            _logger.exception("The boundary %s could not be made ready.", self.boundary)
            text = self.env["event.store"]._error_text(error)
            self.write({"state": "incomplete", "message": text})
            return True

    def _work(self):
        """Do the next chunk; return False where somebody else has to end first."""
        boundary = self.env["event.boundary"]._names().get(self.boundary)
        if boundary is None or self.env[boundary]._is_off():
            self.write({"state": "incomplete", "message": _("It is not installed rightly.")})
            return True
        return getattr(self, f"_work_{self.state}")(self.env[boundary])

    def _work_waiting(self, boundary):
        """Wait for who began before everybody knew of the boundary, then begin anew."""
        self.env.cr.execute("SELECT timezone('UTC', clock_timestamp())")
        (now,) = self.env.cr.fetchone()
        if not self.began_on:
            self.began_on = now
            return False
        self.env.cr.execute(
            """
            SELECT count(*) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()
               AND backend_type = 'client backend' AND timezone('UTC', xact_start) < %s
            """,
            [self.began_on + GRACE],
        )
        if self.env.cr.fetchone()[0] or now < self.began_on + GRACE:
            return False
        for table in ("event_boundary_event", "event_boundary_state"):
            table = SQL.identifier(table)
            self.env.cr.execute(SQL("DELETE FROM %s WHERE boundary = %s", table, self.boundary))
        self.position = 0
        total = self.env["event.stream"].search_count(self._stream_domain(boundary))
        begin = dict.fromkeys(("done", "problem_count", "message"), False)
        self.write({**begin, "state": "reading", "total": total})
        return True

    def _stream_domain(self, boundary):
        """Return the domain of the streams that are still to be read."""
        registry = self.env["snapshot.handler.registry"]
        names = [n for model in boundary._event_types() for n in registry._stream_names(model)]
        return [("model_name", "in", names), ("id", ">", self.position)]

    def _streams(self, boundary, limit=CHUNK):
        domain = self._stream_domain(boundary)
        return self.env["event.stream"].search(domain, order="id", limit=limit)

    def _work_reading(self, boundary):
        streams = self._streams(boundary)
        if not streams:
            self._number_entries()
            return True
        by_model = {}
        canonical_name = self.env["snapshot.handler.registry"]._canonical_name
        for stream in streams:
            by_model.setdefault(canonical_name(stream.model_name), []).append(stream)
        for model_name, heads in by_model.items():
            self._read_streams(boundary, model_name, heads)
        self.write({"position": streams[-1].id, "done": self.done + len(streams)})
        return True

    def _read_streams(self, boundary, model_name, heads):
        """Note which of the applied events of these streams are about which keys."""
        found, problems = boundary._entries_of(
            model_name, {(head.company_id.id, head.aggregate_id): head.version for head in heads}
        )
        registry = self.env["snapshot.handler.registry"]
        self.env.cr.execute(
            """
            INSERT INTO event_boundary_event (company_id, boundary, key, event_id, details)
            SELECT row.company_id, %s, row.key, event.id, row.details
              FROM json_to_recordset(%s) AS row (company_id int, aggregate_id varchar, version int,
                   key varchar, details jsonb)
              JOIN event_store AS event
                ON event.model_name = ANY(%s) AND event.aggregate_id = row.aggregate_id
               AND event.company_id = row.company_id AND event.version = row.version
               AND event.event_type <> ALL(%s)
            """,
            [
                *(self.boundary, canonical(found), registry._stream_names(model_name)),
                list(FAILURE_TYPES),
            ],
        )
        self._note_problems(list(problems.values()))

    def _note_problems(self, problems):
        if problems:
            self.problem_count += len(problems)
            self.message = self.message or problems[0]

    def _number_entries(self):
        """Put the events of each key into order: before a boundary decided, that of their ids."""
        self.env.cr.execute(
            """
            UPDATE event_boundary_event AS entry SET version = numbered.version
              FROM (SELECT id, row_number() OVER (
                               PARTITION BY company_id, key ORDER BY event_id) AS version
                      FROM event_boundary_event WHERE boundary = %(boundary)s) AS numbered
             WHERE entry.id = numbered.id;
            INSERT INTO event_boundary_state (company_id, boundary, key, version)
            SELECT company_id, boundary, key, max(version) FROM event_boundary_event
             WHERE boundary = %(boundary)s GROUP BY company_id, boundary, key
            """,
            {"boundary": self.boundary},
        )
        total = self.env["event.boundary.state"].search_count([("boundary", "=", self.boundary)])
        self.write({"state": "folding", "position": 0, "done": 0, "total": total})

    def _work_folding(self, boundary):
        domain = [("boundary", "=", self.boundary), ("id", ">", self.position)]
        rows = self.env["event.boundary.state"].search(domain, order="id", limit=CHUNK)
        if not rows:
            self.state = "incomplete" if self.problem_count else "ready"
            return True
        folded, problems = [], []
        for row in rows:
            place = row.company_id.id, row.boundary, row.key
            count, state, problem = boundary._fold_key(place)
            if problem is not None:
                problems.append(f"{row.key}: {self.env['event.store']._error_text(problem)}")
                continue
            vals = boundary._place_vals(place)
            folded.append(
                {**vals, "version": count, "state": state, "rules": boundary._rules_digest()}
            )
        self.env.cr.execute(*self.env["event.boundary.state"]._save_statement(folded, []))
        self.env["event.boundary.state"].invalidate_model(flush=False)
        self._note_problems(problems)
        self.write({"position": rows[-1].id, "done": self.done + len(rows)})
        return True

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.event_sourcing.exceptions import EventsArchived
from odoo.addons.event_sourcing_base.fields import NO_SUM
from odoo.addons.event_sourcing_base.from_code import from_code

ARCHIVED_STATES = ("leaving", "archived")


class EventArchive(models.Model):
    """A closed partition that was written into a file and taken out of the store.

    The row says which events are elsewhere, so that seals, replays and UUIDs know. It is
    a claim: the file proves it, with ``tools/check_seals.py``.
    """

    _name = "event.archive"
    _inherit = "access.first.mixin"
    _description = "Archive of Events"
    _order = "from_id desc, id desc"
    _holds_history = True

    name = fields.Char(string="Partition", required=True, readonly=True)
    from_id = fields.Integer(string="From Event", required=True, readonly=True, **NO_SUM)
    to_id = fields.Integer(string="To Event", required=True, readonly=True, **NO_SUM)
    count = fields.Integer(string="Events", readonly=True)
    first_event_on = fields.Datetime(readonly=True)
    last_event_on = fields.Datetime(readonly=True)
    first_recorded_on = fields.Datetime(readonly=True)
    last_recorded_on = fields.Datetime(readonly=True)
    file_name = fields.Char(string="File", readonly=True)
    file_sha256 = fields.Char(string="SHA-256 of the File", readonly=True)
    state = fields.Selection(
        [
            ("leaving", "File written"),
            ("archived", "Archived"),
            ("attached", "Brought back"),
        ],
        required=True,
        readonly=True,
        help="File written: the events are in the file and still in the store. Archived: they"
        " are in the file only. Brought back: they are in the store again.",
    )

    def init(self):
        """Create the list of streams that have events in an archive."""
        self.env.cr.execute(
            """
            CREATE TABLE IF NOT EXISTS event_archive_stream (
                archive_id int NOT NULL REFERENCES event_archive ON DELETE CASCADE,
                company_id int NOT NULL,
                model_name varchar NOT NULL,
                aggregate_id varchar NOT NULL,
                last_version int NOT NULL,
                first_event_on timestamp NOT NULL,
                PRIMARY KEY (aggregate_id, model_name, company_id, archive_id));
            CREATE UNIQUE INDEX IF NOT EXISTS event_archive_away_uniq
                ON event_archive (from_id) WHERE state IN ('leaving', 'archived')
            """
        )

    @api.model
    def _history_loss(self):
        """Return in a sentence what goes with this table; see ``module_uninstall``."""
        files = self.sudo().search([("state", "=", "archived")]).mapped("file_name")
        if not files:
            return ""
        return _(
            "Which events are in archives is forgotten, and these files cannot be brought back:"
            " %(files)s.",
            files=", ".join(sorted(files)),
        )

    @api.model
    def _streams_away(self, model_names, keys):
        """Return which streams have events in an archive.

        :param keys: of the streams, ``(company id, aggregate id)``
        :return: ``{key: [(archive id, last version there, first moment there)]}``
        """
        self.env.cr.execute(
            """
            SELECT away.company_id, away.aggregate_id, archive_id, last_version,
                   away.first_event_on
              FROM unnest(%s::int[], %s::text[]) AS wanted (company_id, aggregate_id)
              JOIN event_archive_stream AS away USING (company_id, aggregate_id)
              JOIN event_archive ON event_archive.id = archive_id
             WHERE model_name = ANY(%s) AND state IN ('leaving', 'archived')
            """,
            [[key[0] for key in keys], [key[1] for key in keys], list(model_names)],
        )
        found = {}
        for company_id, aggregate_id, *away in self.env.cr.fetchall():
            found.setdefault((company_id, aggregate_id), []).append(tuple(away))
        return found

    @api.model
    def _of_period(self, period, begin, end):
        """Return the archives that may hold events of a period.

        :param str period: ``recorded`` or ``happened``: which time counts
        :param datetime begin: None for no begin
        :param datetime end: the first moment after it, None for no end
        """
        if period == "happened":
            first, last = SQL("first_event_on"), SQL("last_event_on")
        else:
            # An archive of an older version of this addon says only when it was written.
            first, last = SQL("first_recorded_on"), SQL("coalesce(last_recorded_on, create_date)")
        self.env.cr.execute(
            SQL(
                """
                SELECT id FROM event_archive WHERE state IN %s AND count > 0
                   AND (%s IS NULL OR %s >= %s)
                   AND (%s IS NULL OR coalesce(%s, '-infinity') < %s)
                 ORDER BY id
                """,
                *(ARCHIVED_STATES, begin, last, begin, end, first, end),
            )
        )
        return self.browse(row[0] for row in self.env.cr.fetchall())

    def _refusal_to_export(self):
        """Return the refusal of an export that would lack what is in these archives."""
        return EventsArchived(
            _(
                "Events of this period are in an archive (%(files)s), and without them the file"
                " would not be complete. Choose another period, or ask whoever runs the database"
                " to bring the archive back.",
                files=", ".join(sorted(set(self.sudo().mapped("file_name")))),
            )
        )

    def _refusal_to_fold(self, what):
        """Return the refusal of a replay that would need what is in these archives.

        :param str what: the aggregate, or its type, in words
        """
        return EventsArchived(
            _(
                "Older events of %(what)s are in an archive (%(files)s), and without them this"
                " would be wrong. Ask whoever runs the database to bring the archive back.",
                what=what,
                files=", ".join(sorted(set(self.sudo().mapped("file_name")))),
            )
        )

    # ------------------------------------------------------------------
    # Archives are not made by hand
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su or not from_code(self.env, "event_archive"):
            raise self._refusal()
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su or not from_code(self.env, "event_archive"):
            raise self._refusal()
        return super().write(vals)

    def unlink(self):
        raise self._refusal()

    def _refusal(self):
        return UserError(
            _("Archives are made by commands in an Odoo shell alone, and never changed.")
        )


class EventStore(models.Model):
    _inherit = "event.store"

    @api.model
    def _check_period_whole(self, period, begin, end, after=0, last=None):
        """Refuse where archives hold events of the period."""
        super()._check_period_whole(period, begin, end, after, last)
        archives = self.env["event.archive"].sudo()._of_period(period, begin, end)
        away = archives.filtered(lambda a: a.to_id > after and (last is None or a.from_id <= last))
        if away:
            raise away._refusal_to_export()


class EventSeal(models.Model):
    _inherit = "event.seal"

    @api.model
    def _archived(self):
        archives = self.env["event.archive"].sudo()
        return archives.search([("state", "=", "archived")], order="from_id")

    @api.model
    def _ranges_elsewhere(self):
        return [(archive.from_id, archive.to_id) for archive in self._archived()]

    @api.model
    def _count_elsewhere(self):
        return sum(self._archived().mapped("count"))

    @api.model
    def _sentence_elsewhere(self):
        archives = self._archived()
        if not archives:
            return ""
        return _(
            "%(events)s more are in archives and were not looked at; check these files: %(files)s.",
            events=sum(archives.mapped("count")),
            files=", ".join(archives.mapped("file_name")),
        )

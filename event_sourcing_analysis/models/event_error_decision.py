from odoo import fields, models
from odoo.tools import SQL

STATES = [("open", "Open"), ("fixed", "Fixed"), ("ignored", "Ignored")]


class EventErrorTriage(models.Model):
    """What people decided about an error; the failures themselves are never touched."""

    _name = "event.error.decision"
    _inherit = "access.first.mixin"
    _description = "Decision about an Error"
    _order = "decided_on desc, id desc"
    _rec_name = "fingerprint"

    fingerprint = fields.Char(required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    state = fields.Selection(STATES, required=True, readonly=True, default="open")
    decided_by = fields.Many2one("res.users", readonly=True)
    decided_on = fields.Datetime(readonly=True)
    seen_count = fields.Integer(
        string="Failures Known Then",
        readonly=True,
        help="How many failures there were when it was decided: one more opens it again.",
    )
    note = fields.Text(readonly=True)

    def init(self):
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS event_error_decision_uniq"
            " ON event_error_decision (fingerprint, company_id)"
        )

    def _decide(self, fingerprint, company_id, **values):
        """Keep a decision, in one statement: two people at once make one row.

        :param values: columns to set, such as ``state``; others stay as they are
        """
        first = {"state": "open", **values}
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO event_error_decision (fingerprint, company_id, create_uid,
                    create_date, write_uid, write_date, %(columns)s)
                VALUES (%(fingerprint)s, %(company)s, %(uid)s, %(now)s, %(uid)s, %(now)s,
                    %(values)s)
                ON CONFLICT (fingerprint, company_id) DO UPDATE
                   SET write_uid = EXCLUDED.write_uid, write_date = EXCLUDED.write_date,
                       %(updates)s
                """,
                columns=SQL(", ").join(map(SQL.identifier, first)),
                values=SQL(", ").join(SQL("%s", value) for value in first.values()),
                updates=SQL(", ").join(
                    SQL("%s = EXCLUDED.%s", SQL.identifier(name), SQL.identifier(name))
                    for name in values
                ),
                fingerprint=fingerprint,
                company=company_id,
                uid=self.env.uid,
                now=fields.Datetime.now(),
            )
        )
        self.env.invalidate_all(flush=False)

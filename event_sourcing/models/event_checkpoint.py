from odoo import api, fields, models

from odoo.addons.event_sourcing_base.canonical_json import cells, in_one_text, sort_keys
from odoo.addons.event_sourcing_base.fields import JsonDocument
from odoo.addons.event_sourcing_base.sql_functions import ensure_function

from .event_store import FAILURE_TYPES

CHECKPOINT_INTERVAL = 100  # events of a stream


class EventCheckpoint(models.Model):
    """The state of a long stream after every hundredth event, where a fold of the past begins.

    Taken by appends and rebuilds, and never more than a short cut: one counts only as long
    as the rules are those by which it was taken, a check compares all of them with what the
    events say, and a rebuild takes them anew.
    """

    _name = "event.checkpoint"
    _inherit = "access.first.mixin"
    _description = "Intermediate State of a History"
    _order = "model_name, aggregate_id, company_id, version"
    _rec_name = "aggregate_id"
    _log_access = False

    model_name = fields.Char(string="Record Type", required=True, readonly=True)
    aggregate_id = fields.Char(string="Record", required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="restrict")
    version = fields.Integer(required=True, readonly=True)
    latest_timestamp = fields.Datetime(
        required=True,
        readonly=True,
        help="When the last of the events up to this version happened: one may be recorded"
        " later than it happened.",
    )
    state = JsonDocument(required=True, readonly=True)
    rules = fields.Char(
        required=True, readonly=True, help="Digest of the rules by which the events were folded."
    )

    def init(self):
        super().init()
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS event_checkpoint_version_uniq"
            " ON event_checkpoint (model_name, aggregate_id, company_id, version)"
        )
        self._ensure_save()

    def _register_hook(self):
        super()._register_hook()
        self._ensure_save()

    @api.model
    def _ensure_save(self):
        """Create the SQL function that stores checkpoints.

        In order, each after the one before: only the events between are looked at.
        """
        ensure_function(
            self.env.cr,
            "event_checkpoint_save",
            "rows json",
            "void",
            f"""
            DECLARE mark record;
            BEGIN
                FOR mark IN
                    SELECT * FROM json_to_recordset(rows) AS row (company_id int,
                        model_name varchar, aggregate_id varchar, version int, state jsonb,
                        rules varchar, names json)
                LOOP
                    INSERT INTO event_checkpoint AS stored
                           (company_id, model_name, aggregate_id, version, latest_timestamp,
                            state, rules)
                    SELECT mark.company_id, mark.model_name, mark.aggregate_id, mark.version,
                           greatest(before.latest_timestamp, max(event.timestamp)), mark.state,
                           mark.rules
                      FROM (SELECT) AS one
                      LEFT JOIN LATERAL (
                           SELECT version, latest_timestamp FROM event_checkpoint
                            WHERE company_id = mark.company_id AND model_name = mark.model_name
                              AND aggregate_id = mark.aggregate_id AND version < mark.version
                            ORDER BY version DESC LIMIT 1) AS before ON true
                      JOIN event_store AS event
                        ON event.company_id = mark.company_id AND event.model_name IN (
                               SELECT json_array_elements_text(mark.names))
                       AND event.aggregate_id = mark.aggregate_id
                       AND event.version > coalesce(before.version, 0)
                       AND event.version <= mark.version
                       AND event.event_type NOT IN {FAILURE_TYPES}
                     GROUP BY before.latest_timestamp
                        ON CONFLICT (model_name, aggregate_id, company_id, version) DO UPDATE
                       SET latest_timestamp = EXCLUDED.latest_timestamp, state = EXCLUDED.state,
                           rules = EXCLUDED.rules;
                END LOOP;
            END;
            """,
        )

    @api.model
    def _save_statement(self, handler, checkpoints):
        """Return the statement that stores checkpoints, and its parameters.

        :param list checkpoints: ``(state, EventData)``, in the order of versions
        """
        registry, rules = self.env["snapshot.handler.registry"], handler._rules_digest()
        rows = [
            cells(
                {
                    "company_id": event.company_id,
                    "model_name": registry._canonical_name(event.model_name),
                    "aggregate_id": event.aggregate_id,
                    "version": event.version,
                    "state": state,
                    "rules": rules,
                    "names": registry._stream_names(event.model_name),
                }
            )
            for state, event in checkpoints
        ]
        return "SELECT event_checkpoint_save(%s)", [in_one_text(rows)]

    @api.model
    def _nearest(self, handler, model_name, key, version=None, moment=None):
        """Return ``(version, state)`` of the last checkpoint that a fold may begin with.

        :param tuple key: of the stream, ``(company id, aggregate id)``
        :param int version: the last one to look at, None for all
        :param datetime moment: what happened later must not be in it, None for no bound
        :return: version 0 and the initial state where there is none
        """
        self.env.cr.execute(
            """
            SELECT version, state FROM event_checkpoint
             WHERE company_id = %s AND model_name = %s AND aggregate_id = %s AND rules = %s
               AND (%s IS NULL OR version <= %s)
               AND (%s::timestamp IS NULL OR latest_timestamp <= %s)
             ORDER BY version DESC LIMIT 1
            """,
            [
                *(key[0], model_name, key[1], handler._rules_digest()),
                *(version, version, moment, moment),
            ],
        )
        found = self.env.cr.fetchone()
        return (found[0], sort_keys(found[1])) if found else (0, handler._initial_state())

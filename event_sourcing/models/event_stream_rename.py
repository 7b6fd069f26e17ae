from odoo import _, api, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class EventStreamRename(models.Model):
    """Streams of a renamed aggregate type go on under today's name.

    An update of the addon renames all of them at once; an append renames its own, so
    that versions continue also where Odoo was restarted without an update: the unique
    index of the events cannot see that two names are one aggregate.
    """

    _inherit = "event.stream"

    @api.model
    def _rename_heads(self, names, aggregate_ids=None):
        """Rename stream heads and snapshots; events stay as they were written.

        :param list names: today's name of the aggregate type, then its former ones
        :param list aggregate_ids: only these, or None for all
        :raise UserError: when an aggregate has streams under several names
        """
        model_name, *former = names
        if not former:
            return
        chosen = SQL("%s OR aggregate_id = ANY(%s)", aggregate_ids is None, aggregate_ids or [])
        self.env.cr.execute(
            SQL(
                "SELECT min(aggregate_id) FILTER (WHERE heads > 1), count(*) FROM ("
                " SELECT aggregate_id, count(*) AS heads FROM event_stream"
                " WHERE model_name = ANY(%s) AND (%s) GROUP BY company_id, aggregate_id"
                " HAVING count(*) > 1 OR min(model_name) <> %s) AS stream",
                names,
                chosen,
                model_name,
            )
        )
        double, count = self.env.cr.fetchone()
        if double:
            raise self._alias_conflict(double, names)
        if not count:
            return
        renamed = [self]
        handler = self.env["event.store"]._find_handler(model_name)
        if isinstance(handler, self.env.registry["snapshot.handler"]):
            renamed.append(self.env[handler._snapshot_model])
        for model in renamed:
            table = SQL.identifier(model._table)
            self.env.cr.execute(
                SQL(
                    "UPDATE %s AS old SET model_name = %s WHERE model_name = ANY(%s) AND (%s)"
                    " AND NOT EXISTS (SELECT FROM %s AS new WHERE new.model_name = %s"
                    " AND new.company_id = old.company_id"
                    " AND new.aggregate_id = old.aggregate_id)",
                    table,
                    model_name,
                    former,
                    chosen,
                    table,
                    model_name,
                )
            )
            model.invalidate_model(["model_name"], flush=False)

    @api.model
    def _alias_conflict(self, aggregate_id, names):
        """Return the refusal of an aggregate that has streams under several names."""
        return UserError(
            _(
                "%(aggregate)s has events as %(new)s and as %(old)s, which are to become"
                " one; give one of the two another aggregate id.",
                aggregate=aggregate_id,
                new=names[0],
                old=", ".join(names[1:]),
            )
        )

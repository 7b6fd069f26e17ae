from odoo import api, fields, models

KINDS = [("new", "New"), ("gone", "Gone"), ("different", "Different")]


class EventProjectionComparison(models.TransientModel):
    """What a switch to a build would change; shown before it."""

    _name = "event.projection.comparison"
    _inherit = "access.first.mixin"
    _description = "What the Switch Changes"
    _rec_name = "build_id"

    build_id = fields.Many2one(
        "event.projection.build", required=True, readonly=True, ondelete="cascade"
    )
    new_count = fields.Integer(string="New Rows", readonly=True)
    gone_count = fields.Integer(string="Rows That Go", readonly=True)
    different_count = fields.Integer(string="Rows That Change", readonly=True)
    line_ids = fields.One2many(
        "event.projection.comparison.line", "comparison_id", string="Rows", readonly=True
    )

    @api.model
    def _of(self, build):
        """Compare now.

        :return: a record of this model
        """
        differences = build._differences()
        counts = {}
        for row in differences:
            counts[row["model"], row["kind"]] = row["count"]
        return self.create(
            {
                "build_id": build.id,
                **{
                    f"{kind}_count": sum(n for (_m, found), n in counts.items() if found == kind)
                    for kind, _label in KINDS
                },
                "line_ids": [(0, 0, self._line(build, row)) for row in differences],
            }
        )

    @api.model
    def _line(self, build, row):
        old, new = row["old"], row["new"]
        if row["kind"] == "different":
            changed = [name for name in new if old.get(name) != new[name]]
            old, new = ({name: vals.get(name) for name in changed} for vals in (old, new))
        words = build.with_env(self.env)._in_words
        return {
            "read_model": self.env["ir.model"].sudo()._get(row["model"]).name,
            "kind": row["kind"],
            "key": words(row["model"], row["key"]),
            "before": words(row["model"], old),
            "afterwards": words(row["model"], new),
        }

    def action_switch(self):
        """Put the build in the place of the read model."""
        self.ensure_one()
        return self.build_id.action_switch()


class EventProjectionComparisonLine(models.TransientModel):
    _name = "event.projection.comparison.line"
    _inherit = "of.all.companies.mixin"
    _description = "Row That a Switch Changes"
    _rec_name = "read_model"
    _of_all_companies = ("key", "before", "afterwards")

    comparison_id = fields.Many2one(
        "event.projection.comparison", required=True, readonly=True, ondelete="cascade"
    )
    read_model = fields.Char(readonly=True)
    kind = fields.Selection(KINDS, string="Change", readonly=True)
    key = fields.Text(string="Row", readonly=True)
    before = fields.Text(readonly=True)
    afterwards = fields.Text(readonly=True)

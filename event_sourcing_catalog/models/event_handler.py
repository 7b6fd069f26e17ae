from odoo import _, api, fields, models

SHORT_POLICIES = [
    ("record", "Keep and record"),
    ("reject", "Raise"),
    ("reject_and_record", "Raise and record"),
]


class SnapshotHandlerEntry(models.Model):
    """The handlers as this database knows them: one row per aggregate type."""

    _name = "event.handler"
    _description = "Registered Handler"
    _inherit = "handler.listing.mixin"
    _auto = False
    _order = "conflict desc, model_name"
    _rec_name = "model_name"

    model_name = fields.Char(string="Record Type", readonly=True)
    handler = fields.Char(readonly=True, help="The model with the rules; two names are a conflict.")
    found_by = fields.Selection(
        [("name", "Its name"), ("attribute", "Its declaration"), ("explicit", "Registration")],
        readonly=True,
        help="How the handler was found: by its name, because it says which aggregate it"
        " serves, or because an addon registered it explicitly.",
    )
    conflict = fields.Boolean(
        readonly=True,
        help="Two handlers claim this aggregate type: its events cannot be recorded until"
        " one is uninstalled or the one to use is registered.",
    )
    switched_off = fields.Boolean(
        readonly=True,
        help="What is declared for this aggregate type is wrong: its events are rejected until"
        " that is corrected. Its history can be read.",
    )
    style = fields.Selection(
        [("fold", "Folds in memory"), ("plain", "Writes its snapshot itself")],
        string="Kind",
        readonly=True,
    )
    snapshot_model = fields.Char(readonly=True)
    source_model = fields.Char(string="Business Model", readonly=True)
    invalid_policy = fields.Selection(SHORT_POLICIES, string="On a Broken Rule", readonly=True)
    error_policy = fields.Selection(SHORT_POLICIES, string="On a Failure", readonly=True)
    event_count = fields.Integer(string="Event Types", readonly=True)
    event_names = fields.Char(string="Known Events", compute="_compute_events")
    conflict_message = fields.Char(compute="_compute_conflict_message")
    problems = fields.Text(
        compute="_compute_problems", help="What is wrong with the declarations of the handler."
    )
    event_type_ids = fields.One2many(
        "snapshot.handler.event.type", "entry_id", string="Events It Knows", readonly=True
    )

    @api.depends("model_name")
    @api.depends_context("lang")
    def _compute_events(self):
        registry = self.env["snapshot.handler.registry"]
        for entry in self:
            handler = registry._known_handler(entry.model_name)
            types = () if handler is None else handler._transitions
            entry.event_names = ", ".join(map(handler._event_label, types)) if types else ""

    @api.depends("conflict", "handler", "model_name")
    @api.depends_context("lang")
    def _compute_conflict_message(self):
        registry = self.env["snapshot.handler.registry"]
        for entry in self:
            said = registry._conflict_sentence(entry.model_name, entry.handler)
            entry.conflict_message = entry.conflict and said

    @api.depends("model_name", "handler")
    @api.depends_context("lang")
    def _compute_problems(self):
        registry = self.env["snapshot.handler.registry"]
        wrong, hints = registry._problems(), registry._hints()
        for entry in self:
            handler = registry._known_handler(entry.model_name)
            found = list(wrong.get(entry.handler, ()))
            found += filter(None, [hints.get(entry.handler)])
            if handler is not None:
                found += [sentence for _code, sentence in registry._lint(handler)]
            found += self._boundary_problems(entry.model_name)
            entry.problems = "\n".join(found)

    @api.model
    def _boundary_problems(self, model_name):
        """Return what is wrong with the boundaries over an aggregate type, as sentences."""
        boundaries, found = self.env["event.boundary"], []
        for name in boundaries._over(model_name) if model_name else ():
            boundary, label = self.env[boundaries._names()[name]], boundaries._label_of(name)
            sentences = [*boundary._problems(), *boundary._hints()]
            found += [f"{label}: {sentence}" for sentence in sentences]
        return found

    def action_open_documentation(self):
        """Open the page that explains the events of this aggregate type."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/event_sourcing/events/{self.model_name}",
            "target": "new",
        }

    def action_lint_stored(self):
        """Say whether the handler can read all that is stored."""
        self.ensure_one()
        registry = self.env["snapshot.handler.registry"]
        handler = registry._known_handler(self.model_name)
        found = [] if handler is None else registry._lint_stored(handler)
        return {
            "type": "ir.actions.client",
            "tag": "event_sourcing_tell",
            "params": {
                "type": "warning" if found else "success",
                "className": "text-prewrap",
                "message": "\n".join(sentence for _code, sentence in found)
                or _("All stored events of %(aggregate)s can be read.", aggregate=self.model_name),
            },
        }

    def _catalogue_rows(self):
        registry = self.env["snapshot.handler.registry"]
        registered = registry._registered()
        claims = {model: list(names) for model, names in registry._discover().items()}
        claims.update((model, [name]) for model, name in registered.items())
        rows = [
            self._entry_row(model, [n for n in names if n in self.env], model in registered)
            for model, names in claims.items()
        ]
        off = registry._off()
        rows += [self._off_row(model, name) for model, name in off.items() if model not in claims]
        told = {*off.values()}
        rows += [self._off_row("", name) for name in registry._problems() if name not in told]
        return rows

    def _off_row(self, model_name, name):
        """Return the row of what was meant as a handler, and serves nothing."""
        return {
            "id": self._stable_id(model_name, name),
            "model_name": model_name,
            "handler": name,
            "conflict": False,
            "switched_off": True,
            "event_count": 0,
        }

    def _entry_row(self, model_name, names, registered):
        """Return the row of one aggregate type and the handlers that claim it."""
        row = {
            "id": self._stable_id(model_name),
            "model_name": model_name,
            "handler": ", ".join(names),
            "conflict": len(names) > 1,
            "switched_off": model_name in self.env["snapshot.handler.registry"]._off(),
            "event_count": 0,
        }
        if len(names) != 1 or row["switched_off"]:
            return row
        handler = self.env[names[0]]
        store = self.env["event.store"]
        return {
            **row,
            "found_by": "explicit"
            if registered
            else "attribute"
            if getattr(handler, "_aggregate_model", None)
            else "name",
            "style": "fold" if store._folds_in_memory(handler) else "plain",
            "snapshot_model": getattr(handler, "_snapshot_model", None),
            "source_model": getattr(handler, "_source_model", None),
            "invalid_policy": store._policy_of(handler, "invalid_policy"),
            "error_policy": store._policy_of(handler, "error_policy"),
            "event_count": len(getattr(handler, "_transitions", ())),
        }

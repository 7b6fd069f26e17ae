from odoo import _, api, models
from odoo.exceptions import AccessError

KINDS = {
    *("char", "text", "selection", "integer", "float", "monetary"),
    *("boolean", "date", "datetime", "many2one"),
}


class EventReportSnapshots(models.AbstractModel):
    """What is true now: a sheet per aggregate type, with the columns of its snapshot model."""

    _inherit = "event.report.content"

    @api.model
    def _model_names(self):
        """Return the aggregate types that a report can show, sorted."""
        registry = self.env["snapshot.handler.registry"]
        return [
            name
            for name in self.env["snapshot.handler.registry"]._foldable()
            if registry._known_handler(name)._snapshot_model in self.env
        ]

    @api.model
    def _sheets_of_snapshots(self, options):
        registry = self.env["snapshot.handler.registry"]
        for model_name in options["model_names"]:
            handler = registry._known_handler(model_name)
            if handler is None:
                continue
            snapshots = self.env[handler._snapshot_model]
            label = registry._aggregate_label(model_name)
            names = registry._stream_names(model_name)
            sheet = {
                "key": f"snapshots:{model_name}",
                "model": snapshots._name,
                "title": label,
                "empty": _("There is nothing of the kind %(aggregate)s.", aggregate=label),
                "columns": self._snapshot_columns(snapshots, label),
            }
            domain = [("model_name", "in", names)]
            yield sheet, snapshots.search(domain, order="aggregate_id, id").ids

    @api.model
    def _snapshot_columns(self, snapshots, label):
        """Return a column for each typed field that the user may read."""
        known = snapshots.fields_get(attributes=["string", "type", "digits"])
        names = [
            "aggregate_id",
            *(name for name in snapshots._typed_columns() if name in known),
            *("version", "last_event_label", "last_event_date", "company_id"),
        ]
        columns = []
        for name in names:
            field = known[name]
            if field["type"] not in KINDS:
                continue
            kind = "number" if name == "version" else field["type"]
            heading = label if name == "aggregate_id" else field["string"]
            digits = (field.get("digits") or (16, 2))[1]
            if kind == "monetary":
                digits = max(self._currencies().mapped("decimal_places"), default=2)
            columns.append({"name": name, **self._column(heading, kind, digits)})
        return self._with_currency(snapshots, columns, known)

    @api.model
    def _with_currency(self, snapshots, columns, known):
        """Return the columns, with that of the currency where the amounts may be in several."""
        amounts = [n for n, column in enumerate(columns) if column["kind"] == "monetary"]
        if not amounts or len(self._currencies()) < 2:
            return columns
        place = amounts[0]
        name = snapshots._fields[columns[place]["name"]].get_currency_field(snapshots)
        column = {"name": name, **self._column(known[name]["string"], "many2one")}
        return [*columns[: place + 1], column, *columns[place + 1 :]]

    @api.model
    def _have_amounts(self, model_names):
        """Whether snapshots of one of these aggregate types have columns of amounts."""
        registry = self.env["snapshot.handler.registry"]
        handlers = [registry._known_handler(name) for name in model_names]
        models = [self.env[handler._snapshot_model] for handler in handlers if handler is not None]
        return any(
            snapshots._fields[name].type == "monetary"
            for snapshots in models
            for name in snapshots._typed_columns()
        )

    @api.model
    def _cells_of_snapshots(self, sheet, record_ids, _options):
        # What was deleted meanwhile, or closed to the user, is left out.
        snapshots = self.env[sheet["model"]].search([("id", "in", record_ids)])
        order = {record_id: place for place, record_id in enumerate(record_ids)}
        snapshots = snapshots.sorted(lambda snapshot: order[snapshot.id])
        texts = [self._cell_maker(snapshots, column) for column in sheet["columns"]]
        return [[make(snapshot) for make in texts] for snapshot in snapshots]

    @api.model
    def _cell_maker(self, records, column):
        """Return a function that makes the cell of one column from a record."""
        name, kind = column["name"], column["kind"]
        if kind == "selection":
            words = dict(records._fields[name]._description_selection(self.env))
            return lambda record: self._cell(words.get(record[name], record[name]), kind)
        if kind == "many2one":
            words = self._names(records.mapped(name))
            return lambda record: words.get(record[name].id)
        return lambda record: self._cell(record[name], kind)

    @api.model
    def _names(self, records):
        """Return ``{id: name}``; the number where the user may not read the record."""
        try:
            found = records.with_context(active_test=False).search([("id", "in", records.ids)])
        except AccessError:
            found = records.browse()
        if records._name in ("res.users", "res.company"):
            found = records.sudo()  # who did it, and for whom, stands on every screen
        names = {record_id: str(record_id) for record_id in records.ids}
        names.update((record.id, self._cell(record.display_name, "char")) for record in found)
        return names

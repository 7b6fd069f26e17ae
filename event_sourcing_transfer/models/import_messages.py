from odoo import _, api, models


class EventImportWords(models.AbstractModel):
    """What is wrong with a file or one of its rows, in one sentence for the user."""

    _name = "event.import.messages"
    _description = "Words of an Import"

    @api.model
    def _explain(self, error):
        """Return the sentence for an :class:`RowParseError`."""
        return getattr(self, f"_explain_{error.reason}")(**error.values)

    @api.model
    def _explain_workbook(self):
        return _("This is an Excel workbook; save it as CSV UTF-8, then import that.")

    @api.model
    def _explain_utf16(self):
        return _("The file is written in UTF-16; save it as CSV UTF-8, then import that.")

    @api.model
    def _explain_no_text(self):
        return _(
            "This is no text; unpack the file, or save it as CSV UTF-8, then import the file that"
            " comes of it."
        )

    @api.model
    def _explain_zip(self):
        return _("This is a ZIP file; unpack it, then import the file in it.")

    @api.model
    def _explain_old_mac(self):
        return _(
            "The lines end as on old Macs, so that the file is one line; save it as CSV UTF-8,"
            " then import that."
        )

    @api.model
    def _explain_which_encoding(self):
        return _(
            "The file is not UTF-8, and it cannot be told what it is: choose its encoding, or save"
            " it as CSV UTF-8."
        )

    @api.model
    def _explain_other_encoding(self, chosen, found):
        return _(
            "The file is written in %(found)s, not in %(chosen)s as was chosen; leave the encoding"
            " empty, and look at the first rows.",
            found=found,
            chosen=chosen,
        )

    @api.model
    def _explain_many_columns(self, limit):
        return _(
            "The file has more than %(limit)s columns, which no events have; remove those that"
            " hold none of their values.",
            limit=limit,
        )

    @api.model
    def _explain_hollow(self):
        return _(
            "The compressed file holds hardly anything for its size; unpack it, then import the"
            " file in it."
        )

    @api.model
    def _explain_nothing(self):
        return _(
            "From here on there are only empty lines, more than a file of events has; remove"
            " them, or cut the file off here."
        )

    @api.model
    def _explain_empty(self):
        return _("The file is empty.")

    @api.model
    def _explain_no_rows(self):
        return _("The file holds no events.")

    @api.model
    def _explain_json_list(self):
        return _("The file is one JSON list; write one JSON object per line (JSON Lines).")

    @api.model
    def _explain_damaged(self):
        return _("The compressed file is damaged or cut off; copy it again.")

    @api.model
    def _explain_long(self, limit):
        return _("The line is longer than %(limit)s KiB, which no event is.", limit=limit)

    @api.model
    def _explain_empty_object(self):
        return _(
            "The line holds an empty object: an event needs model_name, aggregate_id and more."
        )

    @api.model
    def _explain_encoding(self, encoding):
        return _(
            "The line is not written in %(encoding)s; choose the encoding of the file, or save"
            " it as UTF-8.",
            encoding=encoding,
        )

    @api.model
    def _explain_not_json(self, error):
        return self.env["event.store"]._explain_not_json(error)

    @api.model
    def _explain_broken_json(self, place):
        return _("Broken JSON: the line cannot be read from character %(place)s on.", place=place)

    @api.model
    def _explain_no_object(self):
        return _("The line is no JSON object; write each event as {…}.")

    @api.model
    def _explain_broken_csv(self):
        return _(
            "Broken CSV: a quotation mark stands where none may or is not closed, or a line ends"
            " as on old Macs."
        )

    @api.model
    def _explain_open_quote(self):
        return _(
            "A quotation mark that is opened here is not closed again; nothing after it can be"
            " read."
        )

    # ------------------------------------------------------------------
    # Columns and cells
    # ------------------------------------------------------------------

    @api.model
    def _explain_unknown_column(self, column):
        return _(
            "The column %(column)s is unknown; use the names of fields such as model_name,"
            " aggregate_id, event_type, timestamp and payload, or payload.<key>.",
            column=column,
        )

    @api.model
    def _explain_decided_column(self, column):
        return _(
            "The column %(column)s cannot be imported: the event store decides it. Only a file"
            " that was exported here is restored with it.",
            column=column,
        )

    @api.model
    def _explain_double_column(self, column, first):
        if column == first:
            return _("The column %(column)s stands in the file twice.", column=column)
        return _(
            "The columns %(first)s and %(column)s mean the same; leave one of them out.",
            first=first,
            column=column,
        )

    @api.model
    def _explain_label_of_many(self, label, names):
        return _(
            "%(label)s may mean each of %(names)s; write the technical name.",
            label=label,
            names=names,
        )

    @api.model
    def _explain_many_cells(self, cells, columns):
        return _(
            "The row has %(cells)s cells, but the file has %(columns)s columns; put texts that"
            " hold separators into quotation marks.",
            cells=cells,
            columns=columns,
        )

    @api.model
    def _explain_double_key(self, key):
        return _("%(key)s stands in the payload and in a column of its own.", key=key)

    @api.model
    def _explain_cell(self, column, value, kind):
        kinds = {
            "integer": _("a whole number"),
            "number": _("a number"),
            "boolean": _("true or false"),
            "list": _("a list in JSON, such as [1, 2]"),
            "object": _('an object in JSON, such as {"key": 1}'),
        }
        return _(
            "%(column)s must be %(kind)s, not %(value)s.",
            column=column,
            kind=kinds[kind],
            value=value,
        )

    @api.model
    def _explain_no_time(self):
        return _("timestamp is missing: when did it happen? Write it like 2026-01-31 09:30:00.")

    @api.model
    def _explain_company(self, company):
        return _(
            "%(company)s is no company that you have access to; correct the name, or ask your"
            " administrator.",
            company=company,
        )

import re
from contextlib import suppress
from datetime import date, timezone

from odoo import api, models

from odoo.addons.event_sourcing.event import text_hash
from odoo.addons.event_sourcing.event_columns import DECIDED_BY_STORE
from odoo.addons.event_sourcing.models.event_store_validate import is_nothing
from odoo.addons.event_sourcing_base.canonical_json import canonical, parse_json
from odoo.addons.event_sourcing_base.column_values import NESTED, given_moment
from odoo.addons.event_sourcing_base.zones import find_zone

from ..transfer_file import RowParseError

PREFIX = "payload."
# What the cells of a column hold, by the type of its field.
KINDS = {
    "boolean": "boolean",
    "date": "date",
    "datetime": "datetime",
    "float": "number",
    "integer": "integer",
    "many2one": "integer",
    "monetary": "number",
}
TRUE = {"true", "yes", "1", "はい", "真"}
FALSE = {"false", "no", "0", "いいえ", "偽"}
GUARDED = re.compile(r"'[=+\-@\t\r]")
# How Excel writes a day, or a time, where people write the year first.
SLASHES = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})(?: (\d{1,2}):(\d{2})(?::(\d{2}))?)?")


class EventImportRow(models.AbstractModel):
    """From a row of somebody else's file to the values of an event that is appended."""

    _name = "event.import.row"
    _description = "Row of an Import"

    # ------------------------------------------------------------------
    # CSV
    # ------------------------------------------------------------------

    @api.model
    def _columns(self, header):
        """Return the names of the columns: fields, or ``payload.<key>``.

        :param list header: names of fields, or their labels in an installed language
        :raise RowParseError: for a column that is unknown, not to be given, or means what
            another one does
        """
        known = self._known_columns()
        names = {}
        for column in header:
            payload = column.lower().startswith(PREFIX) and column[len(PREFIX) :].strip()
            name = PREFIX + payload if payload else known.get(column.casefold())
            if not name:
                raise RowParseError("unknown_column", final=True, column=column or '""')
            if name in DECIDED_BY_STORE:
                raise RowParseError("decided_column", final=True, column=column)
            if name in names:
                raise RowParseError("double_column", final=True, column=column, first=names[name])
            names[name] = column
        return list(names)

    @api.model
    def _from_cells(self, columns, cells, model_name, labels, zone="UTC"):
        """Return the values that stand in the cells of one row, by field name.

        :param str model_name: aggregate type of rows that name none
        :param dict labels: for :meth:`_resolve_labels`
        :raise RowParseError: for a cell that is not what its payload key is declared as
        """
        if any(cell.strip() for cell in cells[len(columns) :]):
            raise RowParseError("many_cells", cells=len(cells), columns=len(columns))
        # Odoo's exports guard spreadsheets against formulas with an apostrophe.
        cells = [cell[1:] if GUARDED.match(cell) else cell for cell in cells]
        given = {name: cell for name, cell in zip(columns, cells, strict=False) if cell.strip()}
        row = {name: cell.strip() for name, cell in given.items() if not name.startswith(PREFIX)}
        for name, kind in self._column_kinds().items():
            if name in row:
                row[name] = self._typed(name, row[name], kind, zone)
        row.setdefault("model_name", model_name)
        self._resolve_labels(row, labels)
        keys = {
            name.removeprefix(PREFIX): cell
            for name, cell in given.items()
            if name.startswith(PREFIX)
        }
        if not keys:
            return row
        version = row.get("schema_version")
        kinds = self._payload_kinds(row["model_name"], row.get("event_type"), version)
        typed = {
            key: self._typed(PREFIX + key, cell, kinds.get(key, "text"), zone)
            for key, cell in keys.items()
        }
        payload, _text = self.env["event.store"]._clean_payload(row.get("payload"))
        for key in payload.keys() & typed.keys():
            raise RowParseError("double_key", key=key)
        row["payload"] = {**payload, **typed}
        return row

    @api.model
    def _column_kinds(self):
        """Return ``{column: kind}`` of those whose cells are no texts; others' beside our own."""
        store = self.env["event.store"]
        types = {name: store._fields[name].type for name in store._other_columns()}
        kinds = {name: KINDS[kind] for name, kind in types.items() if kind in KINDS}
        return {**kinds, "version": "integer", "schema_version": "integer"}

    @api.model
    def _payload_kinds(self, model_name, event_type, version=None):
        """Return ``{payload key: kind}``, as the handler declares it.

        :param int version: the schema version that the row is written in; today's for None
        """
        handler = self.env["snapshot.handler.registry"]._known_handler(model_name or "")
        if handler is None:
            return {}
        today = handler._event_aliases.get(event_type, event_type)
        declared = handler._payload_fields.get(today, {})
        if version and version != handler._schema_versions.get(today, 1):
            former = handler._former_payload_fields.get(today, {})
            declared = {**declared, **former.get(version, {})}
        return {key: field.kind for key, field in declared.items()}

    @api.model
    def _typed(self, column, cell, kind, zone="UTC"):
        """Return a cell as the kind of value that its column is declared as.

        :param str zone: of times that name none
        """
        text = cell.strip()
        if kind == "boolean" and text.lower() in TRUE | FALSE:
            return text.lower() in TRUE
        with suppress(ValueError):
            if kind in ("integer", "number"):
                number = self.env["event.store"]._parse_number(text)
                if kind == "number" or isinstance(number, int):
                    return number
            if kind == "datetime":
                return str(self._moment(text, zone))
            if kind == "date" and (match := SLASHES.fullmatch(text)) and not match[4]:
                return str(date(*map(int, match.groups()[:3])))
            if kind in NESTED and type(value := parse_json(text)) is NESTED[kind]:
                return value
        if kind in ("integer", "number", "boolean", *NESTED):
            raise RowParseError("cell", column=column, value=text[:80], kind=kind)
        return cell if kind == "text" else text

    # ------------------------------------------------------------------
    # Any row
    # ------------------------------------------------------------------

    @api.model
    def _item(self, row, written, options):
        """Return what is imported of a row.

        A row without a UUID is known by how it was written, never by what it is taken for: a
        field that is declared or renamed later, or a user of another language, makes it no
        other row. Neither can anybody who appends give an event that key.

        :param dict row: values by field name
        :param written: the row as it was written, and its header where it has one
        :param dict options: of the import: ``model_name``, ``tz`` and ``company_id``
        :return: dict with ``vals`` (clean), ``given`` (the same as the row says it) and ``key``
            (see ``event.store._keys_of``)
        :raise UserError, RowParseError: saying what is wrong
        """
        row = dict(row)
        named = bool(row.get("model_name"))
        model_name = options.get("model_name")
        if not named and model_name:
            row["model_name"] = model_name
        if row.get("timestamp") in (None, False, ""):
            raise RowParseError("no_time")
        zone = options.get("tz") or "UTC"
        self.env["event.store"]._known_zone(zone)
        naive = self._moment(row["timestamp"], "UTC") != self._moment(row["timestamp"], "Etc/GMT+1")
        row["timestamp"] = self._moment(row["timestamp"], zone)
        if naive and options.get("tz") and is_nothing(row.get("timezone")):
            row["timezone"] = zone  # where its times are, there are its days
        row["company_id"] = self._company_of(row) or options.get("company_id")
        store = self.env["event.store"]
        (vals,) = store._clean_all([row])
        store._check_reference(vals)
        if vals["event_uuid"]:
            return {
                "vals": vals,
                "given": row,
                "key": ("event_uuid", vals["company_id"], vals["event_uuid"]),
            }
        # What was chosen for the whole file counts where the row does not say it.
        chosen = [
            # By its oldest name: it may be renamed between two imports.
            None if named else self.env["snapshot.handler.registry"]._stream_names(model_name)[-1],
            zone if naive else None,
        ]
        key = text_hash(canonical([written, chosen]))[:40]
        return {"vals": vals, "given": row, "key": ("import_key", vals["company_id"], key)}

    @api.model
    def _moment(self, value, zone):
        """Return a time as text in UTC where it says none: it is one of ``zone`` then."""
        if isinstance(value, str) and (match := SLASHES.fullmatch(value.strip())):
            year, *rest = [int(part or 0) for part in match.groups()]
            value = "{:04}-{:02}-{:02} {:02}:{:02}:{:02}".format(year, *rest)
        try:
            moment = given_moment(value)
            if not moment.tzinfo:
                moment = moment.replace(tzinfo=find_zone(zone))
            return moment.astimezone(timezone.utc).replace(tzinfo=None)
        except (TypeError, ValueError, OverflowError):
            return value  # the store says what is wrong with it

    @api.model
    def _company_of(self, row):
        """Return the id of the company that a row names, None where it names none.

        :param dict row: ``company`` is taken out of it
        :raise RowParseError: where it names two, or one that the user has no access to
        """
        found = {self._company(row.pop("company", None)), self._company(row.get("company_id"))}
        found.discard(None)
        if len(found) > 1:
            raise RowParseError("double_column", column="company_id", first="company")
        return found.pop() if found else None

    @api.model
    def _company(self, value):
        """Return the id of a company that the user has access to, None where none is named."""
        if is_nothing(value):
            return None
        companies = self.env.companies
        found = companies.filtered(lambda company: value in (company.id, company.name))
        if isinstance(value, bool) or not found:
            raise RowParseError("company", company=str(value)[:80])
        return found[0].id

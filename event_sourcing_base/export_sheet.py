"""What an exported sheet is called, and how the numbers in its columns are written."""

from dataclasses import dataclass

from odoo import fields

from .fields import AGGREGATOR
from .sheet_name import sheet_name

DAY = "%Y-%m-%d"
LAST_SECOND = "23:59:59"  # of a day: that day alone says it


def moment_text(records, moment):
    """Return a moment for the name of a file, in the time zone of the reader.

    :param records: whose environment has the reader and the time zone
    :param datetime moment: UTC
    """
    local = fields.Datetime.context_timestamp(records, moment)
    if local.strftime("%H:%M:%S") == LAST_SECOND:
        return local.strftime(DAY)
    return local.strftime(f"{DAY} %H.%M")


def when_text(records, moments, currencies):
    """Return moments and currencies for the name of a file, such as ``2026-10-31 EUR-JPY``.

    :param list moments: UTC
    :param currencies: a recordset; an empty one where there are no amounts
    """
    when = " - ".join(moment_text(records, moment) for moment in moments)
    names = "-".join(sorted(currencies.mapped("name")))
    return f"{when} {names}".strip()


def currencies_of(model, names, domain):
    """Return the currencies of the amounts in some columns.

    :param model: of the records
    :param names: of the columns, also those of records that it names (``line_ids/price``)
    :param list domain: which records
    """
    found = model.env["res.currency"].sudo()
    for path in {_currency_path(model, name) for name in names} - {None}:
        head, _dot, rest = path.partition(".")
        for (record,) in model._read_group(domain, [head]):
            found |= record.sudo().mapped(rest) if rest else record.sudo()
    return found


def _currency_path(model, name):
    """Return where the currency of a column is found, from a stored field on; None without one."""
    field = model._fields.get(name)
    if field is None or field.type != "monetary":
        return None
    currency = model._fields[field.get_currency_field(model)]
    if currency.store or not currency.related:
        return currency.name
    return currency.related if isinstance(currency.related, str) else ".".join(currency.related)


def number_format(field, env, places):
    """Return Excel's format for the numbers of a field, None for what is no number.

    :param int places: decimals of amounts
    """
    if field is None:
        return None
    if field.type == "integer":
        return "#,##0" if getattr(field, AGGREGATOR) else "0"
    if field.type == "float":
        digits = field.get_digits(env)
        places = digits[1] if digits else 2
    elif field.type != "monetary":
        return None
    return f"#,##0.{'0' * places}" if places else "#,##0"


@dataclass(frozen=True, slots=True)
class ExportSheet:
    """A sheet that a list is exported to.

    :ivar str name: of the file, without its extension
    :ivar str title: of the sheet
    :ivar tuple formats: Excel's number format of each column, None for what is no number
    :ivar tuple amounts: places of the columns with amounts
    :ivar currency: place of the column that says the currency, where amounts are in several
    :ivar tuple ratios: places of percentages, each with those of the part and of the whole; None
        where these are not exported
    """

    name: str
    title: str
    formats: tuple = ()
    amounts: tuple = ()
    currency: int | None = None
    ratios: tuple = ()

    @classmethod
    def of_request(cls, model, params):
        """Return what a request of the web client exports, and the columns with the currency.

        :param model: with the context of the request
        :param dict params: of the request; none of its values is changed
        :return: ``(ExportSheet, list of columns)``
        """
        ids, columns = params["ids"], params["fields"]
        domain = [("id", "in", ids)] if ids else params["domain"]
        if not model._is_an_ordinary_table():
            columns = [column for column in columns if column["name"] != "id"]  # as Odoo does
        names = [column["name"] for column in columns]
        currencies = currencies_of(model, names, domain)
        place = None
        if len(currencies) > 1 and not params["import_compat"]:
            columns, place = cls._with_currency(model, columns)
            names = [column["name"] for column in columns]
        places = max(currencies.mapped("decimal_places"), default=2)
        known = [model._fields.get(name) for name in names]
        about, moments = _about(model, domain)
        when = when_text(model, moments, currencies)
        sheet = cls(
            name=f"{about} {when}",
            title=sheet_name(about, set(), when),
            formats=tuple(number_format(field, model.env, places) for field in known),
            amounts=tuple(n for n, field in enumerate(known) if field and field.type == "monetary"),
            currency=place,
            ratios=_ratios(model, names),
        )
        return sheet, columns

    @staticmethod
    def _with_currency(model, columns):
        """Return columns with the currency behind the first amount, and its place."""
        amount = next(
            place
            for place, column in enumerate(columns)
            if _currency_path(model, column["name"]) is not None
        )
        name = model._fields[columns[amount]["name"]].get_currency_field(model)
        for place, column in enumerate(columns):
            if column["name"] == name:
                return columns, place
        label = model.fields_get([name], ["string"])[name]["string"]
        added = {"name": name, "label": label, "type": "many2one", "store": False}
        return [*columns[: amount + 1], added, *columns[amount + 1 :]], amount + 1


def _ratios(model, names):
    """Return the places of the columns of which a model says that they are percentages."""
    return tuple(
        (
            names.index(name),
            tuple(map(names.index, columns)) if set(columns) <= set(names) else None,
        )
        for name, columns in getattr(model, "_export_ratios", {}).items()
        if name in names
    )


def _about(model, domain):
    """Return what records are called, and of which moments they are; now, if nothing is said."""
    said = getattr(model, "_export_about", None)
    found = said(domain) if said else None
    return found or (model.env["ir.model"]._get(model._name).name, [fields.Datetime.now()])

from odoo import _, api, models
from odoo.exceptions import AccessError


class OfAllCompanies(models.AbstractModel):
    """Fields about all companies: told to who may know of all of them, and to nobody else.

    The rows are for others, too: a position in the feed, or whether a boundary counts. But a
    text in them may name a record, and a figure count what happens, of a company that the reader
    may not read.
    """

    _name = "of.all.companies.mixin"
    _description = "About All Companies"
    _inherit = "access.first.mixin"

    # Names of such fields; texts are replaced by a sentence, all else is left empty.
    _of_all_companies = ()

    @api.model
    def _closed_fields(self):
        """Return the names of the fields that are closed to the user."""
        known = self.env.su or self._knows_all()
        return frozenset(() if known else self._of_all_companies)

    def _read_format(self, fnames, load="_classic_read"):
        found = super()._read_format(fnames, load=load)
        closed = self._closed_fields().intersection(fnames)
        for vals in found if closed else ():
            for name in closed:
                is_text = vals[name] and self._fields[name].type in ("char", "text")
                vals[name] = is_text and _("It is about several companies; an auditor sees it.")
        return found

    @api.model
    def _check_open(self, names):
        """Raise AccessError where one of these paths begins with a field that is closed."""
        closed = self._closed_fields()
        firsts = {name.partition(":")[0].partition(".")[0] for name in names} if closed else ()
        if closed.intersection(firsts):
            raise AccessError(
                _("What is about several companies cannot be searched, grouped or exported.")
            )

    def _export_rows(self, fields, **options):
        self._check_open(path[0] for path in fields if path)
        return super()._export_rows(fields, **options)

    @api.model
    def _search(self, domain, offset=0, limit=None, order=None, **options):
        self._check_open([*_asked_by(domain), *_ordered_by(order)])
        return super()._search(domain, offset, limit, order, **options)

    @api.model
    def _read_group(
        self, domain, groupby=(), aggregates=(), having=(), offset=0, limit=None, order=None
    ):
        self._check_open([*groupby, *aggregates])
        return super()._read_group(domain, groupby, aggregates, having, offset, limit, order)

    @api.model
    def _read_grouping_sets(self, domain, grouping_sets, aggregates=(), order=None):
        # Odoo 19 alone calls it.
        self._check_open([*(name for names in grouping_sets for name in names), *aggregates])
        return super()._read_grouping_sets(domain, grouping_sets, aggregates, order)


def _asked_by(domain):
    """Yield the paths of a domain; what is none is refused by whoever searches."""
    for term in domain if hasattr(domain, "__iter__") else ():
        if isinstance(term, list | tuple) and term and isinstance(term[0], str):
            yield term[0]


def _ordered_by(order):
    parts = order.split(",") if isinstance(order, str) else ()
    return [part.split()[0] for part in parts if part.strip()]

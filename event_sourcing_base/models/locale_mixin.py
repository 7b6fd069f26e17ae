from odoo import api, fields, models, tools

from ..number_text import parse_number
from ..zones import find_zone, local_date, zone_of_country


class Locale(models.AbstractModel):
    """How people write numbers, and where their days begin."""

    _name = "locale.mixin"
    _description = "Numbers and Days of People"

    @api.model
    def _parse_number(self, text):
        """Return the number that a text says in the user's language.

        :raise ValueError: for a text that is none
        """
        return parse_number(text, *self._number_signs(self.env.lang or "en_US"))

    @api.model
    @tools.ormcache("lang")
    def _number_signs(self, lang):
        """Return what a language puts before decimals, and between thousands."""
        found = self.env["res.lang"].with_context(active_test=False).search([("code", "=", lang)])
        return (found.decimal_point, found.thousands_sep or "") if found else (".", ",")

    @api.model
    @tools.ormcache("company_id", "uid")
    def _business_zone(self, company_id, uid):
        """Return the time zone of a company; see ``res.partner``.

        Where none is set, that of its country, if it has one alone, else of a user, else UTC.
        """
        company = self.env["res.company"].sudo().browse(company_id).partner_id
        user = self.env["res.users"].sudo().browse(uid)
        for name in (company.tz, zone_of_country(company.country_id.code), user.tz):
            if name and find_zone(name) is not None:
                return name
        return "UTC"

    @api.model
    def _business_today(self, company_id, moment=None):
        """Return the day that it is in the business zone of a company.

        :param datetime moment: UTC; now, where none is given
        """
        zone = self._business_zone(company_id, self.env.uid)
        return local_date(moment or fields.Datetime.now(), zone)


class ResPartner(models.Model):
    """Companies and users have their time zone here; what is kept of it is to be the new one."""

    _inherit = "res.partner"

    def write(self, vals):
        result = super().write(vals)
        if "tz" in vals or ("country_id" in vals and self._is_a_company_here()):
            self.env.registry.clear_cache()
        return result

    def _is_a_company_here(self):
        """Whether one of these contacts is that of a company of this database."""
        companies = self.env["res.company"].sudo().with_context(active_test=False)
        return bool(companies.search([("partner_id", "in", self.ids)], limit=1))


class ResCompany(models.Model):
    _inherit = "res.company"

    business_tz = fields.Selection(
        string="Time Zone",
        related="partner_id.tz",
        readonly=False,
        help="Business days of the company's events begin at midnight there, whoever records them."
        " Where none is set, it is that of the company's country if it has only one, else of each"
        " user.",
    )

    def write(self, vals):
        result = super().write(vals)
        if "partner_id" in vals:
            self.env.registry.clear_cache()
        return result

import unicodedata
from datetime import date, datetime, time, timezone

from odoo import _, api, fields, models, tools
from odoo.exceptions import AccessError, UserError

from ..arguments import shown
from ..canonical_json import BEYOND_XML
from ..nothing import is_nothing
from ..number_text import parse_number
from ..zones import find_zone, local_date
from .event_store import FAILURE_TYPES

POLICIES = ("record", "reject", "reject_and_record")
MAX_NAME = 128
MAX_VERSION = 2**31 - 1
# Beyond these, time zones and weeks leave what Python and Odoo can count with.
YEARS = range(1000, 9000)
# What the store decides, never the caller.
DECIDED_BY_STORE = {
    "id",
    "create_uid",
    "create_date",
    "write_uid",
    "write_date",
    "tx",
    "outcome",
    "failed_event_id",
    "failure_ids",
    "error_class",
    "error_message",
    "error_fingerprint",
    "broken_rule",
    "attempt_uuid",
    "attempt_digest",
    "retry_of_id",
    "retry_ids",
    "import_key",
    "content_hash",
}
CONTROL_CATEGORIES = {"Cc", "Cs", "Zl", "Zp"}


class EventStoreInput(models.Model):
    """What is let in: every value is checked before anything is written."""

    _inherit = "event.store"

    @api.model
    def _speaking_to_user(self):
        """Return self in the user's language where the caller named none (RPC)."""
        if self.env.context.get("lang"):
            return self
        return self.with_context(lang=self.env.user.lang)

    @api.model
    def _check_policy(self, policy):
        """Return a known policy, or None where none was given."""
        if is_nothing(policy):
            return None
        if not isinstance(policy, str) or policy not in POLICIES:
            raise UserError(
                _(
                    "The policy %(policy)s is unknown; use one of %(known)s.",
                    policy=shown(policy),
                    known=", ".join(POLICIES),
                )
            )
        return policy

    @api.model
    def _clean_all(self, vals_list):
        """Return checked copies of the callers' dicts, complete but for what the store decides.

        :param list vals_list: as given to ``create``; never changed
        :raise UserError: naming the first thing that is wrong
        """
        accepted = self._fields.keys() - DECIDED_BY_STORE
        kinds = {}  # what was found out about kinds of events so far
        companies, zones = {None: self.env.company.id}, {}
        now = fields.Datetime.now()
        cleaned = []
        for number, vals in enumerate(vals_list, 1):
            try:
                cleaned.append(self._clean_input(vals, accepted, kinds, companies, zones, now))
            except UserError as error:
                if len(vals_list) > 1:
                    place = _("Event %(number)s of %(all)s", number=number, all=len(vals_list))
                    self._say_where(error, place)
                raise
        return cleaned

    @api.model
    def _say_where(self, error, place):
        """Put before the sentence of a refusal what of a batch it is about."""
        error.args = (f"{place}: {error}", *error.args[1:])

    @api.model
    def _clean_input(self, vals, accepted, kinds, companies, zones, now):
        if not isinstance(vals, dict):
            raise UserError(_("An event must be given as a set of named values."))
        if not vals.keys() <= accepted:
            self._check_keys(vals)
        asked = tuple(map(vals.get, ("model_name", "event_type", "schema_version")))
        known = (asked, tuple(map(type, asked)))  # True is no 1
        try:
            kind = kinds.get(known)
        except TypeError:  # a list is no key, and no name
            kind = None
        if kind is None:
            kind = kinds[known] = self._clean_kind(*asked)
        payload, payload_json = self._clean_payload(vals.get("payload"))
        company_id = self._clean_company(vals.get("company_id"), companies)
        return {
            **vals,
            **kind,
            "aggregate_id": self._clean_name("aggregate_id", vals.get("aggregate_id")),
            "payload": payload,
            "payload_json": payload_json,
            "version": self._clean_number("version", vals.get("version")),
            "timestamp": self._clean_timestamp(vals.get("timestamp"), now),
            "event_uuid": self._clean_name("event_uuid", vals.get("event_uuid"), optional=True),
            "correlation_id": self._clean_name(
                "correlation_id", vals.get("correlation_id"), optional=True
            ),
            "causation_id": self._clean_name(
                "causation_id", vals.get("causation_id"), optional=True
            ),
            "company_id": company_id,
            "timezone": self._clean_zone(vals.get("timezone"), company_id, zones),
        }

    @api.model
    def _clean_zone(self, value, company_id, known):
        """Return the name of the time zone in which the event's business day counts.

        :param dict known: what was found out so far
        :raise UserError: for a name that is unknown on this machine
        """
        given = not is_nothing(value)
        key = value if given and isinstance(value, str) else company_id
        if key not in known:
            if given and (not isinstance(value, str) or find_zone(value) is None):
                raise UserError(
                    _(
                        "The time zone %(zone)s is unknown here; give a name such as Asia/Tokyo,"
                        " or leave it out for the company's.",
                        zone=repr(value)[:MAX_NAME],
                    )
                )
            known[key] = value if given else self._business_zone(company_id, self.env.uid)
        return known[key]

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
    def _user_zone(self):
        """Return the time zone in which the user reads and writes times.

        :raise UserError: for one that is unknown on this machine
        """
        name = self.env.context.get("tz") or self.env.user.tz or "UTC"
        return self._known_zone(name)

    @api.model
    def _known_zone(self, name):
        """Return a time zone by its name.

        :raise UserError: for one that is unknown on this machine
        """
        zone = find_zone(name)
        if zone is None:
            raise UserError(
                _(
                    "The time zone %(zone)s is unknown on this machine; choose another one, in"
                    " your preferences or in the dialog.",
                    zone=repr(name)[:MAX_NAME],
                )
            )
        return zone

    @api.model
    @tools.ormcache("company_id", "uid")
    def _business_zone(self, company_id, uid):
        """Return the time zone of a company, else of a user, else UTC; see ``res.partner``."""
        company = self.env["res.company"].sudo().browse(company_id)
        user = self.env["res.users"].sudo().browse(uid)
        for name in (company.partner_id.tz, user.tz):
            if name and find_zone(name) is not None:
                return name
        return "UTC"

    @api.model
    def _business_today(self, company_id):
        """Return the day that it is now where a company is, else where the user is."""
        zone = self._business_zone(company_id, self.env.uid)
        return local_date(fields.Datetime.now(), zone)

    @api.model
    def _clean_company(self, value, known):
        """Return the id of the company whose stream an event goes to; the user's for none.

        :param dict known: ``{company id: the same}``, what was found out so far
        :raise AccessError: for a company that is closed to the user
        :raise UserError: for one that does not exist
        """
        company_id = self._clean_number("company_id", value)
        if company_id not in known:
            known[company_id] = self._check_company(company_id)
        return known[company_id]

    @api.model
    def _check_company(self, company_id):
        """Return the id of a company in which the user may append events, and read its streams."""
        if company_id in self.env.companies.ids:
            return company_id
        if not self.env.su:
            raise AccessError(
                _(
                    "You have no access to the company with the id %(id)s; switch to that"
                    " company or ask your administrator.",
                    id=company_id,
                )
            )
        if not self.env["res.company"].browse(company_id).exists():
            raise UserError(_("There is no company with the id %(id)s.", id=company_id))
        return company_id

    @api.model
    def _clean_kind(self, model_name, event_type, schema_version):
        """Return what kind of event it is, under today's names, checked."""
        model_name = self._clean_model_name(model_name)
        event_type = self._clean_name("event_type", event_type)
        if event_type in FAILURE_TYPES:
            raise UserError(
                _(
                    "%(type)s is written by the event store itself and cannot be recorded"
                    " from outside; record what was attempted instead.",
                    type=event_type,
                )
            )
        handler = self._find_handler(model_name)
        event_type = self._today_event_type(handler, event_type)
        return {
            "model_name": model_name,
            "event_type": event_type,
            "schema_version": self._clean_schema_version(handler, event_type, schema_version),
        }

    @api.model
    def _check_keys(self, vals):
        decided = sorted(DECIDED_BY_STORE.intersection(vals))
        if decided:
            raise UserError(
                _(
                    "%(names)s cannot be given for an event: the event store decides it.",
                    names=", ".join(decided),
                )
            )
        unknown = sorted(str(name) for name in vals if name not in self._fields)
        if unknown:
            raise UserError(
                _(
                    "An event has no %(names)s; leave it out or put it into the payload.",
                    names=", ".join(unknown)[:MAX_NAME],
                )
            )

    @api.model
    def _clean_name(self, name, value, optional=False):
        """Return a short identifier; ints are taken as text, blanks are refused."""
        if value is None and optional:
            return None
        if type(value) is str and value.isalnum() and value.isascii() and len(value) <= MAX_NAME:
            return value
        if optional and is_nothing(value):
            return None
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str) or not value.strip():
            raise UserError(_("An event needs %(name)s: a text that is not empty.", name=name))
        if len(value) > MAX_NAME:
            raise UserError(
                _(
                    "%(name)s is too long: %(length)s characters, at most %(limit)s are allowed.",
                    name=name,
                    length=len(value),
                    limit=MAX_NAME,
                )
            )
        if value.isascii() and value.isprintable() and value == value.strip():
            return str(value)
        controls = CONTROL_CATEGORIES & set(map(unicodedata.category, value))
        if value != value.strip() or controls or BEYOND_XML.search(value):
            raise UserError(
                _(
                    "%(name)s must not begin or end with a space, nor hold line breaks or"
                    " control characters.",
                    name=name,
                )
            )
        return str(value)

    @api.model
    def _clean_model_name(self, value):
        """Return the aggregate type as it is called today."""
        name = self._clean_name("model_name", value)
        return self.env["snapshot.handler.registry"]._canonical_name(name)

    @api.model
    def _clean_schema_version(self, handler, event_type, value):
        """Return a schema version that the handler can read, today's where none was given."""
        version = self._clean_number("schema_version", value)
        if version is None:
            return getattr(handler, "_schema_versions", {}).get(event_type, 1)
        if hasattr(handler, "_check_schema_version"):
            handler._check_schema_version(event_type, version)
        return version

    @api.model
    def _clean_number(self, name, value):
        """Return a whole number from 1 on, or None where none was given."""
        if value is None or value is False:
            return None
        if type(value) is not int or not 1 <= value <= MAX_VERSION:
            raise UserError(
                _(
                    "%(name)s must be a whole number from 1 on, not %(value)s.",
                    name=name,
                    value=shown(value),
                )
            )
        return value

    @api.model
    def _clean_timestamp(self, value, now=None):
        """Return naive UTC in whole seconds; now where none was given.

        :param value: datetime (naive means UTC), date, Odoo's or ISO 8601 text, or
            an XML-RPC DateTime
        :param datetime now: what is now for all events of a batch
        """
        if is_nothing(value):
            return now or fields.Datetime.now()
        try:
            moment = self._parse_moment(value)
            if moment.tzinfo:
                moment = moment.astimezone(timezone.utc).replace(tzinfo=None)
            if moment.year not in YEARS:
                raise ValueError(moment.year)
        except (TypeError, ValueError, OverflowError) as error:
            raise UserError(
                _(
                    "%(value)s is not a valid date and time; write it like 2026-01-31 09:30:00"
                    " (UTC).",
                    value=shown(value),
                )
            ) from error
        return moment.replace(microsecond=0)

    @api.model
    def _parse_moment(self, value):
        if isinstance(value, datetime):
            return value
        if isinstance(value, date):
            return datetime.combine(value, time.min)
        if type(value).__name__ == "DateTime":  # xmlrpc.client.DateTime
            return datetime.strptime(str(value), "%Y%m%dT%H:%M:%S")
        if not isinstance(value, str):
            raise TypeError(type(value))
        return datetime.fromisoformat(value.strip().replace("Z", "+00:00"))

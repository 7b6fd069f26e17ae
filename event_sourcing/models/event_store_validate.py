import unicodedata

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.arguments import shown
from odoo.addons.event_sourcing_base.canonical_json import (
    BEYOND_XML,
    MAX_BYTES,
    MAX_PAYLOAD_DEPTH,
    InvalidJson,
    canonical,
    normalise,
    parse_object,
)
from odoo.addons.event_sourcing_base.column_values import given_moment, in_utc
from odoo.addons.event_sourcing_base.names import MAX_NAME
from odoo.addons.event_sourcing_base.zones import find_zone

from ..event import RetryStableUuids
from ..event_columns import GIVEN
from .event_source_mixin import UNNUMBERED
from .event_store import FAILURE_TYPES, POLICIES

MAX_VERSION = 2**31 - 1
CONTROL_CATEGORIES = {"Cc", "Cs", "Zl", "Zp"}


def is_nothing(value):
    """Whether a value stands for none: None, False or an empty text; zero is a value.

    XML-RPC has no null, and a form leaves texts empty.
    """
    return value is None or value is False or (isinstance(value, str) and not value)


class KnownIds(models.AbstractModel):
    """What callers name is an id; it stands here because every append passes it."""

    _inherit = "access.first.mixin"

    def browse(self, ids=None):
        """Refuse what is no id, which the database or Python would stumble over later."""
        if not self.env.su and ids and type(ids) is not int:
            ids = tuple(ids) if hasattr(ids, "__iter__") else (ids,)
            if {*map(type, ids)} != {int}:
                self._check_ids(ids)
        return super().browse(ids)


class EventStoreValidate(models.Model):
    """What is let in: every value is checked before anything is written."""

    _inherit = "event.store"

    @api.model
    def _with_user_lang(self):
        """Return self in the user's language where the caller named none (RPC).

        As Odoo keeps it for the sessions of its own client: no append reads it again.
        """
        if self.env.context.get("lang"):
            return self
        return self.with_context(lang=self.env["res.users"].context_get().get("lang"))

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
    def _find_handler(self, model_name):
        """Return the handler of an aggregate type, with full rights, or None.

        Folding needs every event, whoever appends; the right to append was checked.
        """
        return self.env(su=True)["snapshot.handler.registry"]._find(model_name)

    @api.model
    def _policy_of(self, handler, name):
        """Return a handler's policy, else the one in Settings, else ``record``.

        :param str name: ``invalid_policy`` or ``error_policy``
        """
        policy = getattr(handler, f"_{name}", None)
        if not policy:
            policy = self.env["ir.config_parameter"].sudo().get_param(f"event_sourcing.{name}")
        return policy if policy in POLICIES else "record"

    @api.model
    def _clean_all(self, vals_list):
        """Return checked copies of the callers' dicts, complete but for what the store decides.

        :param list vals_list: as given to ``create``; never changed
        :raise UserError: naming the first thing that is wrong
        """
        kinds = {}  # what was found out about kinds of events so far
        companies, zones = {None: self.env.company.id}, {}
        now = fields.Datetime.now()
        cleaned = []
        for number, vals in enumerate(vals_list, 1):
            try:
                cleaned.append(self._clean_input(vals, kinds, companies, zones, now))
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
    def _clean_input(self, vals, kinds, companies, zones, now):
        if not isinstance(vals, dict):
            raise UserError(_("An event must be given as a set of named values."))
        if not vals.keys() <= GIVEN:
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
    def _check_reference(self, vals):
        """Refuse an event of business records that is about one without a reference.

        :param dict vals: of the event, clean
        """
        if vals["aggregate_id"] != UNNUMBERED:
            return
        if getattr(self._find_handler(vals["model_name"]), "_source_model", None):
            raise UserError(
                _(
                    "“%(reference)s” stands for a record that has no reference yet; give the new"
                    " one a reference of its own.",
                    reference=UNNUMBERED,
                )
            )

    @api.model
    def _clean_model_name(self, value):
        """Return the aggregate type as it is called today."""
        name = self._clean_name("model_name", value)
        return self.env["snapshot.handler.registry"]._canonical_name(name)

    @api.model
    def _today_event_type(self, handler, event_type):
        """Return what an event type is called today."""
        return getattr(handler, "_event_aliases", {}).get(event_type, event_type)

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
            return in_utc(given_moment(value))
        except (TypeError, ValueError, OverflowError) as error:
            raise UserError(
                _(
                    "%(value)s is not a valid date and time; write it like 2026-01-31 09:30:00"
                    " (UTC).",
                    value=shown(value),
                )
            ) from error

    @api.model
    def _clean_payload(self, payload):
        """Return the payload as a normalised object, and in its canonical spelling.

        :param payload: a dict, the text of a JSON object, or None for ``{}``
        """
        if payload is None or payload is False:
            return {}, "{}"
        try:
            if isinstance(payload, str):
                payload = parse_object(payload)
            if not isinstance(payload, dict):
                raise TypeError(type(payload))
            payload = normalise(payload, MAX_PAYLOAD_DEPTH)
        except InvalidJson as error:
            raise UserError(self._explain_not_json(error)) from error
        except (TypeError, ValueError) as error:
            raise UserError(
                _('The payload must be a JSON object, such as {"reason": "broken"}.')
            ) from error
        text = canonical(payload)
        size = len(text.encode())
        if size > MAX_BYTES:
            raise UserError(
                _(
                    "The payload is too large: %(size)s KiB, at most %(limit)s KiB are allowed;"
                    " keep files as attachments and their names in the payload.",
                    size=-(-size // 1024),
                    limit=MAX_BYTES // 1024,
                )
            )
        return payload, text

    @api.model
    def _keys_of(self, proposed, derived):
        """Return what each event is known by, None where nobody gave it a name.

        Callers' UUIDs are those of a company; what the store derives stands in columns of its
        own, which are written here.

        :return: ``(column, company id, value)`` each, or None
        """
        keys = []
        for vals, key in zip(proposed, derived, strict=True):
            if key:
                vals[key[0]] = key[1]
                keys.append((key[0], vals["company_id"], key[1]))
            elif vals["event_uuid"]:
                keys.append(("event_uuid", vals["company_id"], vals["event_uuid"]))
            else:
                keys.append(None)
        return keys

    @api.model
    def _give_uuids(self, proposed):
        """Name the events to which their callers gave no UUID, and no operation.

        Retries and imported rows get one, too, though the store knows them by columns of their
        own. It stands in the index of the callers' UUIDs and does no harm there: it is random,
        so nobody can take it before, and whoever has read it and says the same with it is
        answered with that very event.
        """
        uuids = RetryStableUuids(self.env.cr)
        for vals in proposed:
            if not vals["event_uuid"]:
                vals["event_uuid"] = uuids.next_uuid(
                    vals["model_name"],
                    vals["aggregate_id"],
                    vals["event_type"],
                    vals["payload_json"],
                )
            if not vals["correlation_id"]:
                vals["correlation_id"] = vals["event_uuid"]

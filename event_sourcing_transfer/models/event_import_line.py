import hmac
import secrets

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.event_sourcing.event import content_hash
from odoo.addons.event_sourcing.event_columns import CONTENT
from odoo.addons.event_sourcing.models.event_store import FAILURE_TYPES
from odoo.addons.event_sourcing_job.models.event_job import MANAGER

from ..transfer_format import END, FOLLOWS, FORMAT, HEAD, REST, key_name, signature

OUTCOMES = ("applied", "rejected", "failed", "logged")
NAMES = ("model_name", "aggregate_id", "event_type", "event_uuid")
TRANSFER_KEY = "event_sourcing.transfer_key"


class EventImportLine(models.AbstractModel):
    """From a line of our own export to the values of an event that is restored.

    Restoring writes what nobody may say of an event: its outcome, and failure events.
    So a file is taken only with the signature of this database, or of one that has the
    same key.
    """

    _name = "event.import.line"
    _description = "Line of an Export"

    @api.model
    def _key(self):
        """Return the secret that files are signed with, made when it is first needed."""
        parameters = self.env["ir.config_parameter"].sudo()
        key = parameters.get_param(TRANSFER_KEY)
        if not key:
            key = secrets.token_hex(32)
            parameters.set_param(TRANSFER_KEY, key)
        return key

    @api.model
    def _check_head(self, head, user, trusted):
        """Refuse a file that may not be restored, before its first event is looked at.

        :param user: whoever asked for the import
        :param bool trusted: whether the server's operator vouches for the file
        """
        if head[HEAD] != FORMAT:
            raise UserError(
                _(
                    "The file was exported by a newer version of this addon; update the addon,"
                    " then import the file again."
                )
            )
        if user.id != self.env.ref("base.user_root").id and not user.has_group(MANAGER):
            raise AccessError(
                _(
                    "Only an Event Sourcing manager may restore exported events with their"
                    " outcomes; ask yours to import this file."
                )
            )
        if not trusted and head.get("key") != key_name(self._key()):
            raise UserError(self._not_signed())

    @api.model
    def _check_end(self, end, digest, count, trusted):
        """Refuse a file that is not what was exported.

        :param dict end: the last line
        :param str digest: of all lines before it
        :param int count: of the events before it
        """
        if end.get("digest") != digest or end[END] != count:
            raise UserError(
                _(
                    "The file is not what was exported: a line was changed, added or left out."
                    " Nothing was stored; export the period again."
                )
            )
        expected = signature(self._key(), digest, count)
        if not trusted and not hmac.compare_digest(str(end.get("signature")), expected):
            raise UserError(self._not_signed())

    @api.model
    def _not_signed(self):
        return _(
            "The file was not exported by this database, nor by one with the same"
            " %(parameter)s. Let an administrator give both the same value under System"
            " Parameters and export again, or import the file on the server's command line.",
            parameter=TRANSFER_KEY,
        )

    @api.model
    def _vals(self, line, options, cache):
        """Return the values of one event as it was recorded.

        :param dict line: as :func:`..transfer_format.event_line` wrote it
        :param dict options: of the import: ``company_id`` and ``unknown_people``
        :param dict cache: of companies and people found so far
        :raise UserError: where the line is not what was recorded, or cannot be restored
        """
        vals = {name: line.get(name) or None for name in (*CONTENT, *REST)}
        vals["payload"] = line.get("payload")
        timestamp = str(line.get("timestamp"))
        sound = (
            all(isinstance(vals[name], str) for name in NAMES)
            and isinstance(vals["payload"], dict)
            and type(vals["version"]) is int
            and vals["outcome"] in OUTCOMES
            and (vals["event_type"] not in FAILURE_TYPES or vals["outcome"] == "logged")
        )
        if not sound or self._hash_of(vals) != line.get("content_hash"):
            raise UserError(
                _(
                    "The content hash does not fit: the event is not what was recorded. It was"
                    " changed in the file, or in the database that it comes from."
                )
            )
        self.env["snapshot.handler.registry"]._check_not_off(vals["model_name"])
        vals["timestamp"] = fields.Datetime.to_datetime(timestamp)
        if vals["event_type"] not in FAILURE_TYPES:
            # A failure event wraps what failed: it is deeper and larger than any may be given.
            vals["payload"], _text = self.env["event.store"]._clean_payload(vals["payload"])
        vals["content_hash"] = line["content_hash"]
        vals["company_id"] = self._cached(cache, "company", line, options, self._company)
        vals["recorded_by"] = self._cached(cache, "recorded_by", line, options, self._person)
        vals["recorded_on"] = line.get("recorded_on")
        vals.update((name, line.get(name) or None) for name in FOLLOWS)
        return {**self._others(line.get("other") or {}), **vals}

    @api.model
    def _hash_of(self, vals):
        """Return the content hash, None for what no event can be."""
        try:
            return content_hash(vals)
        except ValueError:  # half a character, or nested without end
            return None

    @api.model
    def _cached(self, cache, name, line, options, find):
        key = name, line.get(name)
        if key not in cache:
            cache[key] = find(line.get(name), options)
        return cache[key]

    @api.model
    def _company(self, name, options):
        found = self.env.companies.filtered(lambda company: company.name == name)
        if len(found) == 1:
            return found.id
        if not found and options.get("company_id"):
            return options["company_id"]
        raise UserError(
            _(
                "%(company)s is no company that you have access to, or two have that name."
                " Correct that, or say into which company such events are to go.",
                company=name,
            )
        )

    @api.model
    def _person(self, login, options):
        people = self.env["res.users"].sudo().with_context(active_test=False)
        found = people.search([("login", "=", login)], limit=1)
        if found:
            return found.id
        if options.get("unknown_people"):
            return self.env.uid
        raise UserError(
            _(
                "Nobody here has the login %(login)s. Create that user, archived if need be, or"
                " choose to attribute unknown users' events to you.",
                login=login,
            )
        )

    @api.model
    def _others(self, other):
        """Return the columns of other addons that are installed here, too."""
        store = self.env["event.store"]
        kept = {name: other[name] for name in store._other_names() if name in other}
        for name, value in kept.items():
            store._check_value(name, value, any_length=True)
        return kept

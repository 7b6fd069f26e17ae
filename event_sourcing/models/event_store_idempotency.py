from odoo import _, api, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from odoo.addons.event_sourcing_base.canonical_json import canonical, normalise
from odoo.addons.event_sourcing_base.compat import check_access
from odoo.addons.event_sourcing_base.savepoint import is_read_committed

from ..exceptions import StoredMeanwhile
from .event_store import ATTEMPTED, FAILURE_TYPES
from .event_store_validate import is_nothing

# What is compared in a way of its own; the company is a part of the key.
COMPARED = {"model_name", "aggregate_id", "event_type", "payload", "event_uuid", "company_id"}


class EventStoreIdempotency(models.Model):
    """An event that is stored already is the answer, and is not stored twice."""

    _inherit = "event.store"

    @api.model
    def _find_known(self, given, proposed, keys):
        """Return ``{key: record}`` for the proposed events that are stored already.

        What failed, and was applied again by a manager since, is known by its own UUID, too.

        :param list given: the callers' dicts
        :param list proposed: the same, clean
        :param list keys: see :meth:`_keys_of`
        :raise AccessError: for one that the user may not read
        :raise UserError: when a UUID was used for a different event
        """
        asked = list(filter(None, dict.fromkeys(keys)))
        if not asked:
            return {}
        found = self._stored_by_key(asked)
        known = {key: self.browse(ids[0]) for key, ids in found.items() if ids}
        # Before anything is compared: a wrong guess is answered as a right one.
        self._check_readable(found)
        first = {}
        for said, vals, key in zip(given, proposed, keys, strict=True):
            if key is None:
                continue
            if key in found and key not in known:
                vals[ATTEMPTED] = True
            twin = known[key].sudo() if key in known else first.setdefault(key, vals)
            if key[0] != "event_uuid" or twin is vals:
                continue
            if key not in known and twin["version"] is None:
                twin["version"] = vals["version"]  # one event: who names a version, means it
            if self._contradicts(said, vals, twin):
                # One UUID may have been sent with several contents, all refused, and each been
                # applied again since.
                others = self.browse(found.get(key, ())[1:]).sudo()
                same = others.filtered(lambda o, s=said, v=vals: not self._contradicts(s, v, o))
                if same:
                    known[key] = same[:1].sudo(False)
                    continue
                raise UserError(
                    _(
                        "The UUID %(uuid)s was already used for a different event;"
                        " give every event a UUID of its own.",
                        uuid=vals["event_uuid"],
                    )
                )
        return known

    @api.model
    def _check_readable(self, found):
        """Refuse to answer with events that the user may not read, without a word about them.

        :param dict found: from :meth:`_stored_by_key`
        """
        try:
            check_access(self.browse(id_ for ids in found.values() for id_ in ids), "read")
        except AccessError:
            raise AccessError(self._unreadable_uuid()) from None

    @api.model
    def _unreadable_uuid(self):
        return _(
            "A UUID of this call belongs to an event that you may not read; give every"
            " event a UUID of its own, or ask your administrator."
        )

    @api.model
    def _stored_by_key(self, keys):
        """Return which events are stored under these keys; see :meth:`_keys_of`.

        :return: ``{key: [event id]}``; several only where attempts of one UUID were recorded
            apart and applied again, and none where they wait for that
        """
        columns = {}
        for column, company_id, value in keys:
            columns.setdefault(column, []).append((company_id, value))
        queries = [
            SQL(
                """
                SELECT %s, event.company_id, event.%s::text, event.id
                  FROM unnest(%s::int[], %s::text[]) AS key (company_id, value)
                  JOIN event_store AS event
                    ON event.company_id = key.company_id AND event.%s = key.value::%s
                 WHERE event.event_type NOT IN %s
                """,
                column,
                SQL.identifier(column),
                [company_id for company_id, _value in pairs],
                [str(value) for _company_id, value in pairs],
                SQL.identifier(column),
                SQL(self._fields[column].column_type[0]),
                FAILURE_TYPES,
            )
            for column, pairs in columns.items()
        ]
        if "event_uuid" in columns:
            # An attempt that was recorded apart, by the event that applied it again.
            queries.append(
                SQL(
                    """
                    SELECT 'event_uuid', failure.company_id, failure.attempt_uuid, retry.id
                      FROM unnest(%s::int[], %s::text[]) AS key (company_id, value)
                      JOIN event_store AS failure
                        ON failure.company_id = key.company_id
                       AND failure.attempt_uuid = key.value
                      LEFT JOIN event_store AS retry ON retry.retry_of_id = failure.id
                    """,
                    [company_id for company_id, _value in columns["event_uuid"]],
                    [value for _company_id, value in columns["event_uuid"]],
                )
            )
        self.env.cr.execute(SQL(" UNION ALL ").join(queries))
        by_text = {(*key[:2], str(key[2])): key for key in keys}
        found = {}
        for column, company_id, value, event_id in self.env.cr.fetchall():
            ids = found.setdefault(by_text[column, company_id, value], [])
            if event_id is not None:
                ids.append(event_id)
        return found

    @api.model
    def _check_not_stored_meanwhile(self, vals_list):
        """Look again, now that nobody else writes to the streams, for what no index holds together.

        An attempt that was recorded apart is applied again by an event of another UUID. Where
        everybody sees the database as it was, the second of the two gets a conflict.

        :raise StoredMeanwhile: where an event was stored that one of these repeats
        """
        keys = [
            ("event_uuid", vals["company_id"], vals["event_uuid"])
            for vals in vals_list
            if ATTEMPTED in vals
        ]
        if is_read_committed(self.env.cr) and any(self._stored_by_key(keys).values()):
            raise StoredMeanwhile

    def _attempted(self):
        """Return what the attempt of a failure event said, to be compared."""
        return self._content_key(self.payload["failed_event"], self.payload["failed_payload"])

    def _content_key(self, event_type, payload):
        """Return what makes two events of one UUID one, under the names of today."""
        registry = self.env["snapshot.handler.registry"]
        model_name = registry._canonical_name(self.model_name)
        event_type = registry._former_event_types().get((model_name, event_type), event_type)
        stream = (self.company_id.id, model_name, self.aggregate_id)
        return (*stream, event_type, canonical(payload))

    @api.model
    def _contradicts(self, given, vals, twin):
        """Whether what a caller says of an event is not what its twin says.

        What the caller leaves out contradicts nothing; what is given is compared as it is
        stored, so that ``true`` is not ``1``.

        :param dict given: as the caller gave it
        :param dict vals: the same, clean
        :param twin: the stored record, or the clean dict of one before it in the batch
        """
        handler = self._find_handler(vals["model_name"])
        payload = canonical(normalise(twin["payload"]))
        if vals["payload_json"] != payload or vals["aggregate_id"] != twin["aggregate_id"]:
            return True
        registry = self.env["snapshot.handler.registry"]
        if vals["model_name"] != registry._canonical_name(twin["model_name"]):
            return True
        if vals["event_type"] != self._today_event_type(handler, twin["event_type"]):
            return True
        others = self._other_columns()
        for name in given.keys() - COMPARED:
            field = self._fields[name]
            if not field.store or not field.column_type:
                continue
            if is_nothing(given[name]) and name not in others:
                continue  # of these, nothing means that the store is to choose
            if isinstance(twin, dict) and name not in twin:  # left to its default
                there = self._without_defaults().default_get([name]).get(name, False)
            else:
                there = twin[name]
            if field.type == "json":
                here, there = canonical(vals[name]), canonical(there)
            else:
                here = field.convert_to_cache(vals[name], self)
                there = field.convert_to_cache(there, self)
            if here != there:
                return True
        return False

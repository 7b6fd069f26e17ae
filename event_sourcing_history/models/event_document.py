from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_datetime

from odoo.addons.event_sourcing.models.event_store import FAILURE_TYPES
from odoo.addons.event_sourcing_base.arguments import model_of, shown, text, whole
from odoo.addons.event_sourcing_base.canonical_json import parse_object, pretty
from odoo.addons.event_sourcing_base.compat import check_access
from odoo.addons.event_sourcing_job.models.event_document import NOTHING

# What says in whose words a document is to be read.
WORDS_OF = ("model_name", "event_type", "schema_version")
MAX_ROWS = 500
MAX_EVENTS = 200


class EventDocument(models.AbstractModel):
    """One document, for the widgets event_payload and event_json, and two side by side.

    Any ``json`` field can be shown. Where its record also has a ``model_name``, the
    handler of that aggregate type lends its words; where it has a ``boundary``, that does.
    """

    _inherit = "event.document"

    @api.model
    def describe(self, model_name, record_id, field_name):
        """Return one stored document, with the rights of the user who asks.

        :param str model_name: the model of the record, such as ``event.store``
        :param int record_id: its id
        :param str field_name: a field of type ``json``
        :return: dict with ``rows``, a list of ``{"key", "label", "value"}``, and
            ``text``, the same as indented JSON
        :raise UserError: when there is no such field
        :raise AccessError: without the right to read the record
        """
        check_access(self.env["event.store"], "read")
        model = model_of(self.env, "model_name", model_name)
        field = model._fields.get(text(self.env, "field_name", field_name))
        record_id = whole(self.env, "record_id", record_id, least=1)
        if field is None or field.type != "json":
            raise UserError(
                _(
                    "%(model)s has no JSON field %(field)s; reload the page.",
                    model=shown(model_name),
                    field=shown(field_name),
                )
            )
        record = model.browse(record_id)
        names = [n for n in (*WORDS_OF, "boundary") if n in record._fields]
        values = record.read([field_name, *names])[0]
        document = values[field_name] or {}
        if values.get("boundary"):
            words = self._boundary_words(values["boundary"])
        else:
            words = self._labels(*map(values.get, WORDS_OF))
        return {
            "rows": self._rows(document, words),
            "text": pretty(document),
        }

    @api.model
    def _boundary_words(self, name):
        """Return the words of a boundary, and of the handlers of what it is about."""
        model = self.env["event.boundary"]._names().get(name)
        if model is None:
            return self._labels(None)
        boundary = self.env[model]
        all_words = [self._labels(model_name) for model_name in boundary._event_types()]
        # With several aggregate types nobody knows whose status a status is.
        words = all_words.pop() if len(all_words) == 1 else self._labels(None)
        for further in all_words:
            for part in ("labels", "declared", "fields"):
                words[part].update(further[part])
            words["order"] += further["order"]
        labels = boundary._state_labels()
        words["labels"].update(labels)
        words["order"] = list(dict.fromkeys([*labels, *words["order"]]))
        return words

    @api.model
    def _rows(self, document, words):
        """Return ``document`` as a flat list of labelled values.

        :param document: a JSON value; normally an object
        :param dict words: what is known about its keys, see :meth:`_labels`
        """
        leaves = list(self._leaves(self._in_order(document, words)))
        rows = [
            {
                "key": ".".join(path),
                "label": " › ".join(self._step_label(step, words) for step in path) or NOTHING,
                "value": self._readable(path, value, words),
            }
            for path, value in leaves[:MAX_ROWS]
        ]
        if len(leaves) > MAX_ROWS:
            rows.append(
                {
                    "key": "…",
                    "label": "…",
                    "value": _(
                        "%(count)s more values; see the JSON page.", count=len(leaves) - MAX_ROWS
                    ),
                }
            )
        return rows

    # ------------------------------------------------------------------
    # Then and now
    # ------------------------------------------------------------------

    @api.model
    def compare(self, model_name, aggregate_id, version=False, timestamp=False, company_id=False):
        """Return an aggregate as it was after a version, or at a moment, beside today.

        :param int version: 0 for before the first event
        :param timestamp: UTC
        :param int company_id: whose stream; as for ``event.store.state_at``
        :return: dict with ``message`` (a sentence where there is something to say),
            ``then`` and ``now`` (headings), ``rows`` (see ``_difference_rows``) and
            ``events`` since: dicts with ``id``, ``label``, ``when``, ``who``,
            ``outcome`` and ``reason``
        :raise AccessError: without the right to read the stream
        """
        store = self.env["event.store"]
        version = False if version is None else version
        at = {"version": version} if version is not False else {"timestamp": timestamp}
        try:
            now = store.state_at(model_name, aggregate_id, company_id=company_id)
            then = store.state_at(model_name, aggregate_id, company_id=company_id, **at)
            key, _head = store._readable_stream(model_name, aggregate_id, company_id)
        except UserError as error:
            if type(error) is not UserError:
                raise
            return {"message": str(error), "then": "", "now": "", "rows": [], "events": []}
        return {
            "message": self._about_moment(model_name, key, then, timestamp),
            "then": _("After version %(version)s", version=then["version"]),
            "now": self._latest_heading(model_name, key, now["version"]),
            "rows": self._difference_rows(
                parse_object(then["state_json"]),
                parse_object(now["state_json"]),
                model_name,
                unchanged=True,
            ),
            "events": self._events_since(model_name, key, version, timestamp),
        }

    @api.model
    def _latest_heading(self, model_name, key, version):
        """Return what the last state is called: it is not today's, if it knows of later days."""
        future = [*self._of_stream(model_name, key), ("timestamp", ">", fields.Datetime.now())]
        if self.env["event.store"].search(future, limit=1):
            return _("With what lies in the future (version %(version)s)", version=version)
        return _("Now (version %(version)s)", version=version)

    @api.model
    def _about_moment(self, model_name, key, then, timestamp):
        """Return a sentence about a moment before the first event, or in the future."""
        store = self.env["event.store"]
        # The first to happen: events may be recorded in another order, also before their time.
        first = store.search(self._of_stream(model_name, key), order="timestamp, version", limit=1)
        if not first:
            return _("%(aggregate)s has no events yet.", aggregate=key[1])
        if not then["version"]:
            return _(
                "Nothing had happened yet: the first event is of %(moment)s.",
                moment=format_datetime(self.env, first.timestamp, tz=self.env.context.get("tz")),
            )
        moment = timestamp and store._clean_timestamp(timestamp)
        if moment and moment > fields.Datetime.now():
            later = [*self._of_stream(model_name, key), ("timestamp", ">", moment)]
            if store.search(later, limit=1):
                return _(
                    "This lies in the future: events that are recorded for an even later time are"
                    " left out."
                )
            until = [*self._of_stream(model_name, key), ("timestamp", ">", fields.Datetime.now())]
            if store.search(until, limit=1):
                return _(
                    "This lies in the future: what you see includes events that are recorded for"
                    " a time to come."
                )
            return _("This lies in the future: what you see is how it is now.")
        return ""

    @api.model
    def _of_stream(self, model_name, key):
        stream = self.env["event.store"]._of_stream(model_name, *key)
        return [*stream, ("event_type", "not in", FAILURE_TYPES)]

    @api.model
    def _events_since(self, model_name, key, version, timestamp):
        """Return the events that the state then does not know, newest first."""
        store = self.env["event.store"]
        if version is not False:
            later = [("version", ">", version)]
        else:
            later = [("timestamp", ">", store._clean_timestamp(timestamp))]
        events = store.search(
            self._of_stream(model_name, key) + later,
            order="version desc",
            limit=MAX_EVENTS,
        )
        outcomes = dict(store._fields["outcome"]._description_selection(self.env))
        return [
            {
                "id": event.id,
                "version": event.version,
                "label": event.event_label,
                "when": format_datetime(self.env, event.timestamp, tz=self.env.context.get("tz")),
                "who": event.create_uid.sudo().name,
                "outcome": event.outcome,
                "outcome_label": outcomes[event.outcome],
                "reason": self.env["snapshot.handler.registry"]._reason(event),
            }
            for event in events
        ]

    @api.model
    def _difference_rows(self, before, after, model_name, unchanged=False):
        """Return two states side by side.

        :param dict before: JSON object
        :param dict after: JSON object
        :param bool unchanged: whether what is the same is listed, too
        :return: list of ``{"key", "label", "before", "after", "changed"}``, all text but
            the last
        """
        words = self._labels(model_name)
        known = {key: place for place, key in enumerate(words["order"])}
        old, new = dict(self._leaves(before)), dict(self._leaves(after))
        changed = {path for path, _old, _new in self._changed(before, after)}
        paths = [path for path in dict.fromkeys([*old, *new]) if unchanged or path in changed]
        paths.sort(key=lambda path: (known.get(path[0], len(known)), path[0]))
        return [
            {
                "key": ".".join(path),
                "label": " › ".join(self._step_label(step, words) for step in path),
                "before": self._readable(path, old.get(path), words),
                "after": self._readable(path, new.get(path), words),
                "changed": path in changed,
            }
            for path in paths[:MAX_ROWS]
        ]

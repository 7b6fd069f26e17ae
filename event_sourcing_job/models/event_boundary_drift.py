from typing import NamedTuple

from odoo import _, api, models

from odoo.addons.event_sourcing.exceptions import EventsArchived
from odoo.addons.event_sourcing_base.canonical_json import canonical, normalise

from .event_snapshot_drift import ORPHAN_LIMIT

BOUNDARY_KINDS = ("boundary_event", "boundary_state", "boundary_broken")


class StoredEntry(NamedTuple):
    """What is noted of an event and a key: its place among those of the key, and details."""

    version: int | None
    details: dict | None


class EventBoundaryDrift(models.Model):
    """Boundaries that do not know what the events say.

    With each chunk of streams: whether their events are noted under the keys that they are about
    by today's rules, and what those keys know whose first event is among them. So each key is
    looked at once. All of it is read in the transaction that folds the streams.
    """

    _inherit = "event.snapshot.drift"

    @api.model
    def _in_force(self, model_names):
        """Return the boundaries that count, of those over one of some aggregate types."""
        names = self.env["event.boundary"]._names()
        ready = self.env["event.boundary.status"].sudo().search([("state", "=", "ready")])
        boundaries = [self.env[names[name]] for name in ready.mapped("boundary") if name in names]
        return [
            boundary
            for boundary in boundaries
            if not boundary._is_off() and not boundary._event_types().keys().isdisjoint(model_names)
        ]

    @api.model
    def _of_boundaries(self, model_name, folded):
        """Return what boundaries know otherwise than ``{key: [FoldResult]}`` says, as dicts."""
        heads = {key: fold.version for key, (fold,) in folded.items() if fold.problem is None}
        found = []
        for boundary in self._in_force([model_name]) if heads else ():
            entries, problems = boundary._entries_of(model_name, heads)
            stored = self._stored_entries(boundary, model_name, heads)
            found += [
                self._boundary_drift(
                    boundary, key[0], "boundary_broken", text, model_name=model_name
                )
                for key, text in problems.items()
            ]
            names = ("company_id", "aggregate_id", "version", "key")
            wanted = {tuple(map(entry.get, names)): entry["details"] for entry in entries}
            noted = {place for place in stored if place[:2] not in problems}
            other = {
                place for place in wanted.keys() & noted if wanted[place] != stored[place].details
            }
            for places, sentence in (
                (wanted.keys() - noted, self._unnoted()),
                (noted - wanted.keys(), self._overnoted()),
                (other, self._noted_otherwise()),
            ):
                for place in sorted(places):
                    found.append(self._of_entry(boundary, model_name, place, sentence))
            begun = {(p[0], p[3]) for p, entry in stored.items() if entry.version == 1}
            found += self._of_keys(boundary, sorted(begun))
        return found

    @api.model
    def _unnoted(self):
        return _(
            "%(boundary)s does not know that %(event)s is about %(key)s: its rules changed, or a"
            " process recorded it that did not know of them. Rebuild the boundary."
        )

    @api.model
    def _overnoted(self):
        return _(
            "%(boundary)s counts %(event)s for %(key)s, which by the rules of today it is not"
            " about. Rebuild the boundary."
        )

    @api.model
    def _noted_otherwise(self):
        return _(
            "What %(boundary)s noted of %(event)s for %(key)s is not what its record says by the"
            " rules of today. Rebuild the boundary."
        )

    @api.model
    def _of_entry(self, boundary, model_name, place, sentence):
        company_id, aggregate_id, version, key = place
        words = {
            "boundary": boundary._description,
            "event": f"{model_name}/{aggregate_id} {version}",
            "key": key,
        }
        message = sentence % words
        return self._boundary_drift(
            boundary, company_id, "boundary_event", message, model_name=model_name
        )

    @api.model
    def _boundary_drift(self, boundary, company_id, kind, message, **vals):
        return {"company_id": company_id, "kind": kind, "message": message, **vals}

    @api.model
    def _stored_entries(self, boundary, model_name, heads):
        """Return ``{(company id, aggregate id, version, key): StoredEntry}``."""
        self.env.cr.execute(
            """
            SELECT event.company_id, event.aggregate_id, event.version, entry.key, entry.version,
                   entry.details
              FROM unnest(%s::int[], %s::text[]) AS wanted (company_id, aggregate_id)
              JOIN event_store AS event USING (company_id, aggregate_id)
              JOIN event_boundary_event AS entry ON entry.event_id = event.id
             WHERE event.model_name = ANY(%s) AND entry.boundary = %s
            """,
            [
                [key[0] for key in heads],
                [key[1] for key in heads],
                self.env["snapshot.handler.registry"]._stream_names(model_name),
                boundary._boundary_name(),
            ],
        )
        return {row[:4]: StoredEntry(*row[4:]) for row in self.env.cr.fetchall()}

    @api.model
    def _of_keys(self, boundary, keys):
        """Return what is stored about keys otherwise than their events give, as dicts.

        :param list keys: ``(company id, key)`` each
        """
        name, found = boundary._boundary_name(), []
        self.env.cr.execute(
            """
            SELECT row.company_id, row.key, row.version, row.state
              FROM unnest(%s::int[], %s::text[]) AS wanted (company_id, key)
              JOIN event_boundary_state AS row USING (company_id, key)
             WHERE row.boundary = %s
            """,
            [[key[0] for key in keys], [key[1] for key in keys], name],
        )
        stored = {row[:2]: row[2:] for row in self.env.cr.fetchall()}
        for company_id, key in keys:
            count, state, problem = boundary._fold_key((company_id, name, key))
            if isinstance(problem, EventsArchived):
                continue
            if problem is not None:
                text = f"{key}: {self.env['event.store']._error_text(problem)}"
                found.append(self._boundary_drift(boundary, company_id, "boundary_broken", text))
                continue
            words = {"boundary": boundary._description, "key": key}
            if (company_id, key) not in stored:
                text = _("%(boundary)s has events of %(key)s, and no state of it.", **words)
                found.append(self._boundary_drift(boundary, company_id, "boundary_state", text))
                continue
            version, before = stored[company_id, key]
            if version != count:
                words.update(stored=version, count=count)
                text = _(
                    "%(boundary)s holds %(stored)s events of %(key)s; there are %(count)s.", **words
                )
                found.append(self._boundary_drift(boundary, company_id, "boundary_state", text))
                continue
            before = normalise(before or {})
            if canonical(before) == canonical(normalise(state)):
                continue
            text = _("What %(boundary)s knows of %(key)s is not what its events say.", **words)
            for path, pair in self._changed_keys(before, state).items():
                found.append(
                    self._boundary_drift(
                        boundary, company_id, "boundary_state", text, **self._pair(path, *pair)
                    )
                )
        return found

    @api.model
    def _of_boundary_orphans(self, model_names, companies=None):
        """Return a dict for each key that is known without an event; of events without a key.

        :param list companies: only those of these companies, by their ids, or None for all
        """
        by_name = {boundary._boundary_name(): boundary for boundary in self._in_force(model_names)}
        self.env.cr.execute(
            """
            SELECT row.company_id, row.boundary, row.key FROM event_boundary_state AS row
             WHERE row.boundary = ANY(%s) AND row.version > 0
               AND (%s OR row.company_id = ANY(%s))
               AND NOT EXISTS (
                   SELECT FROM event_boundary_event AS entry
                    WHERE entry.company_id = row.company_id AND entry.boundary = row.boundary
                      AND entry.key = row.key)
             ORDER BY row.id LIMIT %s
            """,
            [list(by_name), companies is None, list(companies or ()), ORPHAN_LIMIT],
        )
        return [
            self._boundary_drift(
                by_name[name],
                company_id,
                "boundary_state",
                _(
                    "%(boundary)s knows something of %(key)s, but no event accounts for it."
                    " Rebuild the boundary.",
                    boundary=by_name[name]._description,
                    key=key,
                ),
            )
            for company_id, name, key in self.env.cr.fetchall()
        ]

import json

from odoo import _, api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.event_sourcing.event import EventData, KeyedEvent
from odoo.addons.event_sourcing.exceptions import HistoryFoldError
from odoo.addons.event_sourcing.models.event_store_reader import EVENT_COLUMNS
from odoo.addons.event_sourcing_base.arguments import shown, text, whole
from odoo.addons.event_sourcing_base.canonical_json import canonical, sort_keys, xml_escaped
from odoo.addons.event_sourcing_base.compat import check_access
from odoo.addons.event_sourcing_base.db_errors import is_infrastructure_error
from odoo.addons.event_sourcing_base.fields import sendable

from ..lent import Lent

PAGE = 1000


class EventBoundaryHistory(models.AbstractModel):
    """What boundaries knew, and what they make of events that were stored otherwise."""

    _inherit = "event.boundary"

    @api.model
    def state_at(self, boundary=None, key=None, version=None, timestamp=None, company_id=None):
        """Return the state of a key of a boundary: now, after so many events, or at a moment.

        At a moment counts what had happened by then, in the order in which it was decided.

        :param str boundary: its name, such as ``rental.unit``
        :param key: a text, or the id of a record
        :param int version: how many events of the key, 0 for none
        :param timestamp: UTC, as in ``event.store.append``
        :param int company_id: whose key; the user's company where none is named
        :return: dict with ``version`` (how many events were folded), ``state`` (dict; False over
            XML-RPC where that cannot carry it) and ``state_json`` (text)
        :raise UserError: for bad input, or where events of the key cannot be folded
        :raise AccessError: without the right to read events, or for a closed company
        """
        store = self.env["event.store"]._with_user_lang()
        self = self.with_env(store.env)
        check_access(store.browse(), "read")
        model = self._names().get(text(self.env, "boundary", boundary))
        if model is None:
            raise UserError(
                _(
                    "There is no boundary %(name)s; there are: %(known)s.",
                    name=shown(boundary),
                    known=", ".join(self._names()) or "–",
                )
            )
        try:
            key = self._as_key(key)
        except TypeError:
            raise UserError(
                _("key must be a text or the id of a record, not %(value)s.", value=shown(key))
            ) from None
        given = version is not None and version is not False
        version = whole(self.env, "version", version) if given else None
        moment = None if timestamp in (None, False, "") else store._clean_timestamp(timestamp)
        if given and moment is not None:
            raise UserError(_("Give a version or a time to look at, not both."))
        company_id = store._clean_number("company_id", company_id) or self.env.company.id
        store._check_readable_company(company_id)
        place = company_id, boundary, key
        count, state, problem = self.env(su=True)[model]._fold_key(place, version, moment)
        if problem is not None:
            raise UserError(store._error_text(problem)) from problem
        return {
            "version": count,
            "state": sendable(state),
            "state_json": xml_escaped(canonical(state)),
        }

    @api.model
    def _refold(self, place, row):
        """Return a locked row with the state that its events give by the rules of today."""
        count, state, problem = self._fold_key(place)
        if problem is None and count != row.version:
            problem = HistoryFoldError(
                _(
                    "The boundary %(boundary)s has lost events of %(key)s; rebuild it.",
                    boundary=place[1],
                    key=place[2],
                )
            )
        return row._replace(state=state, stale=False, problem=problem)

    @api.model
    def _fold_key(self, place, version=None, moment=None):
        """Fold the events of a key.

        :param tuple place: ``(company id, boundary, key)``
        :param int version: how many of them, None for all
        :param datetime moment: only what had happened by then, None for all
        :return: ``(number of events, state, problem)``; the exception that stopped the fold, or
            None
        """
        state, count, types = self._begin_state(), 0, self._event_types()
        try:
            for _number, event, event_id in self._read_key(place, version):
                if event is None:
                    return count, state, self._not_here(place, event_id)
                if moment is not None and event.timestamp > moment:
                    continue
                count += 1
                handler = self.env["event.store"]._find_handler(event.model_name)
                if handler is None:
                    continue  # uninstalled; what was decided stays decided
                event = handler._upcast(event)
                if event.event_type in types.get(event.model_name, ()):
                    state = self._follow(state, event, place[2])
        except Exception as error:
            if is_infrastructure_error(error):
                raise
            return count, state, error
        return count, state, None

    @api.model
    def _not_here(self, place, event_id):
        """Return the problem of a key that follows from an event that is not here."""
        return HistoryFoldError(
            _(
                "Events that %(key)s of the boundary %(boundary)s follows from are in an archive;"
                " bring it back.",
                boundary=place[1],
                key=place[2],
            )
        )

    @api.model
    def _follow(self, state, event, key):
        """Return the state after an event that was applied, which is refused no more."""
        try:
            return self._evolved(Lent(state), event, key)
        except UserError:
            return state

    @api.model
    def _read_key(self, place, version=None):
        """Yield ``(version, KeyedEvent, event id)`` of a key's events, in order.

        None instead of one that is not here.
        """
        last = 0
        while True:
            self.env.cr.execute(
                SQL(
                    """
                    SELECT event.model_name, %s, entry.details, entry.event_id, entry.version
                      FROM event_boundary_event AS entry
                      LEFT JOIN event_store AS event ON event.id = entry.event_id
                     WHERE entry.company_id = %s AND entry.boundary = %s AND entry.key = %s
                       AND entry.version > %s AND (%s OR entry.version <= %s)
                     ORDER BY entry.version LIMIT %s
                    """,
                    EVENT_COLUMNS,
                    *place,
                    last,
                    version is None,
                    version or 0,
                    PAGE,
                )
            )
            rows = self.env.cr.fetchall()
            for row in rows:
                last = row[-1]
                here = row[0] is not None
                event = EventData.from_row(row, json.loads(row[3])) if here else None
                details = row[-3] and sort_keys(row[-3])
                event = event and KeyedEvent.of(event, details)
                yield last, event, row[-2]
            if len(rows) < PAGE:
                return

    # ------------------------------------------------------------------
    # Events that were decided elsewhere: restored ones
    # ------------------------------------------------------------------

    @api.model
    def _restored_entries(self, handler, event, before, after):
        """Return ``[(model of the boundary, key, KeyedEvent)]`` of an event applied elsewhere.

        :param EventData event: as stored
        :param dict before: the state of its aggregate before it, and ``after``
        """
        guarded = self._guarded().get(event.model_name)
        today = handler._upcast(event) if guarded else event
        return [
            (name, key, about)
            for name in (guarded or {}).get(today.event_type, ())
            for key, about in self.env[name]._keys_of(today, before, after).items()
        ]

    @api.model
    def _add_restored(self, entries, ids):
        """Let boundaries follow events that were applied elsewhere; none is refused.

        :param list entries: see :meth:`_restored_entries`, in the order of the events
        :param dict ids: ``{(stream key, version): event id}``
        """
        if not entries:
            return
        batch = self._batch_of({name for name, _key, _event in entries})
        placed = [
            ((event.company_id, self.env[name]._boundary_name(), key), self.env[name], event)
            for name, key, event in entries
        ]
        self._lock(batch, self.env.cr.execute, {place for place, _boundary, _event in placed})
        for place, boundary, event in placed:
            state = boundary._state_in(batch, place)
            batch.note([(place, boundary._follow(state, event, place[2]), event)])
        self.env.cr.execute(*self._save_statement(batch, ids))

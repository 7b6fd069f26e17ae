from odoo import _, api, models, tools
from odoo.exceptions import UserError

from odoo.addons.event_sourcing.models.event_store_reader import FoldResult


class EventArchiveReplay(models.Model):
    """No replay takes a part of a history for the whole of it.

    Whatever folds events reads them here. Where it would need one that is in an archive it
    is refused, with a sentence that names the file; nobody gets a wrong state.
    """

    _inherit = "event.store"

    @api.model
    def _archived_streams(self, model_name, after, until=None, last=None):
        """Return the archives that a reader would need, by aggregate.

        :param dict after: ``{key: version to read on after}``
        :param datetime until: only what had happened by then is read, None for all
        :param int last: no versions after this one, None for all
        :return: ``{key: event.archive}``
        """
        archives = self.env["event.archive"].sudo()
        names = self.env["snapshot.handler.registry"]._stream_names(model_name)
        found = {}
        for key, away in archives._streams_away(names, after).items():
            ids = [
                archive_id
                for archive_id, last_version, first_event_on in away
                if last_version > after[key]
                and (until is None or first_event_on <= until)
                and (last is None or last > 0)
            ]
            if ids:
                found[key] = archives.browse(ids)
        return found

    @api.model
    def _refuse_missing(self, model_name, after, until=None, last=None):
        for key, archives in self._archived_streams(model_name, after, until, last).items():
            raise archives._refusal_to_fold(f"{model_name}/{key[1]}")

    @api.model
    def _unreadable(self, model_name, keys):
        away = self._archived_streams(model_name, dict.fromkeys(keys, 0))
        return {
            key: archives._refusal_to_fold(f"{model_name}/{key[1]}")
            for key, archives in away.items()
        }

    @api.model
    def _read_streams(self, model_name, after, until=None, last=None):
        self._refuse_missing(model_name, after, until, last)
        yield from super()._read_streams(model_name, after, until, last)

    @api.model
    def _readable_page(self, model_name, key, after_version, limit):
        """Refuse a page that lacks events; one without holes that is full lacks none.

        Only who may read the stream comes here, and is told of it.
        """
        page = super()._readable_page(model_name, key, after_version, limit)
        full = len(page) == limit and page[-1].version == after_version + limit
        if not full and self.env["event.archive"]._is_used():
            away = self._archived_streams(model_name, {key: after_version})
            if away:
                raise away[key]._refusal_to_fold(f"{model_name}/{key[1]}")
        return page

    @api.model
    def _fold_streams(self, model_name, keys, moments=(None,), begun=None, last=None):
        """Fold what can be folded; the others get a problem that says why not."""
        after = {key: begun[key][0].version if begun else 0 for key in keys}
        away = self._archived_streams(model_name, after, last=last)
        whole = [key for key in keys if key not in away]
        folded = super()._fold_streams(model_name, whole, moments, begun, last) if whole else {}
        for key, archives in away.items():
            refusal = archives._refusal_to_fold(f"{model_name}/{key[1]}")
            folds = []
            for number, moment in enumerate(moments):
                start = {key: [begun[key][number]]} if begun else None
                if self._archived_streams(model_name, {key: after[key]}, moment, last):
                    (fold,) = start[key] if begun else [FoldResult({})]
                    fold.problem = fold.problem or refusal
                else:
                    read = super()._fold_streams(model_name, [key], (moment,), start, last)
                    (fold,) = read[key]
                folds.append(fold)
            folded[key] = folds
        return folded

    @api.model
    def _stored_by_key(self, keys):
        """Look where each key is first, and then in those partitions alone.

        :raise UserError: for a UUID whose event is in an archive
        """
        if not self.env["event.partition"]._partitioned():
            return super()._stored_by_key(keys)
        by_text = {(key[0], key[1], str(key[2])): key for key in keys}
        self.env.cr.execute(
            """
            SELECT kind, company_id, value, event_id
              FROM unnest(%s::text[], %s::int[], %s::text[]) AS key (kind, company_id, value)
              JOIN event_store_key USING (kind, company_id, value)
             UNION ALL
            SELECT key.kind, key.company_id, key.value, retry.event_id
              FROM unnest(%s::text[], %s::int[], %s::text[]) AS key (kind, company_id, value)
              JOIN event_store_key AS attempt
                ON attempt.kind LIKE 'attempt:%%' AND attempt.company_id = key.company_id
               AND attempt.value = key.value
              LEFT JOIN event_store_key AS retry
                ON retry.kind = 'retry_of_id' AND retry.company_id = key.company_id
               AND retry.value = attempt.event_id::text
             WHERE key.kind = 'event_uuid'
            """,
            2 * [list(column) for column in zip(*by_text, strict=True)],
        )
        known = {}
        for *text, event_id in self.env.cr.fetchall():
            ids = known.setdefault(by_text[tuple(text)], [])
            if event_id is not None:
                ids.append(event_id)
        ids = [event_id for found in known.values() for event_id in found]
        there = set(self.sudo().search([("id", "in", ids)]).ids) if ids else ()
        for key, event_id in ((key, id_) for key, found in known.items() for id_ in found):
            if event_id not in there:
                archives = self.env["event.archive"].sudo()
                domain = [("from_id", "<=", event_id), ("to_id", ">=", event_id)]
                archive = archives.search(domain, limit=1)
                raise archive._refusal_to_repeat(key[2])
        return known


class EventCheckpointArchived(models.Model):
    _inherit = "event.checkpoint"

    @api.model
    def _save_statement(self, handler, checkpoints):
        """Take none of a stream with events in an archive: when they happened is not known here."""
        if self.env["event.archive"]._is_used():
            away = {
                (model_name, key)
                for model_name in {event.model_name for _state, event in checkpoints}
                for key in self.env["event.store"]._archived_streams(
                    model_name, {event.key: 0 for _state, event in checkpoints}
                )
            }
            checkpoints = [
                (state, event)
                for state, event in checkpoints
                if (event.model_name, event.key) not in away
            ]
        return super()._save_statement(handler, checkpoints)


class EventArchiveUsed(models.Model):
    _inherit = "event.archive"

    @api.model
    @tools.ormcache()
    def _is_used(self):
        """Whether anything was ever archived; asked with each append, so it is remembered."""
        return bool(self.sudo().search_count([], limit=1))

    def _refusal_to_repeat(self, uuid):
        return UserError(
            _(
                "The event with the UUID %(uuid)s was recorded before and is in an archive"
                " (%(file)s); it was not recorded again.",
                uuid=uuid,
                file=self.file_name or "",
            )
        )

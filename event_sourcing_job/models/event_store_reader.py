from odoo import api, models
from odoo.tools import SQL


class EventStoreReader(models.Model):
    """The streams of a job, a chunk at a time."""

    _inherit = "event.store"
    # Events that a chunk of streams holds.
    _reader_chunk = 10000

    @api.model
    def _stream_chunk(
        self, after, model_names, aggregate_ids=None, until=None, companies=None, events=None
    ):
        """Return the next streams, as many as hold about a chunk of events.

        :param int after: id of the stream head before them
        :param list model_names: aggregate types
        :param list aggregate_ids: only these, or None for all
        :param int until: id of the last stream head, or None for all
        :param list companies: only streams of these companies, by their ids, or None for all
        :param int events: how many a chunk is, ``_reader_chunk`` where it is left out
        :return: ``(position, {model_name: [key]})``; the position is the id to go on after,
            None when there are no more
        """
        self.env.cr.execute(
            SQL(
                "SELECT id, model_name, company_id, aggregate_id, version FROM event_stream"
                " WHERE id > %s AND model_name = ANY(%s) AND (%s OR aggregate_id = ANY(%s))"
                " AND (%s OR company_id = ANY(%s)) AND (%s OR id <= %s) ORDER BY id LIMIT %s",
                after,
                list(model_names),
                aggregate_ids is None,
                list(aggregate_ids or ()),
                companies is None,
                list(companies or ()),
                until is None,
                until,
                self._reader_page,
            )
        )
        heads = self.env.cr.fetchall()
        position, most, held, streams = None, events or self._reader_chunk, 0, {}
        for head_id, model_name, company_id, aggregate_id, version in heads:
            if held and held + version > most:
                return position, streams
            position, held = head_id, held + version
            streams.setdefault(model_name, []).append((company_id, aggregate_id))
        return None if len(heads) < self._reader_page else position, streams

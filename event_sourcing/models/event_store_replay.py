from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.event_sourcing_base.arguments import whole
from odoo.addons.event_sourcing_base.canonical_json import canonical, xml_escaped
from odoo.addons.event_sourcing_base.compat import check_access
from odoo.addons.event_sourcing_base.fields import sendable

from .event_store import FAILURE_TYPES
from .event_store_reader import FoldResult
from .event_store_validate import is_nothing

MAX_PAGE = 10000


class EventStoreReplay(models.Model):
    """The past: folding the stored events of a stream again."""

    _inherit = "event.store"

    @api.model
    def state_at(
        self,
        model_name=None,
        aggregate_id=None,
        version=None,
        timestamp=None,
        company_id=None,
    ):
        """Return the state of an aggregate after a version, or at a moment.

        With neither, the state now. At a moment counts what had happened by then,
        in the order of versions; an event that was recorded late counts from when
        it happened.

        :param int version: 0 for the state before the first event
        :param timestamp: UTC, as in :meth:`append`
        :param int company_id: whose stream; see :meth:`_readable_stream` where it is left out
        :return: dict with ``version`` (of the last event looked at, 0 for none),
            ``status`` (text, may be empty), ``state`` (dict; False over XML-RPC where that
            cannot carry it) and ``state_json`` (text)
        :raise UserError: when the stream has no such version, there is no handler, or several
            companies have such a stream
        """
        self = self._with_user_lang()
        model_name = self._clean_model_name(model_name)
        aggregate_id = self._clean_name("aggregate_id", aggregate_id)
        version = None if version is False else version
        if version is not None:
            if not is_nothing(timestamp):
                raise UserError(_("Give a version or a time to look at, not both."))
            version = whole(self.env, "version", version)
        key, head = self._readable_stream(model_name, aggregate_id, company_id)
        if version is not None and version > head:
            raise UserError(
                _(
                    "%(aggregate)s has no version %(version)s; its last one is %(last)s.",
                    aggregate="/".join((model_name, aggregate_id)),
                    version=version,
                    last=head,
                )
            )
        moment = None if is_nothing(timestamp) else self._clean_timestamp(timestamp)
        last, state = self._replay(model_name, key, version, moment, short=True)
        return {
            "version": last,
            "status": str(state.get("status") or ""),
            "state": sendable(state),
            "state_json": xml_escaped(canonical(state)),
        }

    @api.model
    def _readable_stream(self, model_name, aggregate_id, company_id=None):
        """Return the key of a stream that the user may read, and the version of its head.

        Where no company is named, it is the stream of the user's company; where that has none,
        the one of another company of theirs. A stream that they may not read is as one that
        does not exist.

        :param int company_id: whose stream, or None
        :return: ``((company id, aggregate id), version)``, version 0 where there is none
        :raise AccessError: without the right to read events, or for a closed company
        :raise UserError: where several other companies have such a stream, or there are streams
            under several names of its type
        """
        check_access(self.browse(), "read")
        names = self.env["snapshot.handler.registry"]._stream_names(model_name)
        domain = [("model_name", "in", names), ("aggregate_id", "=", aggregate_id)]
        streams = self.env["event.stream"]
        company_id = self._clean_number("company_id", company_id)
        if company_id is not None:
            domain.append(("company_id", "=", self._check_readable_company(company_id)))
        heads = streams.search(domain)
        companies = set(heads.company_id.ids)
        own = company_id or self.env.company.id
        if own not in companies and companies:
            if len(companies) > 1:
                raise UserError(
                    _(
                        "Several companies have a %(aggregate)s; say whose you mean with"
                        " company_id: %(companies)s.",
                        aggregate="/".join((model_name, aggregate_id)),
                        companies=", ".join(map(str, sorted(companies))),
                    )
                )
            (own,) = companies
        heads = heads.filtered(lambda head: head.company_id.id == own)
        if len(heads) > 1:
            raise streams._alias_conflict(aggregate_id, names)
        return (own, aggregate_id), heads.version

    @api.model
    def _check_readable_company(self, company_id):
        """Return the id of a company whose events the user may read; Auditors read all."""
        companies = self._readable_companies()
        if company_id not in companies and not self.env.su:
            raise AccessError(
                _(
                    "You have no access to the company with the id %(id)s; switch to that"
                    " company or ask your administrator.",
                    id=company_id,
                )
            )
        return company_id

    @api.model
    def _replay(self, model_name, key, version=None, moment=None, short=False):
        """Fold the applied events of a stream.

        Complete whoever asks: folding a part of a stream would give a wrong state.

        :param tuple key: of the stream, ``(company id, aggregate id)``
        :param int version: the last one to look at, None for all
        :param datetime moment: only what had happened by then, None for all
        :param bool short: begin at a checkpoint instead of the first event
        :return: ``(version of the last event looked at, state)``
        """
        handler = self._find_handler(model_name)
        self.env["snapshot.handler.registry"]._check_can_fold(model_name)
        if short:
            checkpoints = self.env["event.checkpoint"]
            last, state = checkpoints._nearest(handler, model_name, key, version, moment)
        else:
            last, state = 0, handler._initial_state()
        begun = {key: [FoldResult(state, last)]}
        folded = self._fold_streams(model_name, [key], (moment,), begun, version)
        (fold,) = folded[key]
        if fold.problem is None:
            return fold.version, fold.state
        if fold.stopped_at is None:
            raise fold.problem
        raise self._refusal_to_replay(key, fold, moment) from fold.problem

    @api.model
    def _refusal_to_replay(self, key, fold, moment):
        """Return why the rules of today cannot fold what was applied once.

        :param tuple key: of the stream, ``(company id, aggregate id)``
        :param FoldResult fold: with the event at which it stopped
        :param datetime moment: which was asked for, or None
        """
        event = fold.stopped_at
        words = {
            "version": event.version,
            "aggregate": "/".join((event.model_name, event.aggregate_id)),
            "type": event.event_type,
        }
        later = [("version", "<", event.version), ("timestamp", ">", moment)]
        stream = self._of_stream(event.model_name, *key)
        if moment and self.sudo().search_count([*stream, *later], limit=1):
            return UserError(
                _(
                    "What was true at that moment cannot be said: version %(version)s of"
                    " %(aggregate)s (%(type)s) was recorded as having happened earlier than"
                    " events before it. Ask by version instead.",
                    **words,
                )
            )
        return UserError(
            _(
                "Version %(version)s of %(aggregate)s (%(type)s) cannot be replayed by its"
                " handler as it is today: %(error)s",
                error=self._error_text(fold.problem),
                **words,
            )
        )

    # ------------------------------------------------------------------
    # What other systems read: plain values, never None
    # ------------------------------------------------------------------

    @api.model
    def read_stream(
        self, model_name=None, aggregate_id=None, after_version=0, limit=1000, company_id=None
    ):
        """Return the events of one stream in order, a page at a time.

        Failure events are not part of the stream: a refused event carries its reason.

        :param int after_version: the last version that the caller has
        :param int limit: events in the page, at most 10 000
        :param int company_id: whose stream; see :meth:`_readable_stream` where it is left out
        :return: list of dicts with ``id``, ``version``, ``event_type``,
            ``payload_json`` (text), ``outcome``, ``message``, ``timestamp`` (UTC, as
            text), ``timezone``, ``event_uuid``, ``correlation_id``, ``causation_id``,
            ``schema_version`` and ``user`` (who recorded it)
        :raise EventsArchived: when some of them are in an archive
        """
        self = self._with_user_lang()
        model_name = self._clean_model_name(model_name)
        aggregate_id = self._clean_name("aggregate_id", aggregate_id)
        after_version = whole(self.env, "after_version", after_version, default=0)
        limit = min(self._clean_number("limit", limit) or 1000, MAX_PAGE)
        key, head = self._readable_stream(model_name, aggregate_id, company_id)
        if not head:
            return []
        events = self._readable_page(model_name, key, after_version, limit)
        return [
            {
                "id": event.id,
                "version": event.version,
                "event_type": event.event_type,
                "payload_json": event.payload_json,
                "outcome": event.outcome,
                "message": event.error_message or "",
                "timestamp": fields.Datetime.to_string(event.timestamp),
                "timezone": event.timezone or "UTC",
                "event_uuid": event.event_uuid,
                "correlation_id": event.correlation_id or "",
                "causation_id": event.causation_id or "",
                "schema_version": event.schema_version,
                "user": event.create_uid.sudo().name or "",
            }
            for event in events
        ]

    @api.model
    def _readable_page(self, model_name, key, after_version, limit):
        """Return the next events, in order, of a stream that the user may read."""
        names = self.env["snapshot.handler.registry"]._stream_names(model_name)
        return self.search(
            [
                ("model_name", "in", names),
                ("aggregate_id", "=", key[1]),
                ("company_id", "=", key[0]),
                ("version", ">", after_version),
                ("event_type", "not in", FAILURE_TYPES),
            ],
            order="version",
            limit=limit,
        )

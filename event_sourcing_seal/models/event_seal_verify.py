from collections import deque

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.event_sourcing.event import content_hash
from odoo.addons.event_sourcing.groups import AUDITOR, MANAGER
from odoo.addons.event_sourcing_base.compat import check_access
from odoo.addons.event_sourcing_job.job_kind import JobKind

from ..event_hash import (
    ENTRY,
    NUMBER,
    in_whole_seconds,
    is_manifest,
    row_digest,
    seal_digest,
    was_waited_for,
)
from .event_seal import SEAL_IDS


class EventSealVerify(models.Model):
    """Recomputing the seals, and naming the first row that is not what was sealed."""

    _inherit = "event.seal"

    @api.model
    def verify(self):
        """Recompute all seals; for Auditors and Managers, also over RPC.

        Seals are over the events of all companies: who may not read all of those learns
        whether all is well, and no figures.

        :return: dict with ``ok``, ``seals`` and ``events`` (how many were right),
            ``event_id`` (the first wrong one, or False), ``problem`` (``changed``,
            ``removed``, ``inserted``, ``seal`` or an empty text) and ``message``
        """
        self.env["event.job"]._check_may_run("verify")
        check_access(self.browse(), "read")
        found = self._recompute()
        if not self.env["event.job"]._knows_all():
            message = self._without_figures(found["ok"])
            found.update(seals=0, events=0, event_id=False, message=message)
        return found

    @api.model
    def _without_figures(self, right):
        """Return what a verification found in words that tell nothing of other companies."""
        if right:
            return _("All sealed events are what they were when they were sealed.")
        return _(
            "Some events are not what they were when they were sealed. An auditor of Event"
            " Sourcing, or a manager of all companies, can verify the seals and see which."
        )

    @api.model
    def _recompute(self):
        """Recompute all seals; see :meth:`verify`."""
        seals = events = 0
        seal = self.sudo()._next(0)
        while seal:
            problem = seal._verify()
            if problem:
                return {"ok": False, "seals": seals, "events": events, **problem}
            seals, events = seals + (seal.state == "sealed"), events + seal.count
            seal = seal._next(seal.id)
        problem = self.sudo()._beyond_sequence()
        if problem:
            return {"ok": False, "seals": seals, "events": events, **problem}
        events -= self._count_elsewhere()
        message = _(
            "Everything is what it was when it was sealed. Events: %(events)s; seals: %(seals)s.",
            events=events,
            seals=seals,
        )
        elsewhere = self._sentence_elsewhere()
        if elsewhere:
            message = f"{message} {elsewhere}"
        return {
            "ok": True,
            "seals": seals,
            "events": events,
            "event_id": False,
            "problem": "",
            "message": message,
        }

    @api.model
    def _ranges_elsewhere(self):
        """Return ``(first id, last id)`` of sealed events that are not in the store; a hook."""
        return []

    @api.model
    def _count_elsewhere(self):
        """Return how many these are; a hook."""
        return 0

    @api.model
    def _sentence_elsewhere(self):
        """Return what a verification has to say about them, or an empty text; a hook."""
        return ""

    @api.model
    def _next(self, position):
        """Return the seal after an id, the very first one for 0, also one not sealed yet."""
        # No sequence gives ids beneath 0, but whoever changes a seal may.
        later = [("id", ">", position)] if position else []
        return self.search(later, order="id", limit=1)

    @api.model
    def _beyond_sequence(self):
        """Return what is wrong where an event has an id that was never given out, or None.

        No seal would ever cover it in its turn.
        """
        self.env.cr.execute("SELECT max(id) FROM event_store")
        (newest,) = self.env.cr.fetchone()
        # In this order: what was stored meanwhile has moved the sequence before.
        if newest is None or newest <= self._last_given():
            return None
        return self._wrong("inserted", newest)

    @api.model
    def _last_given(self):
        """Return the last id of an event that was given out, 0 for none."""
        return self._last_of("event_store_id_seq")

    @api.model
    def _last_of(self, sequence):
        self.env.cr.execute(SQL("SELECT last_value, is_called FROM %s", SQL.identifier(sequence)))
        last, called = self.env.cr.fetchone()
        return last if called else 0

    def _verify(self):
        """Recompute one seal; return None, or a dict that says what is wrong."""
        self.ensure_one()
        before = self.search([("id", "<", self.id)], limit=1)
        manifest = self._manifest()
        if not self._is_as_made(before, manifest):
            return self._wrong("seal", False)
        if self.state != "sealed":
            return None  # its events are not final yet
        sealed = dict(ENTRY.iter_unpack(manifest))
        # What is kept elsewhere is proven there; here nothing may lie of it.
        for first, last in self._ranges_elsewhere():
            sealed = {key: value for key, value in sealed.items() if not first <= key <= last}
        # Beneath the first seal there is nothing: a row that lies there was inserted.
        # The wrong one of the lowest id is named; rows come by id, and are not kept.
        left = deque(sorted(sealed))
        for vals in self._read_rows(None if before else -(2**31)):
            event_id = vals["id"]
            if left and left[0] < event_id:
                break
            if not left or left.popleft() != event_id:  # also one that is there twice
                return self._wrong("inserted", event_id)
            before_sealing = vals["content_hash"] not in (None, content_hash(vals))
            # What no hash covers, and yet decides what had happened at a moment.
            beyond = not in_whole_seconds(vals["timestamp"])
            if before_sealing or beyond or row_digest(vals) != sealed[event_id]:
                return self._wrong("changed", event_id)
            if not was_waited_for(vals["tx"], self.horizon):
                return self._wrong("seal", False)
        return self._wrong("removed", left[0]) if left else None

    def _is_as_made(self, before, manifest):
        """Whether sealing makes such a seal, and in this place.

        Seals are made in order: one that is not sealed yet has none after it that is, and
        nothing in it that only sealing writes. Otherwise its range would go unlooked at.

        :param before: the seal before it, empty for the first
        """
        if not 0 < self.id <= self._last_of("event_seal_id_seq"):
            return False
        if self.from_id != (before.to_id or 0) + 1:
            return False
        # A range is noted of ids that were given out, and of so many at most.
        if not 0 <= self.to_id - self.from_id < SEAL_IDS or self.to_id > self._last_given():
            return False
        if not NUMBER.fullmatch(self.horizon or "") or not self.create_date:
            return False
        if self.state == "sealed":
            right = seal_digest(before.digest or "", self.from_id, self.to_id, manifest)
            found = (self.previous_digest or "", self.digest, self.count, bool(self.sealed_on))
            made = found == (before.digest or "", right, len(manifest) // ENTRY.size, True)
            return made and is_manifest(manifest, self.from_id, self.to_id)
        after = [("id", ">", self.id), ("state", "=", "sealed")]
        written = (manifest, self.digest, self.previous_digest, self.count, self.sealed_on)
        return (
            self.state == "waiting"
            and not any(written)
            and not self._is_sealed_too_soon()
            and not self.search_count(after, limit=1)
        )

    def _is_sealed_too_soon(self):
        """Whether a transaction wrote into the range that its seal does not wait for.

        Numbers that are still to come are those of rows from before a restore.
        """
        self.env.cr.execute(
            "SELECT 1 FROM event_store WHERE id BETWEEN %s AND %s AND tx >= %s::xid8"
            " AND tx < %s::xid8 LIMIT 1",
            [self.from_id, self.to_id, self.horizon, str(self._coming_number())],
        )
        return bool(self.env.cr.rowcount)

    @api.model
    def _check_range(self, first, last):
        """Recompute the seals over a range of ids.

        :raise UserError: naming the first event that is not what was sealed
        """
        seals = self.search([("from_id", "<=", last), ("to_id", ">=", first)], order="id")
        # The next one shows that none is missing at the end.
        seals += self.search([("from_id", ">", last)], order="from_id", limit=1)
        for seal in seals:
            problem = seal._verify()
            if problem:
                raise UserError(problem["message"])

    def _manifest(self):
        self.env.cr.execute("SELECT manifest FROM event_seal WHERE id = %s", [self.id])
        return bytes(self.env.cr.fetchone()[0] or b"")

    def _wrong(self, problem, event_id):
        sentence = {
            "changed": _("Event %(event)s was changed after it was recorded.", event=event_id),
            "removed": _("Event %(event)s was removed.", event=event_id),
            "inserted": _("Event %(event)s was inserted afterwards.", event=event_id),
            "seal": _("Seal %(seal)s itself was changed, or one before it.", seal=self.id),
        }[problem]
        return {"problem": problem, "event_id": event_id, "message": sentence}

    def action_verify(self):
        """Verify all seals with a progress bar."""
        return self.env["event.job"]._start_and_open("verify")

    def action_export(self):
        """Download the digest of the seal, to be kept where nobody of this database writes."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/event_sourcing/seal/{self.id}",
            "target": "download",
        }

    def _digest_document(self):
        """Return what is exported, a dict."""
        self.ensure_one()
        return {
            "format": "event-seal-1",
            "database": self.env["ir.config_parameter"].sudo().get_param("database.uuid"),
            "seal": self.id,
            "from_id": self.from_id,
            "to_id": self.to_id,
            "count": self.count,
            "digest": self.digest,
            "previous_digest": self.previous_digest or "",
            "sealed_on": str(self.sealed_on),
        }


class EventJobVerify(models.Model):
    _inherit = "event.job"

    kind = fields.Selection(
        selection_add=[("verify", "Verification of Seals")], ondelete={"verify": "cascade"}
    )

    @api.model
    def _job_kinds(self):
        return {**super()._job_kinds(), "verify": JobKind((MANAGER, AUDITOR), startable=True)}

    @api.model
    def _companies_of_verify(self):
        """Return no company, for all, to who may know all of the store.

        Seals are of the whole store; others learn no more than whether all is well.
        """
        return self.env["res.company"] if self._knows_all() else self.env.companies

    def _tells_figures(self):
        """Whether a verification may say more than whether all is well: see there."""
        return super()._tells_figures() and not (self.kind == "verify" and self.company_ids)

    def _count_verify(self):
        """Return how many events lie under seals."""
        if not self._tells_figures():
            return 0
        return sum(self.env["event.seal"].sudo().search([("state", "=", "sealed")]).mapped("count"))

    def _read_verify(self):
        """Recompute the next seal."""
        seal = self.env["event.seal"]._next(self.position)
        problem = seal._verify() if seal else None
        if not seal:
            problem = self.env["event.seal"]._beyond_sequence()
        last = not seal or problem
        count = seal.count if self._tells_figures() else 0
        return {"position": None if last else seal.id, "count": count, "problem": problem}

    def _write_verify(self, chunk):
        if not chunk["problem"]:
            return {"done": chunk["count"]}
        problem = chunk["problem"]
        self.message, key = problem["message"], str(problem["event_id"])
        if not self._tells_figures():
            self.message, key = self.env["event.seal"]._without_figures(False), False
        found = [{"kind": "broken", "key": key, "message": self.message}]
        return {"done": 0, **self.env["event.snapshot.drift"]._record(self, found)}

    def _finish_verify(self):
        said = self.env["event.seal"]._sentence_elsewhere()
        if said and not self.message:
            self.message = said

    def _update_alert_verify(self):
        """Tell the managers that something is wrong; what, stands in the job for who may know."""
        alert = self.env["event.alert"]
        if self.problem_count:
            alert._raise_alert(
                "seals", *alert._where_to_look(), lambda env: env["event.job"]._seal_message()
            )
        else:
            alert._clear_alert("seals")

    def _seal_message(self):
        return _("Events are not what they were when they were sealed.")

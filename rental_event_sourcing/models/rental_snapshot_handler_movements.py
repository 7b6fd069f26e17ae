from odoo import _, api, models

from odoo.addons.event_sourcing.exceptions import RuleViolation

from ..line_fields import NOTES
from ..lines import open_quantity, ordered, out_quantity

DELIVERED, RETURNED = "delivered", "returned"


class RentalSnapshotHandler(models.AbstractModel):
    """What goes out and comes back, line by line.

    The state keeps each movement under the version of its event, so that a later event can name
    the one that did not happen: ``movements: {version: {kind, day, lines}}``.
    """

    _inherit = "rental.snapshot.handler"

    def _on_EquipmentDelivered(self, state, event, given):
        lines = state.get("lines", {})
        moved = self._delivered(lines, given.get("lines"))
        if not moved and state["status"] == "active":
            message = _("Everything is delivered already; nothing is left to go out.")
            raise RuleViolation(message, "nothing_to_deliver")
        after = {
            line_id: {
                **lines[line_id],
                "delivered": lines[line_id]["delivered"] + gone["quantity"],
                "out": [*lines[line_id]["out"], *gone["unit_ids"]],
                **self._notes(gone),
            }
            for line_id, gone in moved.items()
        }
        day = given.get("delivered_on") or str(event.business_date)
        return self._after_moving(state, event, DELIVERED, day, moved, after)

    def _on_EquipmentReturned(self, state, event, given):
        lines = state.get("lines", {})
        moved = self._returned(lines, given.get("lines"))
        after = {
            line_id: {
                **lines[line_id],
                "returned": lines[line_id]["returned"] + back["quantity"],
                "out": [u for u in lines[line_id]["out"] if u not in back["unit_ids"]],
                **self._notes(back),
            }
            for line_id, back in moved.items()
        }
        day = given.get("returned_on") or str(event.business_date)
        self._check_dates({**state, "returned_on": day}, {"returned_on": day})
        return self._after_moving(state, event, RETURNED, day, moved, after)

    def _on_DeliveryCorrected(self, state, event, given):
        version, movement = self._movement(state, DELIVERED, given)
        lines, after = state.get("lines", {}), {}
        for line_id, gone in movement["lines"].items():
            line = self._line_still(lines, line_id)
            if line["delivered"] - gone["quantity"] < line["returned"] or not (
                set(gone["unit_ids"]) <= set(line["out"])
            ):
                message = _(
                    "What this delivery brought in line %(line)s is back or exchanged already;"
                    " correct that first.",
                    line=line_id,
                )
                raise RuleViolation(message, "moved_since")
            after[line_id] = {
                **self._without_notes(line, gone),
                "delivered": line["delivered"] - gone["quantity"],
                "out": [unit for unit in line["out"] if unit not in gone["unit_ids"]],
            }
        return self._without_movement(state, version, after)

    def _on_ReturnCorrected(self, state, event, given):
        version, movement = self._movement(state, RETURNED, given)
        lines, after = state.get("lines", {}), {}
        for line_id, back in movement["lines"].items():
            line = self._line_still(lines, line_id)
            after[line_id] = {
                **self._without_notes(line, back),
                "returned": line["returned"] - back["quantity"],
                "out": [*line["out"], *back["unit_ids"]],
            }
        return self._without_movement(state, version, after)

    # ------------------------------------------------------------------
    # How much, and which units
    # ------------------------------------------------------------------

    @api.model
    def _delivered(self, lines, said):
        """Return ``{line id: {quantity, unit_ids}}`` that goes out; if unsaid, all open."""
        if said is None:
            said = {line_id: {} for line_id in lines if open_quantity(lines[line_id])}
        self._check_known(lines, said)
        moved = {}
        for line_id in ordered(said):
            line, told = lines[line_id], said[line_id]
            units = told.get("unit_ids") or []
            waiting = [unit for unit in line.get("unit_ids", []) if unit not in line["out"]]
            quantity = told.get("quantity") or len(units) or open_quantity(line)
            if not quantity or quantity > open_quantity(line):
                message = _(
                    "Line %(line)s is of %(planned)s pieces, %(delivered)s of them are delivered;"
                    " %(quantity)s more cannot go out.",
                    line=line_id,
                    planned=line.get("quantity", 0),
                    delivered=line["delivered"],
                    quantity=quantity,
                )
                raise RuleViolation(message, "more_than_planned")
            units = units or waiting[:quantity]
            self._check_moved_units(lines, line_id, units, quantity)
            moved[line_id] = {"quantity": quantity, "unit_ids": units, **self._notes(told)}
        return moved

    @api.model
    def _returned(self, lines, said):
        """Return ``{line id: {quantity, unit_ids}}`` that comes back; if unsaid, all out."""
        if said is None:
            said = {line_id: {} for line_id in lines if out_quantity(lines[line_id])}
        self._check_known(lines, said)
        moved = {}
        for line_id in ordered(said):
            line, told = lines[line_id], said[line_id]
            out = out_quantity(line)
            units = told.get("unit_ids") or []
            quantity = told.get("quantity") or len(units) or out
            if not quantity or quantity > out:
                message = _(
                    "Of line %(line)s, %(out)s pieces are out; %(quantity)s cannot come back.",
                    line=line_id,
                    out=out,
                    quantity=quantity,
                )
                raise RuleViolation(message, "more_than_out")
            units = units or self._units_back(line_id, line, quantity)
            self._check_units_back(line_id, line, units, quantity)
            moved[line_id] = {"quantity": quantity, "unit_ids": units, **self._notes(told)}
        return moved

    @api.model
    def _notes(self, told):
        """Return what was noted of a line: its condition, and what was missing."""
        return {key: told[key] for key in NOTES if str(told.get(key) or "").strip()}

    @api.model
    def _without_notes(self, line, moved):
        """Return a line without what a movement that did not happen said of it."""
        notes = self._notes(moved)
        return {k: v for k, v in line.items() if k not in notes or notes[k] != v}

    @api.model
    def _units_back(self, line_id, line, quantity):
        """Return which units are back where a return names none: all, or none of those out."""
        left = out_quantity(line) - quantity
        if not left:
            return list(line["out"])
        if left < len(line["out"]):
            message = _(
                "Say which units of line %(line)s came back; out are: %(units)s.",
                line=line_id,
                units=", ".join(line["out"]),
            )
            raise RuleViolation(message, "units_not_named")
        return []

    @api.model
    def _check_moved_units(self, lines, line_id, units, quantity):
        self._check_unit_count(line_id, units, quantity)
        self._check_units_of(line_id, lines[line_id], units)
        elsewhere = {
            unit: other
            for other, line in lines.items()
            for unit in [*line["out"], *(line.get("unit_ids", []) if other != line_id else [])]
        }
        for unit in units:
            if unit in elsewhere:
                message = _(
                    "The unit %(unit)s belongs to line %(line)s or is out already; scan another.",
                    unit=unit,
                    line=elsewhere[unit],
                )
                raise RuleViolation(message, "unit_twice")

    @api.model
    def _check_units_back(self, line_id, line, units, quantity):
        self._check_unit_count(line_id, units, quantity)
        for unit in units:
            if unit not in line["out"]:
                message = _(
                    "The unit %(unit)s is not out in line %(line)s; out are: %(units)s.",
                    unit=unit,
                    line=line_id,
                    units=", ".join(line["out"]) or _("none"),
                )
                raise RuleViolation(message, "unit_not_out")

    @api.model
    def _check_unit_count(self, line_id, units, quantity):
        if len(units) > quantity or len(set(units)) < len(units):
            message = _(
                "Line %(line)s names %(count)s units for %(quantity)s pieces; name each once, and"
                " no more than pieces.",
                line=line_id,
                count=len(units),
                quantity=quantity,
            )
            raise RuleViolation(message, "too_many_units")

    # ------------------------------------------------------------------
    # What follows from the movements
    # ------------------------------------------------------------------

    @api.model
    def _movement(self, state, kind, given):
        """Return ``(version, movement)`` of the one that is corrected: the named or the last."""
        known = state.get("movements", {})
        versions = sorted(int(v) for v, moved in known.items() if moved["kind"] == kind)
        version = given.get("movement", versions[-1] if versions else None)
        if version not in versions:
            message = _(
                "There is no such movement to correct; known are: %(versions)s.",
                versions=", ".join(map(str, versions)) or _("none"),
            )
            raise RuleViolation(message, "no_such_movement")
        return str(version), known[str(version)]

    @api.model
    def _line_still(self, lines, line_id):
        self._check_known(lines, [line_id])
        return lines[line_id]

    @api.model
    def _after_moving(self, state, event, kind, day, moved, lines):
        movements = {
            **state.get("movements", {}),
            str(event.version): {"kind": kind, "day": day, "lines": moved},
        }
        return self._moved(state, movements, lines)

    @api.model
    def _without_movement(self, state, version, lines):
        movements = {key: value for key, value in state["movements"].items() if key != version}
        return self._moved(state, movements, lines)

    @api.model
    def _moved(self, state, movements, lines):
        """Return the changes that follow from the movements: days, lines, status."""
        days = {
            kind: [each["day"] for each in movements.values() if each["kind"] == kind]
            for kind in (DELIVERED, RETURNED)
        }
        after = {**state.get("lines", {}), **lines}
        back = bool(days[RETURNED]) and not any(map(out_quantity, after.values()))
        status = "returned" if back else "active" if days[DELIVERED] else "confirmed"
        changes = {"movements": movements, "status": status}
        changes["delivered_on"] = min(days[DELIVERED], default=None)
        changes["returned_on"] = max(days[RETURNED]) if back else None
        if after:
            changes["lines"] = after
        known = ("delivered_on", "returned_on")
        return {k: v for k, v in changes.items() if v is not None or k not in known or k in state}

"""The hash of an event is the one of what PostgreSQL gives back."""

import importlib.util
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.exceptions import UserError

from odoo.addons.event_sourcing import event, event_columns
from odoo.addons.event_sourcing_base.canonical_json import InvalidJson, canonical, normalise
from odoo.addons.event_sourcing_seal import event_hash
from odoo.addons.event_sourcing_seal.models.event_seal import ROW
from odoo.addons.test_event_sourcing.common import EventCase, make_user

TOOL = Path(__file__).parents[2] / "tools" / "check_seals.py"
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(blacklist_characters="\x00", blacklist_categories=("Cs",)), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab東\n\\"), inner),
    max_leaves=8,
)


def offline():
    spec = importlib.util.spec_from_file_location("check_seals", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class TestContentHash(EventCase):
    def stored(self, **where):
        events = self.store.search([(name, "=", value) for name, value in where.items()])
        self.env.cr.execute(ROW, [min(events.ids), max(events.ids)])
        return [row for row in self.env.cr.dictfetchall() if row["id"] in events.ids]

    def test_every_kind_of_event_has_the_hash_of_its_row(self):
        self.add(amount=5, correlation_id="c", causation_id="b")
        self.add(amount=-50)
        self.store.append("counter", "C1", "Broken")
        self.store.append("nobody", "C1", "Logged", {"x": 1.5})
        rows = self.stored(aggregate_id="C1")
        self.assertEqual(
            sorted(row["outcome"] for row in rows),
            ["applied", "failed", "logged", "logged", "logged", "rejected"],
        )
        for row in rows:
            self.assertEqual(row["content_hash"], event_hash.content_hash(row), row["event_type"])

    def test_it_depends_on_every_part_of_the_content(self):
        self.add(amount=5)
        (row,) = self.stored(aggregate_id="C1")
        hashes = {event_hash.content_hash(row)}
        for name in event_columns.CONTENT:
            other = {"payload": {"amount": 6}, "timestamp": "2020-01-01 00:00:00"}.get(name, 7)
            hashes.add(event_hash.content_hash({**row, name: other}))
        self.assertEqual(len(hashes), len(event_columns.CONTENT) + 1)
        digests = {event_hash.row_digest(row)}
        for name in event_hash.RECORDING:
            digests.add(event_hash.row_digest({**row, name: "7"}))
        self.assertEqual(len(digests), len(event_hash.RECORDING) + 1)

    @settings(max_examples=60, deadline=None)
    @given(st.dictionaries(st.sampled_from(("a", "b", "東", "\\n\t")), VALUES, max_size=3))
    def test_whatever_the_payload(self, payload):
        with self.env.cr.savepoint() as savepoint:
            try:
                self.store.append("nobody", "H", "E", payload)
            except UserError:
                return  # too large a number: nothing was stored
            (row,) = self.stored(aggregate_id="H")
            self.assertEqual(row["content_hash"], event_hash.content_hash(row))
            # As a dump has it: text, read by the program that needs no Odoo.
            self.env.cr.execute("SELECT payload::text FROM event_store WHERE id = %s", [row["id"]])
            as_text = {name: None if value is None else str(value) for name, value in row.items()}
            as_text["payload"] = self.env.cr.fetchone()[0]
            tool = offline()
            self.assertEqual(tool.content_hash(as_text), row["content_hash"])
            self.assertEqual(tool.row_digest(as_text), event_hash.row_digest(row))
            savepoint.rollback()

    def test_it_is_decided_by_the_store(self):
        with self.assertRaisesRegex(UserError, "the event store decides it"):
            self.store.create(
                {
                    "model_name": "counter",
                    "aggregate_id": "C1",
                    "event_type": "Added",
                    "content_hash": "0" * 64,
                }
            )


class TestSealsAsARecord(EventCase):
    def test_they_are_made_by_the_scheduler_alone(self):
        seals = self.env["event.seal"].sudo()
        for refused in (lambda: seals.create({}), lambda: seals.write({}), seals.unlink):
            with self.assertRaisesRegex(UserError, "made by the scheduler alone"):
                refused()

    def test_who_may_verify(self):
        seals = self.env["event.seal"]
        for group in ("manager", "auditor"):
            self.assertIn("ok", seals.with_user(make_user(self.env, f"s-{group}", group)).verify())
        with self.assertRaises(UserError):
            seals.with_user(make_user(self.env, "s-user", "user")).verify()

    @settings(max_examples=100, deadline=None)
    @given(payload=st.dictionaries(st.text(max_size=5), VALUES, max_size=4), text=st.text())
    def test_the_text_that_is_stored_is_the_canonical_one(self, payload, text):
        """Composed for speed, and equal to what the definition says."""
        text = text.replace("\x00", "").encode(errors="replace").decode()
        vals = dict.fromkeys(event_columns.CONTENT)
        vals.update(model_name="m", aggregate_id=text or "a", event_type="E", event_uuid="u")
        vals.update(version=3, schema_version=1, outcome="applied", error_message=text)
        vals.update(timestamp="2026-01-31 09:30:00")
        try:
            vals["payload"] = normalise(payload)
        except InvalidJson:
            return
        expected = canonical({**vals, "error_message": text or None})
        self.assertEqual(event.content_text(vals), expected)
        known = {**vals, "payload_json": canonical(vals["payload"])}
        self.assertEqual(event.content_text(known), expected)

"""Events of former versions and names: read as if they were written today."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.exceptions import UserError

from odoo.addons.event_sourcing.testing import lint_handler, rejected, scenario
from odoo.addons.event_sourcing.transitions import Transition
from odoo.addons.event_sourcing_base.canonical_json import canonical
from odoo.addons.test_event_sourcing.common import EventCase, make_user


class Evolved(EventCase):
    """The toy handler ``parcel`` (see tests/addons): twice changed, once renamed."""

    def old(self, key, *, name="parcel.old", kind="Weighed", version=1, **payload):
        """Store an event as the addon of that time did: past today's handler."""
        self.env.cr.execute(
            "SELECT coalesce(max(version), 0) + 1 FROM event_store WHERE aggregate_id = %s", [key]
        )
        (number,) = self.env.cr.fetchone()
        self.env.cr.execute(
            """
            INSERT INTO event_store (model_name, aggregate_id, event_type, payload, version,
                timestamp, outcome, event_uuid, correlation_id, schema_version, company_id,
                create_uid, create_date)
            VALUES (%s, %s, %s, %s, %s, '2026-01-01', 'applied', %s, 'c', %s, %s, 1, now())
            """,
            [
                name,
                key,
                kind,
                canonical(payload),
                number,
                f"{key}-{number}",
                version,
                self.env.company.id,
            ],
        )
        self.env.cr.execute(
            "INSERT INTO event_stream (model_name, aggregate_id, version, company_id)"
            " VALUES (%s, %s, %s, %s) ON CONFLICT (company_id, model_name, aggregate_id)"
            " DO UPDATE SET version = EXCLUDED.version",
            [name, key, number, self.env.company.id],
        )

    def handler(self):
        return self.store._find_handler("parcel")

    def state(self, key, name="parcel"):
        return json.loads(self.store.state_at(name, key)["state_json"])


class TestUpcasting(Evolved):
    def test_a_chain_brings_the_oldest_up_to_today(self):
        self.old("P1", name="parcel", kind="Weighed", version=1, pounds=2)
        self.old("P1", name="parcel", kind="Weighed", version=2, kilos=3)
        self.store.append("parcel", "P1", "Weighed", {"grams": 4})
        # 2 lb are 907 g; the last event folds onto what a rebuild makes of the others
        self.assertEqual(self.state("P1")["grams"], 907 + 3000 + 4)

    def test_stored_rows_stay_as_they_were_written(self):
        self.old("P1", name="parcel", kind="Measured", version=1, pounds=2)
        self.state("P1")
        event = self.store.search([("aggregate_id", "=", "P1")])
        self.assertEqual(
            (event.event_type, event.schema_version, event.payload), ("Measured", 1, {"pounds": 2})
        )
        self.assertEqual(event.event_label, "Weighed")

    def test_a_former_client_may_still_write_the_version_it_knows(self):
        found = self.store.create(
            {
                "model_name": "parcel",
                "aggregate_id": "P2",
                "event_type": "Weighed",
                "payload": {"kilos": 1},
                "schema_version": 2,
            }
        )
        self.assertEqual((found.outcome, found.schema_version), ("applied", 2))
        self.assertEqual(self.state("P2")["grams"], 1000)

    def test_append_takes_the_version_that_a_former_client_knows(self):
        found = self.store.append("parcel", "P5", "Measured", {"pounds": 2}, schema_version=1)
        self.assertEqual(found["outcome"], "applied")
        self.assertEqual(self.state("P5")["grams"], 907)
        with self.assertRaisesRegex(UserError, "knows only version 3"):
            self.store.append("parcel", "P5", "Weighed", {"tons": 2}, schema_version=4)

    def test_a_version_nobody_can_read_is_refused(self):
        for version, sentence in ((4, "knows only version 3"), (0, "whole number from 1")):
            with self.assertRaisesRegex(UserError, sentence):
                self.store.create(
                    {
                        "model_name": "parcel",
                        "aggregate_id": "P3",
                        "event_type": "Weighed",
                        "schema_version": version,
                    }
                )
        self.assertFalse(self.store.search([("aggregate_id", "=", "P3")]))

    def test_a_stored_event_from_the_future_says_so(self):
        self.old("P4", name="parcel", kind="Weighed", version=9, grams=1)
        with self.assertRaisesRegex(UserError, "schema version 9.*update the addon"):
            self.store.state_at("parcel", "P4")
        (row,) = self.store.states_at("parcel", after="P3", limit=1)
        self.assertIn("update the addon", row["message"])

    @settings(max_examples=25, deadline=None)
    @given(st.lists(st.tuples(st.sampled_from((1, 2, 3)), st.integers(1, 50)), max_size=6))
    def test_a_mixture_equals_its_modern_form(self, story):
        spelled = {
            1: ("Measured", "pounds", 453.59237),
            2: ("Weighed", "kilos", 1000),
            3: ("Weighed", "grams", 1),
        }
        with self.env.cr.savepoint() as savepoint:
            for version, amount in story:
                kind, key, factor = spelled[version]
                self.store.create(
                    {
                        "model_name": "parcel.old" if version == 1 else "parcel",
                        "aggregate_id": "mixed",
                        "event_type": kind,
                        "payload": {key: amount},
                        "schema_version": version,
                    }
                )
                self.store.append("parcel", "modern", "Weighed", {"grams": round(amount * factor)})
            self.assertEqual(self.state("mixed"), self.state("modern"))
            handler = self.handler()
            stored = handler._load_states("parcel", [self.key("mixed"), self.key("modern")])
            self.assertEqual(canonical(stored[self.key("mixed")]), canonical(self.state("mixed")))
            savepoint.rollback()


class TestNames(Evolved):
    def test_a_former_name_is_todays_on_the_way_in_and_out(self):
        self.store.append("parcel.old", "N1", "Measured", {"grams": 5}, event_uuid="n1")
        again = self.store.append("parcel", "N1", "Weighed", {"grams": 5}, event_uuid="n1")
        self.assertTrue(again["duplicate"])
        event = self.store.search([("aggregate_id", "=", "N1")])
        self.assertEqual((event.model_name, event.event_type), ("parcel", "Weighed"))
        for name in ("parcel", "parcel.old"):
            self.assertEqual(len(self.store.read_stream(name, "N1")), 1)
            self.assertEqual(self.state("N1", name)["grams"], 5)

    def test_the_same_uuid_under_the_old_name_is_the_same_event(self):
        self.old("N2", kind="Measured", version=3, grams=5)
        self.handler()._rename_streams()
        again = self.store.append("parcel", "N2", "Weighed", {"grams": 5}, event_uuid="N2-1")
        self.assertTrue(again["duplicate"])

    def test_streams_go_on_under_the_new_name(self):
        self.old("N3", kind="Measured", version=1, pounds=2)
        self.old("N3", kind="Weighed", version=2, kilos=1)
        self.env.cr.execute(
            "INSERT INTO event_snapshot (model_name, aggregate_id, version, state, company_id)"
            " VALUES ('parcel.old', 'N3', 2, '{\"grams\": 1907}', %s)",
            [self.env.company.id],
        )
        self.handler()._rename_streams()
        self.handler()._rename_streams()  # twice does no harm
        found = self.store.append("parcel", "N3", "Weighed", {"grams": 3})
        self.assertEqual(found["version"], 3)
        self.assertEqual(self.state("N3")["grams"], 1910)
        snapshot = self.env["event.snapshot"].search([("aggregate_id", "=", "N3")])
        self.assertEqual((snapshot.model_name, snapshot.state), ("parcel", {"grams": 1910}))
        self.assertEqual([e["version"] for e in self.store.read_stream("parcel", "N3")], [1, 2, 3])
        action = self.store._open_stream("parcel", *self.key("N3"))
        self.assertEqual(self.store.search_count(action["domain"]), 3)
        folded = self.store._fold_streams("parcel", [self.key("N3")])[self.key("N3")][0]
        self.assertEqual((folded.state, folded.version), ({"grams": 1910}, 3))

    def test_streams_under_both_names_are_not_mixed_silently(self):
        self.old("N4", kind="Weighed", version=3, grams=1)
        self.old("N4", name="parcel", kind="Weighed", version=3, grams=1)
        with self.assertRaisesRegex(UserError, "N4 has events as parcel and as parcel.old"):
            self.handler()._rename_streams()

    def test_an_append_goes_on_under_the_new_name_before_any_update(self):
        # The new code was deployed, and Odoo restarted without updating the addon.
        self.old("N5", kind="Weighed", version=3, grams=5)
        self.old("N5", kind="Weighed", version=3, grams=6)
        self.env.cr.execute(
            "INSERT INTO event_snapshot (model_name, aggregate_id, version, state, company_id)"
            " VALUES ('parcel.old', 'N5', 2, '{\"grams\": 11}', %s)",
            [self.env.company.id],
        )
        found = self.store.append("parcel", "N5", "Weighed", {"grams": 3})
        self.assertEqual(found["version"], 3)
        self.assertEqual([e["version"] for e in self.store.read_stream("parcel", "N5")], [1, 2, 3])
        snapshot = self.env["event.snapshot"].search([("aggregate_id", "=", "N5")])
        self.assertEqual((snapshot.model_name, snapshot.state), ("parcel", {"grams": 14}))
        heads = self.env["event.stream"].search([("aggregate_id", "=", "N5")])
        self.assertEqual([(head.model_name, head.version) for head in heads], [("parcel", 3)])

    def test_a_stream_of_its_own_under_each_name_takes_no_event(self):
        self.old("N6", kind="Weighed", version=3, grams=1)
        self.old("N6", name="parcel", kind="Weighed", version=3, grams=1)
        with self.assertRaisesRegex(UserError, "N6 has events as parcel and as parcel.old"):
            self.store.append("parcel", "N6", "Weighed", {"grams": 3})
        with self.assertRaisesRegex(UserError, "N6 has events as parcel and as parcel.old"):
            self.store.state_at("parcel", "N6")
        self.assertEqual(self.store.search_count([("aggregate_id", "=", "N6")]), 2)

    def test_a_stream_under_its_former_name_is_read_and_guarded_before_any_update(self):
        self.old("N7", kind="Weighed", version=3, grams=5)
        self.assertEqual(self.store.state_at("parcel", "N7", version=1)["version"], 1)
        other = self.env["res.company"].create({"name": "Elsewhere"})
        foreign = make_user(self.env, "foreign", "user", company=other)
        found = self.store.with_user(foreign).state_at("parcel", "N7")
        self.assertEqual((found["version"], found["state"]), (0, {}))

    def test_a_former_event_applied_by_hand_lands_in_todays_snapshot(self):
        self.old("N8", kind="Weighed", version=3, grams=5)
        event = self.store.search([("aggregate_id", "=", "N8")])
        self.handler().apply_event(event)
        snapshot = self.env["event.snapshot"].search([("aggregate_id", "=", "N8")])
        self.assertEqual((snapshot.model_name, snapshot.state), ("parcel", {"grams": 5}))

    def test_a_rebuild_keeps_one_snapshot_under_todays_name(self):
        self.old("N9", kind="Measured", version=3, grams=5)
        self.handler()._rename_streams()
        (fold,) = self.store._fold_streams("parcel", [self.key("N9")])[self.key("N9")]
        self.assertEqual(
            self.handler()._snapshot_vals(fold.state, fold.last)["model_name"], "parcel"
        )

    def test_a_registered_handler_may_have_former_names_too(self):
        registry = self.env["snapshot.handler.registry"]
        self.patch(type(self.env["unclaimed.rules"]), "_aggregate_aliases", ("crate",))
        self.assertEqual(registry._stream_names("box"), ["box"])
        registry.register_handler("box", "unclaimed.rules")
        self.addCleanup(registry._registered().pop, "box")
        self.assertEqual(registry._stream_names("crate"), ["box", "crate"])
        self.assertEqual(registry._lint(self.env["unclaimed.rules"]), [])

    def test_the_handler_is_found_under_both(self):
        self.assertEqual(self.store._find_handler("parcel.old")._name, "parcel.snapshot.handler")
        registry = self.env["snapshot.handler.registry"]
        self.assertEqual(registry._stream_names("parcel.old"), ["parcel", "parcel.old"])
        self.assertEqual(registry._event_label("parcel.old", "Measured"), "Weighed")


class TestLint(Evolved):
    def setUp(self):
        super().setUp()
        self.handlers = self.env["snapshot.handler.registry"]

    def codes(self, **declared):
        handler = type(self.handler())
        for name, value in declared.items():
            self.patch(handler, name, value)
        return sorted(code for code, _sentence in self.handlers._lint(self.handler()))

    def test_all_is_well(self):
        self.assertEqual(self.codes(), [])
        for model_name in ("parcel", "rental", "ticket"):
            self.assertEqual(self.handlers._lint(self.store._find_handler(model_name)), [])

    def test_what_it_finds(self):
        table = {"Weighed": Transition()}
        for declared, code in (
            ({"_schema_versions": {"Weighed": 4}}, "missing_upcaster"),
            ({"_upcasters": {"Weighed": {1: "_gone", 2: "_weighed_3"}}}, "no_such_method"),
            ({"_schema_versions": {"Weighed": 2}}, "useless_upcaster"),
            ({"_transitions": table, "_event_aliases": {"Measured": "Nowhere"}}, "alias_target"),
            ({"_transitions": table, "_event_aliases": {"Weighed": "Weighed"}}, "alias_in_use"),
            ({"_aggregate_aliases": ("counter",)}, "aggregate_alias"),
            ({"_transitions": table, "_payload_fields": {"Lost": {}}}, "unknown_type"),
        ):
            with self.subTest(code), self.env.cr.savepoint():
                handler = type(self.handler())
                before = {name: getattr(handler, name) for name in declared}
                for name, value in declared.items():
                    setattr(handler, name, value)
                try:
                    found = self.handlers._lint(self.handler())
                    self.assertIn(code, [code for code, _sentence in found])
                finally:
                    for name in before:
                        delattr(handler, name)

    def test_it_is_part_of_the_lint_for_authors_and_on_screen(self):
        self.patch(type(self.handler()), "_schema_versions", {"Weighed": 4})
        self.assertIn("no upcaster from version 3", lint_handler(self.env, "parcel", [])[0])
        entry = self.env["event.handler"].search([("model_name", "=", "parcel")])
        self.assertIn("no upcaster from version 3", entry.problems)

    def test_what_is_stored_and_cannot_be_read(self):
        self.old("L1", name="parcel", kind="Weighed", version=7, grams=1)
        ((_code, sentence),) = self.handlers._lint_stored(self.handler())
        self.assertIn("Stored events of the type Weighed that cannot be read: 1.", sentence)
        entry = self.env["event.handler"].search([("model_name", "=", "parcel")])
        self.assertIn("cannot be read", entry.action_lint_stored()["params"]["message"])


class TestRentalExample(EventCase):
    """The worked example: who pays for a damage."""

    ACTIVE = ("RentalConfirmed", "EquipmentDelivered")

    def damage(self, version, **payload):
        return {
            "model_name": "rental",
            "aggregate_id": "EX1",
            "event_type": "DamageReported",
            "payload": {"description": "x", **payload},
            "schema_version": version,
        }

    def test_a_first_version_was_charged_in_full(self):
        for event_type in self.ACTIVE:
            self.store.append("rental", "EX1", event_type)
        self.store.create(
            [
                self.damage(1, cost=100),
                self.damage(2, repair_cost=30, charged=False),
                self.damage(2, repair_cost=5, charged=True),
                self.damage(1),
            ]
        )
        snapshot = self.env["rental.snapshot"].search([("aggregate_id", "=", "EX1")])
        self.assertEqual(
            (snapshot.damage_count, snapshot.damage_cost, snapshot.damage_charged), (4, 135, 105)
        )
        state = self.store.state_at("rental", "EX1")["state_json"]
        self.assertEqual(snapshot.state_json, state)

    def test_rules_check_todays_form_of_a_former_version(self):
        for event_type in self.ACTIVE:
            self.store.append("rental", "EX1", event_type)
        found = self.store.create(self.damage(1, cost=-1))
        self.assertEqual(found.outcome, "rejected")
        self.assertIn("Repair cost", found.error_message)

    def test_scenarios_write_todays_version(self):
        active = scenario(self.env, "rental").given(*self.ACTIVE)
        active.when(("DamageReported", {"description": "x", "repair_cost": 4}))
        active.then({"damage_cost": 4, "damage_charged": 0})
        active.when(("DamageReported", {"repair_cost": 4})).then(rejected())

"""A check of snapshots finds boundaries that do not know what the events say, too."""

from unittest.mock import patch

from odoo.addons.test_event_sourcing.common import JobCase


class TestBoundaryDrift(JobCase):
    def setUp(self):
        super().setUp()
        for name, seat in (("D1", "DA1"), ("D2", "DA2")):
            self.tell(name, "Booked", seat=seat, visitor=f"V{name}")
        self.tell("D1", "Moved", seat="DA3")

    def tell(self, name, event_type, **payload):
        return self.store.append("booking", name, event_type, payload)["outcome"]

    def found(self):
        job = self.run_job("check", "booking")
        self.assertEqual(job.state, "done")
        self.labels = job.difference_ids.mapped("label")
        self.job = job
        return [(d.kind, d.message) for d in job.difference_ids.sorted("id")]

    def test_nothing_is_found_where_all_is_well(self):
        self.assertEqual(self.found(), [])

    def test_a_state_that_is_not_of_its_events(self):
        self.tamper(
            'UPDATE event_boundary_state SET state = \'{"by": "D9", "count": 1}\''
            " WHERE boundary = 'seat' AND key = 'DA2'"
        )
        text = "What One Booking per Seat knows of DA2 is not what its events say."
        self.assertEqual(self.found(), [("boundary_state", text)])
        (drift,) = self.job.difference_ids
        self.assertEqual((drift.key, drift.before_json, drift.after_json), ("by", '"D9"', '"D2"'))
        self.assertEqual(self.job.drift_count, 1)

    def test_a_version_that_is_not_the_number_of_its_events(self):
        self.tamper("UPDATE event_boundary_state SET version = 7 WHERE key = 'DA2'")
        text = "One Booking per Seat holds 7 events of DA2; there are 1."
        self.assertEqual(self.found(), [("boundary_state", text)])

    def test_a_row_without_events_and_events_without_a_row(self):
        self.tamper("DELETE FROM event_boundary_state WHERE key = 'DA2'")
        self.tamper("UPDATE event_boundary_state SET key = 'DZ' WHERE key = 'VD2'")
        said = [message for _kind, message in self.found()]
        self.assertEqual(len(said), 3)
        self.assertIn("One Booking per Seat has events of DA2, and no state of it.", said)
        self.assertIn("Two Bookings per Visitor has events of VD2, and no state of it.", said)
        (text,) = [text for text in said if "DZ" in text]
        self.assertIn("knows something of DZ, but no event accounts for it", text)

    def test_a_lock_that_led_to_nothing_is_no_drift(self):
        self.assertEqual(self.tell("D5", "Booked", seat="DA2"), "rejected")
        self.assertEqual(self.found(), [])

    def test_an_event_of_a_process_that_did_not_know_the_boundary(self):
        with patch.object(type(self.store), "_guarded_types", lambda self: frozenset()):
            self.tell("D4", "Booked", seat="DA4")
        ((kind, message),) = self.found()
        self.assertEqual(kind, "boundary_event")
        self.assertIn("does not know that booking/D4 1 is about DA4", message)
        self.assertIn("Rebuild the boundary", message)

    def test_keys_that_changed_with_the_rules(self):
        kind = type(self.env["seat.boundary"])
        with patch.object(kind, "_keys", lambda self, event, state: ["DNEW"]):
            found = self.found()
        self.assertEqual({kind for kind, _message in found}, {"boundary_event"})
        said = " ".join(message for _kind, message in found)
        self.assertIn("does not know that booking/D1 2 is about DNEW", said)
        for key in ("DA1", "DA3"):
            self.assertIn(f"counts booking/D1 2 for {key}, which by the rules of today", said)
        self.assertEqual(len(found), 3)

    def test_details_that_are_not_what_the_record_says(self):
        for event_type, payload in (("Planned", {"room": "R1", "nights": 2}), ("Confirmed", {})):
            self.store.append("stay", "D7", event_type, payload)
        self.assertEqual(self.run_job("check", "stay").difference_ids.ids, [])
        self.tamper("UPDATE event_boundary_event SET details = '{\"nights\": 3}' WHERE key = 'R1'")
        said = self.run_job("check", "stay").difference_ids.mapped("message")
        self.assertIn("Ten Nights per Room noted of stay/D7 2 for R1", said[0])
        self.assertIn("What Ten Nights per Room knows of R1 is not what its events say.", said[1])

    def test_what_cannot_be_read_is_a_problem(self):
        kind = type(self.env["seat.boundary"])

        def broken(boundary, state, event, key):
            if key == "DA2":
                raise KeyError("a bug")
            return original(boundary, state, event, key)

        original = kind._evolve
        with patch.object(kind, "_evolve", broken):
            ((found, message),) = self.found()
        self.assertEqual(found, "boundary_broken")
        self.assertIn("DA2: KeyError", message)
        self.assertEqual((self.job.drift_count, self.job.problem_count), (0, 1))
        with patch.object(kind, "_keys", lambda self, event, state: [1.5]):
            found = self.found()
        self.assertIn("boundary_broken", {kind for kind, _message in found})

    def test_one_that_is_being_read_is_not_checked(self):
        self.tamper("DELETE FROM event_boundary_event WHERE boundary = 'seat'")
        self.assertTrue(self.found())
        self.tamper("UPDATE event_boundary_status SET state = 'reading' WHERE boundary = 'seat'")
        self.assertEqual(self.found(), [])

    def test_one_whose_addon_is_gone_breaks_nothing(self):
        status = self.env["event.boundary.status"].search([("boundary", "=", "seat")])
        names = {
            name: model
            for name, model in self.env["event.boundary"]._names().items()
            if name != "seat"
        }
        with patch.object(type(self.env["event.boundary"]), "_names", lambda self: names):
            self.assertEqual(self.found(), [])
            status.invalidate_recordset()
            self.assertEqual(status.problem, "Its addon is not installed; it decides nothing.")
            self.assertEqual((status.label, status.key_count > 0), ("seat", True))

    def test_managers_are_told_until_a_check_finds_nothing(self):
        calls = []
        alert = type(self.env["event.alert"])

        def raised(_alert, key, *_args, **_options):
            calls.append(("raised", key))

        def cleared(_alert, key):
            calls.append(("cleared", key))

        key = f"boundary:{self.env.company.id}"
        self.tamper("UPDATE event_boundary_state SET version = 7 WHERE key = 'DA2'")
        with (
            patch.object(alert, "_raise_alert", raised),
            patch.object(alert, "_clear_alert", cleared),
        ):
            self.run_job("check", None)
            self.assertIn(("raised", key), calls)
            calls.clear()
            self.run_job("rebuild", None)
            self.assertNotIn(("cleared", key), calls)
            self.tamper("UPDATE event_boundary_state SET version = 1 WHERE key = 'DA2'")
            self.run_job("check", None)
            self.assertIn(("cleared", key), calls)

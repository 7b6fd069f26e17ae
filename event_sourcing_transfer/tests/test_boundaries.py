"""What is restored and imported goes through boundaries: noted, and judged."""

import json

from .test_import import ImportCase, json_lines
from .test_restore import RestoreCase

KEYS = """
    SELECT boundary, key, version, state::text, rules FROM event_boundary_state
     WHERE version > 0 ORDER BY 1, 2
"""
ENTRIES = """
    SELECT entry.boundary, entry.key, entry.version, event.aggregate_id, event.version,
           entry.details
      FROM event_boundary_event AS entry JOIN event_store AS event ON event.id = entry.event_id
     ORDER BY 1, 2, 3
"""


def booking(aggregate_id, event_type="Booked", **payload):
    return {
        "model_name": "booking",
        "aggregate_id": aggregate_id,
        "event_type": event_type,
        "payload": payload,
    }


class TestRestoredBoundaries(RestoreCase):
    def story(self):
        self.store.append_batch(
            [
                booking("B1", seat="A1", visitor="Ann"),
                booking("B2", seat="A1"),
                booking("B1", "Moved", seat="A2"),
                booking("B2", seat="A1", visitor="Ann"),
                booking("B3", seat="A3", visitor="Ann"),
                booking("B1", "Cancelled"),
                booking("B4", seat="A2"),
                {**booking("B5", "Reserved", chair="A5"), "schema_version": 1},
            ]
        )
        left = {"model_name": "queue", "aggregate_id": "Q", "event_type": "Left"}
        self.store.append_batch([{**left, "payload": {"visitor": "Ann"}}])
        self.store.append_batch([booking("B3", seat="A3", visitor="Ann")])
        planned = {**booking("T1", "Planned", room="R1", nights=4), "model_name": "stay"}
        confirmed = {**booking("T1", "Confirmed"), "model_name": "stay"}
        self.store.append_batch([planned, confirmed])

    def known(self):
        self.env.flush_all()
        found = []
        for query in (KEYS, ENTRIES):
            self.env.cr.execute(query)
            found.append(self.env.cr.fetchall())
        return found

    def set_state(self, state):
        self.env.cr.execute("UPDATE event_boundary_status SET state = %s", [state])
        self.env["event.boundary.status"].invalidate_model()

    def test_the_same_keys_states_and_versions_in_chunks_of_any_size(self):
        self.story()
        before = self.known()
        self.assertGreater(len(before[1]), 10)
        lines = self.export()
        for size in (1, 3, 500):
            with self.subTest(size=size):
                self.empty()
                self.patch(type(self.env["event.job"]), "_import_chunk", size)
                job = self.restore(lines)
                self.assertEqual((job.state, job.message or ""), ("done", ""))
                self.assertEqual(self.known(), before)
        answer = self.store.append("booking", "B9", "Booked", {"seat": "A2"})
        self.assertEqual(answer["message"], "A2 is taken by B4.")

    def test_a_boundary_that_does_not_count_yet_stores_no_half(self):
        self.story()
        before, lines = self.known(), self.export()
        self.empty()
        self.set_state("progress_data")
        job = self.restore(lines)
        self.assertEqual((job.state, job.stored_count), ("failed", 0))
        self.assertRegex(job.message, "^Line 2: One Booking per Seat does not count yet")
        self.assertEqual((self.rows(), self.known()), ([], [[], []]))
        self.set_state("ready")
        self.assertEqual(self.restore(lines).state, "done")
        self.assertEqual(self.known(), before)


class TestImportedBoundaries(ImportCase):
    def rows(self, *bookings):
        return json_lines(
            *(
                {**call, "timestamp": "2026-01-31 09:00:00", "event_uuid": f"ib-{number}"}
                for number, call in enumerate(bookings)
            )
        )

    def taken(self):
        return self.rows(booking("IB1", seat="IA1"), booking("IB2", seat="IA1"))

    def test_a_check_judges_as_an_append_does(self):
        self.patch(type(self.env["event.job"]), "_import_chunk", 1)
        for dry_run in (True, False):
            job = self.run_import(self.taken(), dry_run=dry_run)
            self.assertEqual(self.refused(job), [(2, "IA1 is taken by IB1.")])
            self.assertEqual(job.stored_count, 0)
        self.assertFalse(self.store.search_count([("aggregate_id", "=", "IB1")]))

    def test_a_check_knows_what_is_stored_and_keeps_nothing(self):
        self.store.append_batch([booking("IB0", seat="IA1")])
        job = self.run_import(self.taken(), dry_run=True)
        said = "IA1 is taken by IB0."
        self.assertEqual(self.refused(job), [(1, said), (2, said)])
        moved = [booking("IB0", "Moved", seat="IA2"), booking("IB1", seat="IA1")]
        for dry_run in (True, False):
            job = self.run_import(self.rows(*moved), dry_run=dry_run)
            self.assertEqual((self.refused(job), job.state), ([], "done"))
            state = self.env["event.boundary"].state_at("seat", "IA1")["state_json"]
            self.assertEqual(json.loads(state)["by"], "IB0" if dry_run else "IB1")

    def test_an_event_about_no_key_passes(self):
        job = self.run_import(self.rows(booking("IB7")), dry_run=True)
        self.assertEqual(self.refused(job), [])
        self.assertEqual(self.store.append("booking", "IB7", "Booked", {})["outcome"], "applied")

    def test_a_check_asks_for_keys_once_a_chunk(self):
        """Whether payloads name them, or a state that was there before."""
        self.store.append_batch([booking(f"IM{n}", seat=f"IM{n}") for n in range(40)])
        counts = []
        for size in (2, 40):
            new = [booking(f"IN{n}", seat=f"IN{n}", visitor=f"IV{n}") for n in range(size)]
            gone = [booking(f"IM{n}", "Cancelled") for n in range(size)]
            before = self.env.cr.sql_log_count
            job = self.run_import(self.rows(*new, *gone), dry_run=True)
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual((self.refused(job), job.state), ([], "done"))
        self.assertLess(counts[1] - counts[0], 10)

    def test_refusals_are_kept_where_that_is_asked_for(self):
        job = self.run_import(self.taken(), broken="record")
        self.assertEqual((job.state, job.stored_count), ("done", 2))
        self.assertEqual(self.stream("IB2", "booking"), [(1, "rejected")])

from .test_boundaries import BoundaryCase


class TestBoundaryOrder(BoundaryCase):
    """Ids are drawn under the locks of keys, too: in every key they rise with the decisions."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Whoever locks a key draws an id himself, so that one sees what was drawn before.
        cls.env.cr.execute(
            """
            CREATE TABLE test_locked (id int);
            CREATE FUNCTION test_locked() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                INSERT INTO test_locked VALUES (nextval('event_store_id_seq'));
                RETURN NULL;
            END $$;
            CREATE TRIGGER test_locked AFTER INSERT OR UPDATE OF write_date
                ON event_boundary_state FOR EACH ROW EXECUTE FUNCTION test_locked();
            """
        )

    def assert_after_locks(self, *calls):
        """Append, and look that all events got their ids after the last key was locked."""
        self.env.cr.execute("DELETE FROM test_locked")
        answers = self.store.append_batch(list(calls))
        ids = [answer["id"] for answer in answers]
        self.assertEqual(ids, sorted(set(ids)))
        self.env.cr.execute("SELECT max(id) FROM test_locked")
        self.assertLess(self.env.cr.fetchone()[0], ids[0])
        found = self.env["event.store"].browse(ids)
        self.assertEqual(found.mapped("version"), [answer["version"] for answer in answers])
        return answers

    def test_keys_of_the_payload(self):
        self.assert_after_locks(self.booking("B1", seat="A1"))
        self.assert_after_locks(self.booking("B1", seat="A2"), self.booking("B2", seat="A3"))

    def test_keys_of_the_state(self):
        self.assert_after_locks(self.booking("B1", seat="A1"))
        self.assert_after_locks(self.booking("B1", "Moved", seat="A2"))
        self.assert_after_locks(
            self.booking("B1", "Moved", seat="A1"), self.booking("B2", seat="A2")
        )
        self.assertEqual(
            self.entries("A1"), [(1, "B1", "Booked"), (2, "B1", "Moved"), (3, "B1", "Moved")]
        )

    def test_of_several_types(self):
        self.assert_after_locks(
            self.booking("B1", seat="A1", visitor="V1"),
            {**self.booking("Q1", "Left", visitor="V1"), "model_name": "queue"},
        )

    def test_a_refused_one_and_its_failure(self):
        self.book("B1", "A1")
        (answer,) = self.assert_after_locks(self.booking("B2", seat="A1"))
        self.assertEqual(answer["outcome"], "rejected")
        self.assertGreater(answer["failure_id"], answer["id"])

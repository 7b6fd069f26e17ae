from odoo.addons.test_event_sourcing.common import EventCase, make_user


class TestStates(EventCase):
    """The states of all aggregates of a type, of the companies that the user has access to."""

    def setUp(self):
        super().setUp()
        self.ours = self.env.company
        self.theirs = self.env["res.company"].create({"name": "Theirs"})
        self.clerk = make_user(self.env, "clerk", "integration", company=self.ours)
        self.other = make_user(self.env, "other", "integration", company=self.theirs)
        self.append(self.other, "T1")
        self.append(self.clerk, "O1")

    def append(self, user, aggregate_id):
        return self.store.with_user(user).append("counter", aggregate_id, "Added", {"amount": 1})

    def test_streams_of_another_company_are_not_listed(self):
        found = self.store.with_user(self.clerk).states_at("counter")
        self.assertEqual([row["aggregate_id"] for row in found], ["O1"])

    def test_pages_of_states_name_the_company(self):
        self.append(self.clerk, "T1")
        user = make_user(self.env, "both", "integration", company=self.ours)
        user.company_ids += self.theirs
        both, rows, after = self.store.with_user(user), [], {}
        while page := both.states_at("counter", limit=1, **after):
            rows += [(row["aggregate_id"], row["company_id"]) for row in page]
            after = {"after": rows[-1][0], "after_company_id": rows[-1][1]}
        wanted = [("O1", self.ours.id), ("T1", self.theirs.id), ("T1", self.ours.id)]
        self.assertEqual([row for row in rows if row in wanted], wanted)

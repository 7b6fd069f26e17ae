import json

from odoo.exceptions import AccessError, UserError

from odoo.addons.test_event_sourcing.common import EventCase, make_user

OURS = ("event_sourcing", "rental_event_sourcing")


class TestGroups(EventCase):
    def test_who_may_append(self):
        for groups in (("integration",), ("manager",)):
            user = make_user(self.env, "-".join(("u", *groups)), *groups)
            answer = self.store.with_user(user).append("counter", f"C{user.id}", "Closed")
            self.assertEqual(self.store.browse(answer["id"]).create_uid, user)
        for groups in ((), ("user",), ("auditor",)):
            user = make_user(self.env, "-".join(("u", *groups)), *groups)
            vals = {"model_name": "counter", "aggregate_id": "X", "event_type": "Closed"}
            for way, args in (
                ("append", ("counter", "X", "Closed")),
                ("create", (vals,)),
                ("append_batch", ([],)),
            ):
                with self.subTest(groups=groups, way=way), self.assertRaises(AccessError):
                    getattr(self.store.with_user(user), way)(*args)
        self.assertFalse(self.stream("X"))

    def test_who_may_read(self):
        self.add()
        outsider = make_user(self.env, "outsider")
        reader = make_user(self.env, "reader", "user")
        for way in ("search_read", "state_at", "read_stream"):
            args = ([],) if way == "search_read" else ("counter", "C1")
            with self.assertRaises(AccessError):
                getattr(self.store.with_user(outsider), way)(*args)
            self.assertTrue(getattr(self.store.with_user(reader), way)(*args))

    def test_private_ways_in_cannot_be_called_from_outside(self):
        for method in (
            "_insert",
            "_append_all",
            "_set_outcomes",
            "_apply_policies",
            "_record_separately",
        ):
            with self.assertRaises(AccessError):
                self._call(method)

    def _call(self, method):
        try:
            from odoo.models import check_method_name
        except ImportError:
            from odoo.service.model import get_public_method

            return get_public_method(self.store, method)
        return check_method_name(method)


class TestCompanies(EventCase):
    def setUp(self):
        super().setUp()
        self.ours = self.env.company
        self.theirs = self.env["res.company"].create({"name": "Theirs"})
        self.clerk = make_user(self.env, "clerk", "integration", company=self.ours)
        self.other = make_user(self.env, "other", "integration", company=self.theirs)
        self.auditor = make_user(self.env, "auditor1", "auditor", company=self.ours)
        self.append(self.other, "T1")
        self.append(self.clerk, "O1")

    def append(self, user, aggregate_id, **options):
        return self.store.with_user(user).append(
            "counter", aggregate_id, "Added", {"amount": 1}, **options
        )

    def test_events_belong_to_the_company_of_their_user(self):
        companies = {
            event.aggregate_id: event.company_id
            for event in self.store.search([("aggregate_id", "in", ("T1", "O1"))])
        }
        self.assertEqual(companies, {"T1": self.theirs, "O1": self.ours})
        self.assertEqual(self.snapshot("T1").company_id, self.theirs)

    def test_a_stream_of_another_company_is_as_one_that_is_not_there(self):
        store = self.store.with_user(self.clerk)
        for aggregate_id in ("T1", "never"):
            self.assertEqual(store.read_stream("counter", aggregate_id), [])
            self.assertEqual(store.state_at("counter", aggregate_id)["version"], 0)
            with self.assertRaisesRegex(UserError, f"{aggregate_id} has no version 1"):
                store.state_at("counter", aggregate_id, version=1)
            for way in (store.read_stream, store.state_at):
                with self.assertRaisesRegex(AccessError, "no access to the company"):
                    way("counter", aggregate_id, company_id=self.theirs.id)

    def test_companies_number_their_records_as_they_like(self):
        answer = self.append(self.clerk, "T1", expected_version=1)
        self.assertEqual((answer["version"], answer["outcome"]), (1, "applied"))
        self.assertEqual(self.append(self.other, "T1")["version"], 2)
        both = self.make_both()
        for company, total in ((self.ours, 1), (self.theirs, 2)):
            found = both.with_company(company).state_at("counter", "T1")
            self.assertEqual(json.loads(found["state_json"])["total"], total)
            found = both.state_at("counter", "T1", company_id=company.id)
            self.assertEqual(json.loads(found["state_json"])["total"], total)
            versions = [
                e["version"] for e in both.read_stream("counter", "T1", company_id=company.id)
            ]
            self.assertEqual(versions, list(range(1, total + 1)))
        snapshots = self.snapshot("T1")
        self.assertEqual(
            {s.company_id: s.version for s in snapshots}, {self.ours: 1, self.theirs: 2}
        )

    def test_which_company_is_asked_where_several_have_one(self):
        self.append(self.clerk, "T1")
        third = self.env["res.company"].create({"name": "Third"})
        user = make_user(self.env, "third", "integration", company=third)
        user.company_ids += self.ours + self.theirs
        store = self.store.with_user(user)
        self.assertEqual(store.state_at("counter", "O1")["version"], 1)  # only one has it
        with self.assertRaisesRegex(UserError, "Several companies have a counter/T1"):
            store.state_at("counter", "T1")

    def make_both(self):
        user = make_user(self.env, "both", "integration", company=self.ours)
        user.company_ids += self.theirs
        return self.store.with_user(user)

    def test_a_company_that_is_not_the_users_cannot_be_given(self):
        vals = {"model_name": "counter", "aggregate_id": "N1", "event_type": "Closed"}
        for company_id in (self.theirs.id, 2**31 - 1):
            with self.assertRaisesRegex(AccessError, "no access to the company"):
                self.store.with_user(self.clerk).create({**vals, "company_id": company_id})
        with self.assertRaisesRegex(UserError, "There is no company with the id 2147483647"):
            self.store.create({**vals, "company_id": 2**31 - 1})
        self.assertFalse(self.stream("N1"))

    def test_a_record_shows_nothing_of_a_stream_of_another_company(self):
        self.store.append("ticket", "K1", "Opened", {"title": "ours"})
        same_name = self.env["test.ticket"].create({"name": "K1", "company_id": self.theirs.id})
        own = self.env["test.ticket"].create({"name": "K1", "company_id": self.ours.id})
        self.assertEqual(same_name._current_state(), {"status": "new"})
        self.assertEqual(own._current_state()["title"], "ours")
        self.assertEqual(list((same_name + own)._own_snapshots()), [own])
        event = same_name._apply_event("Opened", {"title": "theirs"})
        self.assertEqual((event.company_id, event.version), (self.theirs, 1))
        self.assertEqual(own._current_state()["title"], "ours")

    def test_a_record_without_a_company_goes_on_with_its_stream(self):
        ticket = self.env["test.ticket"].create({"name": "K9", "company_id": False})
        ticket.with_company(self.theirs)._apply_event("Opened", {"title": "theirs"})
        event = ticket.with_company(self.ours)._apply_event("Solved")
        self.assertEqual((event.company_id, event.version), (self.theirs, 2))
        self.assertEqual(ticket._current_state()["status"], "done")

    def test_what_a_record_says_itself_cannot_be_given_for_it(self):
        ticket = self.env["test.ticket"].create({"name": "K8", "company_id": self.ours.id})
        for name, value in (
            ("model_name", "counter"),
            ("aggregate_id", "K7"),
            ("company_id", self.theirs.id),
            ("version", 1),
        ):
            with self.subTest(name), self.assertRaisesRegex(TypeError, name):
                ticket._apply_event("Opened", {"title": "x"}, **{name: value})
        with self.assertRaisesRegex(UserError, "dryrun"):
            ticket._apply_event("Opened", {"title": "x"}, dryrun=True)
        self.assertFalse(self.store.search([("aggregate_id", "=", "K8")]))

    def test_a_known_uuid_of_another_company_is_not_shown(self):
        theirs = self.append(self.other, "T2", event_uuid="secret")
        for aggregate_id in ("T2", "T3"):
            uuid = "secret" if aggregate_id == "T2" else "never used"
            answer = self.append(self.clerk, aggregate_id, event_uuid=uuid)
            self.assertFalse(answer["duplicate"])
            self.assertNotEqual(answer["id"], theirs["id"])

    def test_users_see_their_own_and_auditors_all(self):
        domain = [("aggregate_id", "in", ("T1", "O1"))]
        for model in ("event.store", "event.stream"):
            seen = self.env[model].with_user(self.clerk).search(domain)
            self.assertEqual(seen.mapped("aggregate_id"), ["O1"])
            seen = self.env[model].with_user(self.auditor).search(domain)
            self.assertEqual(set(seen.mapped("aggregate_id")), {"T1", "O1"})

    def test_replay_is_complete_for_an_auditor(self):
        found = self.store.with_user(self.auditor).state_at("counter", "T1")
        self.assertEqual(found["version"], 1)

"""What is about all companies is told to who may know of all of them."""

from contextlib import suppress

from odoo.exceptions import AccessError

from odoo.addons.test_event_sourcing.common import EventCase, make_user

MARK = "zqxmarker"
EXPORT = "base.group_allow_export"


class TestOfAllCompanies(EventCase):
    """Positions, builds and boundaries: for managers of one company, too, but not their texts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        env = cls.env
        theirs = env["res.company"].create({"name": "Theirs"})
        cls.manager = make_user(env, "ofall", "manager", EXPORT, company=theirs)
        cls.auditor = make_user(env, "ofallauditor", "auditor", "manager", company=theirs)
        cls.everywhere = make_user(env, "ofalleverywhere", "manager")
        cls.everywhere.company_ids = env["res.company"].search([])
        event_id = env["event.store"].append("counter", MARK, "Added", {"amount": 1})["id"]
        texts = {"last_error": MARK, "last_traceback": MARK}
        events = {"last_event_id": event_id, "failed_event_id": event_id}
        sub = env["event.subscription"].search([("kind", "=", "projection")], limit=1)
        sub.write({**texts, **events})
        about = {"aggregate_id": MARK, "reason": MARK, "error": MARK, "event_id": event_id}
        skip = env["event.projection.skip"].create({"subscription_id": sub.id, **about})
        build = {"subscription_id": sub.id, "state": "failed", "failed_event_id": event_id}
        fields = env["event.projection.build"]._fields
        build |= {name: 1 for name, f in fields.items() if f.required and name not in build}
        build = env["event.projection.build"].create({**build, **texts})
        status = env["event.boundary.status"].search([], limit=1)
        status.write({"message": f"{MARK}: broken", "problem_count": 7654321, "total": 7654321})
        cls.rows = [sub, skip, build, status]
        env.flush_all()

    def told(self, user, rows):
        """Return all that a user is told of rows, by the ways in which clients read."""
        self.env.invalidate_all()
        own = rows.with_user(user)
        names = [name for name in own._fields if name != "create_uid"]
        spec = {
            name: {"fields": {"display_name": {}}} if field.type == "many2one" else {}
            for name, field in own._fields.items()
        }
        said = [
            own.read(),
            own.search_read([("id", "in", own.ids)], names),
            own.web_read(spec),
            [row.display_name for row in own],
        ]
        with suppress(AccessError):  # Odoo 19 asks for the right to write
            said.append(own.onchange({}, [], spec))
        return repr(said)

    def test_texts_and_events_are_for_who_may_know_all(self):
        for rows in self.rows:
            with self.subTest(model=rows._name):
                said = self.told(self.manager, rows)
                self.assertNotIn(MARK, said)
                self.assertNotIn("7654321", said)
                self.assertIn("several companies", said)
                for user in (self.auditor, self.everywhere):
                    self.assertIn(MARK, self.told(user, rows))

    def test_nor_do_searches_groups_and_files_tell(self):
        for rows in self.rows:
            own = rows.with_user(self.manager)
            for name in own._of_all_companies:
                if not own._fields[name].store:
                    continue
                for asked in (
                    lambda o=own, n=name: o.search_count([(n, "!=", False)]),
                    lambda o=own, n=name: o.search([], order=f"{n} desc"),
                    lambda o=own, n=name: o.read_group([], [n], [n]),
                    lambda o=own, n=name: o.export_data(["id", n]),
                ):
                    with self.subTest(model=rows._name, name=name):
                        with self.assertRaisesRegex(AccessError, "several companies"):
                            asked()
        skip = self.rows[1].with_user(self.manager)
        with self.assertRaisesRegex(AccessError, "several companies"):
            skip.search([("subscription_id.last_error", "like", MARK)])
        with self.assertRaisesRegex(AccessError, "several companies"):
            skip.export_data(["subscription_id/last_error"])

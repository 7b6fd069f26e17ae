"""Repairs: one for each damage that is reported."""

from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from odoo.addons.event_sourcing_feed.testing import lint_reaction, scenario
from odoo.addons.test_event_sourcing.common import make_user

from .common import NOON, RentalFeedCase

NAME = "rental.repair.reaction"
USER = "rental_event_sourcing.rental_order_group_user"


class TestRepair(RentalFeedCase):
    def damaged(self, rental="R-1", *more, **options):
        plan = ("RentalPlanned", self.plan())
        begin = (plan, "RentalConfirmed", "EquipmentDelivered")
        damage = ("DamageReported", {"description": "鏡に傷", "repair_cost": 12, "charged": True})
        return self.append(rental, *begin, damage, *more, **options)

    def meet(self, events):
        """Give events to the reaction, as far as they are for it; return all repairs of R-1."""
        reaction = self.env(su=True)[NAME]
        for event in self.store._feed_events_of(events.ids, reaction._feed_filter()):
            reaction._react(event)
        return self.env["rental.repair"].search([("aggregate_id", "=", "R-1")], order="id")

    def test_a_damage_makes_one(self):
        (repair,) = self.meet(self.damaged("R-1", "EquipmentReturned"))
        self.assertEqual((repair.reason, repair.state), ("鏡に傷", "open"))
        self.assertEqual((repair.product_id.id, repair.reported_on), (self.lift, NOON))
        self.assertEqual(repair.company_id, self.env.company)
        found = self.env["event.store"].search(repair.action_open_event()["domain"])
        self.assertEqual(found.event_type, "DamageReported")

    def test_a_story(self):
        begin = (("RentalPlanned", self.plan()), "RentalConfirmed", "EquipmentDelivered")
        damage = ("DamageReported", {"description": "Lens scratched"})
        story = scenario(self.env, "rental").given(*begin).when(damage)
        repair = {
            "reason": "Lens scratched",
            "product_id": self.env["product.product"].browse(self.lift),
        }
        story.reacts(NAME, {"rental.repair": [repair]})
        self.assertEqual(lint_reaction(self.env, NAME), [])

    def test_each_damage_makes_its_own(self):
        again = ("DamageReported", {"description": "Handle"})
        repairs = self.meet(self.damaged("R-1", again))
        self.assertEqual(repairs.mapped("reason"), ["鏡に傷", "Handle"])

    def test_history_of_elsewhere_makes_none(self):
        plan = self.plan()
        calls = [
            {"model_name": "rental", "aggregate_id": "R-1", "event_type": name, "payload": payload}
            for name, payload in (
                ("RentalPlanned", plan),
                ("RentalConfirmed", {}),
                ("EquipmentDelivered", {}),
                ("DamageReported", {"description": "Long ago"}),
            )
        ]
        events, _known = self.store._append_all(calls, origin="imported")
        self.assertEqual(set(events.mapped("outcome")), {"applied"})
        self.assertFalse(self.meet(events))
        self.assertEqual(len(self.store._feed_events_of(events.ids, SQL("true"))), 4)

    def test_the_workshop_ticks_it_off(self):
        repair = self.meet(self.damaged())
        theirs = self.env["res.company"].create({"name": "Theirs"})
        other = make_user(self.env, "workshop-other", USER, company=theirs)
        self.assertFalse(self.env["rental.repair"].with_user(other).search([]))
        user = make_user(self.env, "workshop", USER)
        own = repair.with_user(user)
        own.action_done()
        self.assertEqual((own.state, own.done_by), ("done", user))
        self.assertTrue(own.done_on)
        repair.action_done()  # done already: who did it stays
        self.assertEqual(own.done_by, user)
        own.action_reopen()
        self.assertEqual((own.state, own.done_by.id, own.done_on), ("open", False, False))
        with self.assertRaises(AccessError):
            own.copy()
        with self.assertRaises(AccessError):
            own.unlink()

    def test_screens(self):
        action = self.env.ref("rental_event_sourcing_feed.rental_repair_action")
        for kind in action.view_mode.split(","):
            self.env["rental.repair"].get_views([(False, kind), (False, "search")])

    def test_what_was_reported_stays(self):
        (repair,) = self.meet(self.damaged())
        theirs = self.env["res.company"].create({"name": "Theirs"})
        clerk = make_user(self.env, "repairclerk", USER)
        clerk.company_ids += theirs
        own = repair.with_user(clerk)
        own.notes = "Waits for a lens"
        before = repair.read()
        for vals in (
            {"reason": "Nothing"},
            {"aggregate_id": "R-9"},
            {"event_uuid": "x"},
            {"company_id": theirs.id},
            {"state": "done", "done_by": self.env.uid},
        ):
            with self.assertRaisesRegex(UserError, "only the notes"):
                own.write(vals)
        self.assertEqual(repair.read(), before)
        own.action_done()
        self.assertEqual((repair.state, repair.done_by), ("done", clerk))
        own.action_reopen()
        self.assertEqual((repair.state, repair.done_by.id), ("open", False))

"""What the tests of deliveries share: a destination that is a list, and turns without threads."""

from odoo.addons.event_sourcing_delivery.sending import send, stops_all
from odoo.addons.test_event_sourcing.common import EventCase
from odoo.addons.test_event_sourcing_delivery.models.event_destination import inbox

from ..message import DONE, Result
from ..models.event_destination_read import Work

TOKEN = "test"


class DeliveryCase(EventCase):
    """A destination that is told of counters; everything in the test's own transaction."""

    def setUp(self):
        super().setUp()
        inbox.taken.clear()
        inbox.behave = lambda message: Result(DONE, "taken")
        self.destination = self.new_destination()
        self.sub = self.destination.subscription_id
        self.tasks = self.env["event.reaction.task"]

    def new_destination(self, **vals):
        """Return a destination that takes all that the feed had before."""
        destination = self.env["event.destination"].create(
            {
                "name": "Warehouse",
                "kind": "list",
                "address": "list:1",
                "user_id": self.env.ref("base.user_admin").id,  # this test's is archived
                "filter_ids": [(0, 0, {"model_name": "counter"})],
                **vals,
            }
        )
        destination.subscription_id.state = "running"
        self.env.flush_all()
        return destination

    def events(self, *aggregate_ids):
        """Append an event to each of these; return their ids."""
        return [
            self.add(name, amount=number, payload={"amount": number})["id"]
            for number, name in enumerate(aggregate_ids, 1)
        ]

    def send(self, *ids):
        """Send events as a page of the feed that holds them is sent."""
        own = self.destination.sudo()
        own._claim(TOKEN)
        events = self.store._feed_events_of(ids, own._feed_filter())
        page, behind = own._sorted(own._reader(), events)
        work = Work(page, behind, self.sub._position(), [], True)
        results = []
        for line in page:
            if not stops_all(results):
                results += self.send_line(line)
            line.close()
        own._record_page(TOKEN, work)
        self.env.flush_all()

    def send_again(self):
        """Send what waits and is due, as a turn does."""
        own = self.destination.sudo()
        for line in own._take_again(own._reader()):
            own._record_again(line, self.send_line(line))
        self.env.flush_all()

    def make_due(self):
        """Let whatever waits for a time be due."""
        self.tasks.search([("state", "=", "waiting")]).next_try = "2020-01-01 00:00:00"
        self.env.flush_all()

    def send_line(self, line):
        """Send a line as a thread does."""
        while (message := line.next()) is not None:
            line.note(send(inbox, message))
        return line.results

    def states(self, aggregate_id):
        found = self.tasks.search(
            [("subscription_id", "=", self.sub.id), ("aggregate_id", "=", aggregate_id)]
        )
        return found.sorted(lambda task: task.event_id.id).mapped("state")

"""An event that its handler cannot read: what is said of it, and what goes on without it.

Over the feed's own transactions: tests/concurrency/test_feed_unreadable_real.
"""

from dataclasses import replace

from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.test_event_sourcing.common import EventCase

NEWER = (
    "^The event %s of counter/C1 cannot be read: Closed was written in schema version 9, but this"
    " handler knows only version 1; update the addon that brings it.$"
)


class TestUnreadable(EventCase):
    """``Closed`` was written by a newer version of the addon, which is not there any more."""

    def setUp(self):
        super().setUp()
        self.good = self.add()
        self.newer = self.store.append("counter", "C1", "Closed")
        self.other = self.add("C2")
        self.handler = type(self.env["counter.snapshot.handler"])
        self.upcast = self.handler._upcast

        def upcast(handler, event):
            newer = event.event_type == "Closed"
            return self.upcast(handler, replace(event, schema_version=9) if newer else event)

        self.patch(self.handler, "_upcast", upcast)
        self.subscriptions = self.env["event.subscription"]
        # What tests with real commits have left.
        self.env["counter.note"].search([]).unlink()

    def events(self):
        ids = [answer["id"] for answer in (self.good, self.newer, self.other)]
        return self.store._feed_events_of(ids, SQL("true"))

    def sub(self, consumer):
        return self.subscriptions.search([("consumer", "=", consumer)])

    def sentence(self):
        return NEWER % self.newer["id"]

    def test_it_says_so_and_others_do_not(self):
        problems = [event.problem for event in self.events()]
        self.assertRegex(str(problems[1]), self.sentence())
        self.assertEqual([problems[0], problems[2]], [None, None])

    def test_in_the_language_of_the_reader(self):
        self.env["res.lang"]._activate_lang("ja_JP")
        store = self.store.with_context(lang="ja_JP")
        (event,) = store._feed_events_of([self.newer["id"]], SQL("true"))
        self.assertRegex(str(event.problem), "counter/C1.*読み取れません.*更新して")

    def test_an_upcaster_that_fails(self):
        def fails(handler, event):
            raise KeyError("why")

        self.patch(self.handler, "_upcast", fails)
        problem = self.events()[1].problem
        self.assertRegex(str(problem), "upcaster of Closed failed .KeyError: 'why'.; correct it")
        self.assertIsInstance(problem.__cause__, KeyError)

    def test_a_read_model_is_not_given_it(self):
        projection = self.env["counter.total.projection"]
        with self.assertRaisesRegex(UserError, self.sentence()):
            projection._consume(self.sub(projection._name), self.events())

    def test_a_reaction_sets_it_aside_and_goes_on_with_others(self):
        reaction = self.env["counter.reaction"].sudo()
        reaction._consume(self.sub(reaction._name), self.events())
        notes = self.env["counter.note"].search([], order="id")
        self.assertEqual(notes.mapped("aggregate_id"), ["C1", "C2"])
        task = self.env["event.reaction.task"].search([("event_id", "=", self.newer["id"])])
        self.assertRegex(task.error, self.sentence())
        self.assertEqual((task.state, task.tries), ("waiting", 1))
        self.assertIn("SchemaError", task.error_traceback)

    def test_it_is_tried_again_once_the_addon_is_updated(self):
        reaction = self.env["counter.reaction"].sudo()
        reaction._consume(self.sub(reaction._name), self.events())
        task = self.env["event.reaction.task"].search([("event_id", "=", self.newer["id"])])
        self.patch(type(task), "_note_try", lambda self: 1)
        self.assertFalse(task._try())
        self.assertRegex(task.error, self.sentence())
        self.patch(self.handler, "_upcast", self.upcast)
        self.assertTrue(task._try())

    def test_an_inline_one_refuses_what_it_cannot_read(self):
        with self.assertRaisesRegex(UserError, self.sentence()):
            ids = [self.good["id"], self.newer["id"]]
            projection = self.env["counter.total.projection"]
            self.patch(type(projection), "_subscribes", {"counter": ("*",)})
            self.store._project_pages(projection, ids)

    def test_a_process_folds_nothing_without_it(self):
        instances = self.env["event.process.instance"]
        process = self.env["trip.process"]
        with self.assertRaisesRegex(UserError, self.sentence()):
            instances._folded(process, [self.good["id"], self.newer["id"]])

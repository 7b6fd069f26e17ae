"""Odd arguments over RPC, and what requests may not do: a sentence, never a traceback."""

import xmlrpc.client
from itertools import cycle

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.test_event_sourcing.common import make_user

NESTED = []
for _number in range(100):
    NESTED = [NESTED]
ODD = (NESTED, {"a": [1, {"b": None}]}, True, -1, 1.5, "x" * 100_000, "a\nb", b"\xff", [[1], {}])
ASKED = (
    ("event.store", "describe", ["counter"]),
    ("event.store", "state_at", ["counter", "C1", 1]),
    ("event.store", "states_at", ["counter", None, 10]),
    ("event.store", "read_stream", ["counter", "C1", 0, 10]),
    ("event.store", "append", ["counter", "C1", "Added"]),
    ("event.job", "start", ["check", "counter", ["C1"]]),
    ("event.timeline", "page", ["event.stream", 2**31 - 1, False, False, 10]),
    ("event.document", "describe", ["event.store", 2**31 - 1, "payload"]),
    ("event.overview", "action_attempts", [False, False, False, 0]),
    ("snapshot.handler.registry", "get_handler", ["counter"]),
    ("event.store", "read_feed", ["", 10, 0, ["counter"], ["Added"]]),
    ("event.subscription", "wait_for", ["counter.total.projection", [2**31 - 1], 0]),
)


@tagged("-at_install", "post_install")
class TestOddArguments(HttpCase):
    def setUp(self):
        super().setUp()
        self.user = make_user(self.env, "odd", "manager")

    def call(self, model, method, arguments, **context):
        self.env.flush_all()
        proxy = xmlrpc.client.ServerProxy(
            f"{self.base_url()}/xmlrpc/2/object",
            transport=self.xmlrpc_object("transport"),
            allow_none=True,
        )
        return proxy.execute_kw(
            self.env.cr.dbname,
            self.user.id,
            "odd",
            model,
            method,
            arguments,
            {"context": context} if context else {},
        )

    def refused(self, model, method, arguments, **context):
        """Return the fault of a call, None where it was answered."""
        try:
            with mute_logger("odoo.http", "odoo.sql_db"):
                self.call(model, method, arguments, **context)
        except xmlrpc.client.Fault as fault:
            return fault
        finally:
            self.env.invalidate_all()
        return None

    def test_each_is_a_sentence(self):
        wrong, odds = [], cycle(ODD)  # a sample: each call checks a password, which takes time
        for model, method, plausible in ASKED:
            for place in range(len(plausible)):
                arguments = [*plausible]
                arguments[place] = odd = next(odds)
                fault = self.refused(model, method, arguments)
                said = fault.faultString if fault else ""
                if fault and (fault.faultCode not in (2, 4) or "\n" in said or len(said) > 700):
                    wrong.append(f"{model}.{method} {place} {type(odd)}: {said[-200:]}")
        self.assertFalse(wrong, "\n".join(wrong))

    def test_a_request_registers_nothing(self):
        model = "snapshot.handler.registry"
        for method, arguments in (
            ("register_handler", ["counter", "unclaimed.rules"]),
            ("auto_register_handlers", []),
        ):
            fault = self.refused(model, method, arguments)
            self.assertEqual(fault.faultCode, 4)
            self.assertIn("while Odoo starts", fault.faultString)

    def odd_pages(self):
        """Yield addresses of our routes with what is no number, no name, or somebody else's."""
        numbers = ("9" * 20, "9" * 400, "0", "-1", "1.5", "abc", "%F0%9F%92%A9", "1%0A2", "")
        theirs = self.env["event.job"].create({"kind": "export", "state": "done"})
        for number in (*numbers, str(theirs.id)):
            yield f"/event_sourcing/export/{number}"
        unsealed = self.env["event.seal"].sudo().search([("state", "!=", "sealed")], limit=1)
        for number in (*numbers, *map(str, unsealed.ids)):
            yield f"/event_sourcing/seal/{number}?seal_id=1&x[]=y&seal_id=%00"
        names = ("no.such.type", "x" * 5000, "%00", "%ED%A0%80", "%FF", "a%0Ab", "..%2F..", "1", "")
        for name in names:
            yield f"/event_sourcing/events/{name}"
            yield f"/event_sourcing/events/{name}?model_name=counter&lang=xx_XX"

    def test_pages_of_what_is_none(self):
        self.authenticate("odd", "odd")
        found = []
        for page in self.odd_pages():
            with mute_logger("odoo.http", "odoo.sql_db"):
                answer = self.url_open(page)
            if answer.status_code != 404:
                found.append(f"{page[:60]}: {answer.status_code}")
        self.assertFalse(found, "\n".join(found))
        for page in ("export/1", "seal/1", "events/counter"):
            with mute_logger("odoo.http", "odoo.sql_db"):
                answer = self.url_open(f"/event_sourcing/{page}", data={"x": "y"})  # a POST
            self.assertEqual(answer.status_code, 405)

    def test_pages_are_for_those_who_may_read(self):
        make_user(self.env, "oddplain")
        self.authenticate("oddplain", "oddplain")
        for page in ("export/1", "seal/1", "events/counter", "events/no.such.type"):
            with mute_logger("odoo.http", "odoo.sql_db"):
                answer = self.url_open(f"/event_sourcing/{page}")
            self.assertEqual(answer.status_code, 404, page)

"""What RPC gives to Odoo's own methods: any ids, any value for any field, any search term.

Beside ``test_access_first``, which walks our own methods: here are those that every model has,
called as RPC calls them, with what the ORM does afterwards.
"""

import inspect
import reprlib
from datetime import datetime

import psycopg2

from odoo import api
from odoo.exceptions import AccessError, UserError
from odoo.service import model as service
from odoo.tools import mute_logger

from odoo.addons.event_sourcing_base.compat import check_access
from odoo.addons.test_event_sourcing.common import EventCase, groups_field, make_user

from tools.layout import ADDONS

call_kw = getattr(service, "call_kw", None) or api.call_kw  # Odoo 19 moved it
DEEP = []
for _number in range(1500):
    DEEP = [DEEP]
# In the place of the values of a record, and of a list of them.
ODD = (DEEP, [1], "abc", 10**30, True, None, 1.5, b"\xff", {"no_such_field": 1}, {1: 1}, {"": 0})
# In the place of the value of a field: what not every kind can hold, and what each takes as it is.
ODD_VALUES = (
    *(DEEP, {"a": 1}, 10**30, "\0", "\ud800", "2026-13-45", b"\xff\x00", float("nan"), [None]),
    *(datetime(2026, 1, 1), [[]], [(9, 9)], [(6, 0, ["x"])], [(4, "x")], [(1, 10**30, {})]),
    *([[0, 0, 1]], [[0, 0, {"no_such_field": 1}]]),
)
PLAIN_VALUES = (-1, "x" * 10_000, "a\nb")
# In the place of a list of ids, and in it.
ODD_IDS = (["abc"], "abc", [10**30], [True], [None], [1.5], [[1]], [{}], {"a": 1}, [b"1"])
BY_ID = (
    ("read", ["display_name"]),
    ("write", {}),
    ("unlink",),
    ("copy",),
    ("web_read", {"display_name": {}}),
    ("web_save", {}, {}),
    ("export_data", ["id"]),
    ("onchange", {}, [], {}),
)
# In a search term: what our own ways to search are asked.
OPERATORS = ("=", "!=", "in", "not in", "<", "like", "ilike", "not ilike", "=?", "child_of")
ODD_TERMS = (
    *(None, False, 0, -1, 10**30, 1.5, "abc", "", "2026-13-45", [1], ["a"], [None]),
    {"a": 1},
)
ODD_TERMS += ([[1]], [])


class TestOddWrites(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        env = cls.env
        cls.writer = make_user(
            env, "oddwriter", "manager", "rental_event_sourcing.rental_order_group_manager"
        )
        groups = ("integration", "auditor")
        cls.writer[groups_field(env)] = [
            (4, env.ref(f"event_sourcing.event_store_group_{group}").id) for group in groups
        ]
        partner = env["res.partner"].create({"name": "Odd"})
        product = env["product.product"].create({"name": "Odd", "rental_price_month": 1})
        values = {"partner_id": partner.id, "product_id": product.id, "monthly_price": 1}
        values |= {"planned_start": "2031-03-03", "planned_end": "2031-04-03"}
        env["rental.order"].with_user(cls.writer).create(values)
        store = env["event.store"].with_user(cls.writer)
        store.append("counter", "Odd", "Added", {"amount": "none"})  # refused, with an error
        env["event.job"].with_user(cls.writer).start("check", "counter", ["Odd"])
        env.flush_all()

    def models(self):
        """Yield every model of ours as the writer has it, with one record where there is one."""
        first = self.env.registry["access.first.mixin"]
        for name, model in self.env.items():
            ours = issubclass(type(model), first) and not name.startswith(("test.", "counter."))
            if ours and not model._abstract:
                known = model.sudo().search([], limit=1, order="id desc")
                yield model.with_user(self.writer), known.ids

    def ask(self, model, method, *arguments, in_ours=False):
        """Call a method as a request does; note what is no sentence.

        :param in_ours: whether only what our code itself ends on counts
        """
        about = f"{model._name}.{method}{reprlib.repr(arguments)[:60]}"
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                call_kw(model, method, [*arguments], {})
                raise _Undo
        except _Undo:
            pass
        except AccessError:
            pass  # Odoo's own take several lines
        except UserError as error:
            said = str(error)
            if "\n" in said and not said.startswith(("Record does not exist", "The operation")):
                self.problems.append(f"{about} says no short sentence: {said[:200]!r}")
        except psycopg2.IntegrityError:
            pass  # a request makes a sentence of it
        except Exception as error:
            place = inspect.trace()[-1]
            if in_ours and not any(f"/{addon}/" in place.filename for addon in ADDONS):
                return
            self.problems.append(
                f"{about}: {type(error).__name__} {str(error)[:90]!r}"
                f" ({place.filename.rsplit('/', 1)[-1]}:{place.lineno})"
            )

    def walk(self, calls, **options):
        self.problems = []
        for model, ids in self.models():
            for method, *arguments in calls(model, ids):
                self.ask(model, method, *arguments, **options)
        self.assertFalse(self.problems, "\n" + "\n".join(self.problems))

    def test_odd_ids(self):
        """Whatever a method does with them: what is no id is refused before."""

        def calls(_model, _ids):
            for ids in ODD_IDS:
                for method, *arguments in BY_ID:
                    yield method, ids, *arguments

        self.walk(calls)

    def test_odd_sets_of_values(self):
        def calls(model, ids):
            # Who may write nothing is told so, whatever it was.
            for odd in ODD if allowed(model) else ODD[-3:]:
                yield "create", odd
                yield "create", [odd]
                yield "write", ids, odd
                yield "web_save", ids, odd, {}
                yield "copy", ids, odd
            yield "web_save", [], {"no_such_field": 1}, {}

        self.walk(calls)

    def test_odd_values_of_each_field(self):
        def calls(model, ids):
            operations, seen = allowed(model), set()
            for name, field in model._fields.items() if operations else ():
                automatic = getattr(field, "automatic", True)  # 19's ids do not say so
                kinds = () if field.type in seen else ODD_VALUES
                seen.add(field.type)
                for odd in (*kinds, *PLAIN_VALUES) if not automatic else ():
                    if "create" in operations:
                        yield "create", {name: odd}
                    if "write" in operations and ids:
                        yield "write", ids, {name: odd}

        self.walk(calls)

    def test_odd_arguments_of_reads(self):
        """Odoo answers odd domains and names of fields alike for every model; ours adds nothing."""

        def calls(_model, ids):
            for odd in (DEEP, {"a": 1}, "abc", 10**30, "\ud800", [None], ["&"], [("id", "xx", 1)]):
                yield from (("read", ids, odd), ("web_read", ids, odd), ("export_data", ids, odd))
                yield from (("search_read", odd, ["id"]), ("search_read", [], odd))
                yield from (("search_read", [], ["id"], 0, odd), ("search_read", [], [], 0, 1, odd))
                yield from (("web_search_read", odd, {}), ("web_search_read", [], odd))
                yield from (("read_group", odd, ["id"], ["id"]), ("read_group", [], odd, ["id"]))
                yield from (("read_group", [], ["id"], odd), ("search_count", odd), ("search", odd))
                yield from (("name_search", odd), ("name_search", "", odd), ("get_views", odd))
                yield from (
                    ("fields_get", odd),
                    ("default_get", odd),
                    ("web_read_group", odd, [], []),
                )

        self.walk(calls, in_ours=True)

    def test_odd_search_terms(self):
        """What our ways to search hand on to Odoo, it answers as for any field."""

        def calls(model, _ids):
            for name, field in model._fields.items():
                for operator in OPERATORS if field.search and is_ours(field) else ():
                    for odd in ODD_TERMS:
                        yield "search_count", [(name, operator, odd)]

        self.walk(calls, in_ours=True)


def is_ours(field):
    return getattr(field, "_module", None) in ADDONS


def allowed(model):
    return [operation for operation in ("create", "write") if may(model, operation)]


def may(model, operation):
    try:
        check_access(model.browse(), operation)
    except AccessError:
        return False
    return True


class _Undo(Exception):
    pass

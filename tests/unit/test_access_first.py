"""Every public method of every model asks for access first, and takes any argument.

The walk finds models and methods by itself: what is added later is walked, too.
"""

import inspect
import re
from datetime import datetime

import psycopg2

from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

from odoo.addons.test_event_sourcing.common import EventCase, groups_field, make_user

from tools.layout import ADDONS

OURS = tuple(ADDONS)
MARK = "zqxmarker"  # in all that nobody of the others may read
# They work in a transaction of their own: it waits for appends of the test, or sees no user of it.
APART = ("action_let_follow", "action_run_inline", "read_feed")
SECRETS = re.compile(rf"{MARK}|7654321|2031-03-03|03/03/2031", re.IGNORECASE)
DEEP = []
for _number in range(1500):
    DEEP = [DEEP]
# What may come over RPC in the place of any argument.
ODD = (
    DEEP,
    {"a": {"b": [1, {"c": None}]}},
    10**30,
    -1,
    True,
    1.5,
    None,
    "x" * 1_000_000,
    "",
    "\0",
    "a\nb",
    b"\xff\x00",
    [None],
    [[1], {}],
    datetime(2026, 1, 1),
)
# Of Odoo's own: what forms, lists and other systems call on every model.
STANDARD = {
    "default_get": lambda c: (c.names,),
    "onchange": lambda c: (c.values, list(c.values), c.spec),
    "web_read": lambda c: (c.spec,),
    "web_search_read": lambda c: ([], c.spec),
    "read": lambda c: (c.names,),
    "search_read": lambda c: ([], c.names),
    "search_count": lambda c: ([],),
    "name_search": lambda c: (),
    "export_data": lambda c: (c.names,),
    "fields_get": lambda c: (),
    "get_views": lambda c: ([(False, "form")],),
}


def is_ours(kind):
    parts = kind.__module__.split(".")
    return parts[:2] == ["odoo", "addons"] and parts[2] in OURS


def own_methods(model):
    """Return ``{name: function}`` of the public methods that our classes give a model."""
    found = {}
    for kind in type(model).__mro__:
        # What all models are given ends in Odoo's own methods, with Odoo's own answers.
        if is_ours(kind) and "base" not in (vars(kind).get("_inherit") or ()):
            for name, value in vars(kind).items():
                public = callable(value) and not name.startswith("_") and name != "init"
                if public and not inspect.isclass(value):
                    found.setdefault(name, getattr(type(model), name))
    return found


class Call:
    """What is asked of one model: its fields, and the values that a form would send."""

    def __init__(self, model, foreign):
        self.names = list(model._fields)
        self.spec = {name: {} for name in self.names}
        self.values = {}
        for name, field in model._fields.items():
            ids = foreign.get(field.comodel_name, []) if field.relational else []
            if ids and field.type == "many2one":
                self.values[name] = ids[0]
            elif ids:
                self.values[name] = [(6, 0, ids)]


def newest(model):
    """Return the ids of the newest records; none of a model of Odoo's that nobody may search."""
    model = model.sudo().with_context(active_test=False)
    try:
        return model.search([], limit=3, order="id desc").ids
    except UserError:
        return []


class TestAccessFirst(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        env = cls.env
        cls.ours = env.company
        cls.theirs = env["res.company"].create({"name": "Theirs"})
        owner = make_user(
            env, f"{MARK}owner", "manager", "rental_event_sourcing.rental_order_group_manager"
        )
        cls.owner = owner
        partner = env["res.partner"].create({"name": MARK, "company_id": cls.ours.id})
        product = env["product.product"].create(
            {"name": MARK, "rental_price_month": 7654321, "company_id": cls.ours.id}
        )
        orders = env["rental.order"].with_user(owner)
        order = orders.create(
            {
                "partner_id": partner.id,
                "product_id": product.id,
                "planned_start": "2031-03-03",
                "planned_end": "2031-03-03",
                "monthly_price": 7654321,
            }
        )
        order.action_confirm()
        store = env["event.store"].with_user(owner)
        text = {"amount": 1, "text": MARK}
        store.append("counter", "Guessed", "Added", text)
        store.append("counter", "Guessed", "Added", {"amount": MARK})  # refused, with a reason
        store.append(MARK, MARK, MARK, text, event_uuid=MARK)
        jobs = env["event.job"].with_user(owner)
        jobs.start("check", "counter", ["Guessed"])
        env["event.as.of"].with_user(owner).create({"model_name": "counter"}).action_show()
        env["ir.config_parameter"].sudo().set_param("event_sourcing.invalid_policy", "reject")
        wizards = env["event.store.record.wizard"].with_user(owner)
        wizards.create({"other_model_name": MARK, "aggregate_id": MARK})
        env.flush_all()
        cls.foreign = {
            name: newest(model)
            for name, model in env.items()
            if not model._abstract and cls.walked(model) and (model._auto or model._table_query)
        }
        cls.foreign |= {
            "res.company": cls.ours.ids,
            "res.partner": partner.ids,
            "res.users": owner.ids,
            "rental.order": order.ids,
        }
        portal = make_user(env, "walkportal", company=cls.theirs)
        portal[groups_field(env)] = [(6, 0, env.ref("base.group_portal").ids)]
        clerk = ("integration", "rental_event_sourcing.rental_order_group_user")
        manager = ("manager", "rental_event_sourcing.rental_order_group_manager")
        cls.walkers = [
            portal,
            make_user(env, "walkplain", company=cls.theirs),
            make_user(env, "walkclerk", *clerk, company=cls.theirs),
            make_user(env, "walkmanager", *manager, company=cls.theirs),
        ]

    @classmethod
    def walked(cls, model):
        return any(is_ours(kind) for kind in type(model).__mro__)

    def models(self):
        for name, model in self.env.items():
            if self.walked(model) and not name.startswith(("test.", "counter.", "ir.")):
                yield name, model

    def contexts(self, name):
        """Yield hostile contexts: what a caller could say to be taken for more than he is."""
        foreign = self.foreign
        fields = self.env[name]._fields
        defaults = {
            f"default_{field}": foreign.get(definition.comodel_name, [1])[0]
            for field, definition in fields.items()
            if definition.type == "many2one" and foreign.get(definition.comodel_name)
        }
        trusted = {
            "from_command_line": True,
            "event_job_partition": 1,
            "event_archive": True,
            "event_timestamp": "2026-01-01",
            "_force_unlink": True,
            "module": "event_sourcing",
            "random": 1,
            "bin_size": "x",
            "timeline_kinds": [[]],
            "aggregate_label": MARK,
        }
        yield {}
        for model, more in (
            ("rental.order", {**defaults, **trusted}),
            ("event.store", {"allowed_company_ids": [self.ours.id]}),
        ):
            ids = foreign.get(model) or [1]
            yield {"active_model": model, "active_ids": ids, "active_id": ids[0], **more}
        yield {
            "lang": "xx_XX'",
            "tz": "Nowhere/At\0All",
            "active_model": "rental.order",
            "active_ids": "all",
            "active_id": {},
        }

    def ask(self, model, name, arguments, about):
        """Call a method as RPC does, and note what it says where that should not be."""
        try:
            with mute_logger("odoo.sql_db"):
                answer = getattr(model, name)(*arguments)
                if hasattr(answer, "ids"):
                    answer = (answer._name, answer.ids)
                said = repr(answer)
        except UserError as error:
            said = str(error)
            # Odoo's own refusals of access take several lines, and name no record.
            plain = not isinstance(error, AccessError) or "\n" not in said
            if plain and ("\n" in said or len(said) > 700):
                self.problems.append(f"{about} says no short sentence: {said[:200]!r}")
            if re.search("Traceback|SELECT |psycopg2", said):
                self.problems.append(f"{about} shows what is inside: {said[:200]!r}")
        except psycopg2.Error as error:
            self.problems.append(f"{about}: {type(error).__name__} {str(error)[:120]}")
            said = ""
        except Exception as error:
            place = inspect.trace()[-1]
            self.problems.append(
                f"{about}: {type(error).__name__} {str(error)[:120]}"
                f" ({place.filename.rsplit('/', 1)[-1]}:{place.lineno})"
            )
            said = ""
        if not said.startswith("You are not allowed"):  # which comes before anything is done
            self.before.rollback()
        if SECRETS.search(said):
            place = SECRETS.search(said).start()
            self.problems.append(f"{about} tells {said[max(0, place - 80) : place + 30]!r}")

    def walk(self, calls, walkers=None):
        """Make ``calls(name, model)`` as each of the others; nothing but refusals may come."""
        self.problems, self.before = [], self.env.cr.savepoint()
        for name, model in self.models():
            wanted = list(calls(name, model))
            for user in walkers or self.walkers:
                for records, method, arguments, context in wanted:
                    about = f"{user.login}: {name}.{method}{repr(context)[:60]}"
                    asked = model.with_user(user).with_context(**context)
                    asked = asked.browse(records)
                    self.ask(asked, method, arguments, about)
        self.before.close(rollback=True)
        if self.problems:
            unique = {re.sub(r"{.*?: |^\w+: ", " ", p)[:110]: p for p in reversed(self.problems)}
            unique = sorted(unique.values(), key=lambda said: said.partition(": ")[2])
            self.fail(f"{len(unique)} answers:\n" + "\n".join(unique))

    def test_what_odoo_asks_of_every_model(self):
        def calls(name, model):
            if model._abstract or not getattr(model, "_check_named", None):
                return
            call = Call(model, self.foreign)
            ids = self.foreign.get(name, [])
            for odd in ODD if name in ("event.as.of", "event.store", "rental.order") else ():
                yield [], "default_get", (odd,), {}
                for place in range(3):
                    arguments = [{}, [], {}]
                    arguments[place] = odd
                    yield [], "onchange", arguments, {}
            for context in self.contexts(name):
                for method in ("default_get", "onchange"):
                    yield [], method, STANDARD[method](call), context
            for method, arguments in STANDARD.items():
                yield ids, method, arguments(call), {}
            yield [], "onchange", ({}, [], call.spec), {}

        self.walk(calls)

    def test_every_model_of_ours_asks_for_access_first(self):
        lazy = [
            name
            for name, model in self.models()
            if not model._abstract
            and is_ours_by_name(model)
            and not issubclass(type(model), self.env.registry["access.first.mixin"])
        ]
        self.assertEqual(lazy, [])

    def test_own_methods_with_hostile_contexts(self):
        def calls(name, model):
            ids = self.foreign.get(name, [])
            for method, function in own_methods(model).items():
                if method in ("apply_event", "create", "default_get", "onchange"):
                    continue  # asked in the other walks
                if method in APART:
                    continue
                arguments = self.plausible(function)
                for context in self.contexts(name):
                    yield ids, method, arguments, context

        self.walk(calls)

    def test_own_methods_with_odd_arguments(self):
        seen = set()

        def calls(name, model):
            for method, function in own_methods(model).items():
                if hasattr(self.env["base"], method) and name != "event.store":
                    continue  # Odoo's own; its arguments are checked by the mixin, see above
                if function in seen or method == "read_feed":
                    continue  # the same code, of another model; tests/rpc asks the feed
                seen.add(function)
                plausible = self.plausible(function)
                for place in range(len(plausible)):
                    for odd in ODD:
                        arguments = [*plausible]
                        arguments[place] = odd
                        yield [], method, arguments, {}

        self.walk(calls, self.walkers[2:])  # the others are refused before, see above

    def plausible(self, function):
        """Return arguments that a method could be called with, about what is others'."""
        order = self.foreign["rental.order"][0]
        known = {
            "model_name": "counter",
            "res_model": "rental.order",
            "res_id": order,
            "record_id": order,
            "aggregate_id": "Guessed",
            "aggregate_ids": ["Guessed"],
            "company_id": self.ours.id,
            "event_type": "Added",
            "kind": "check",
            "vals": {},
            "vals_list": [{}],
            "calls": [{"model_name": "counter", "aggregate_id": "W1", "event_type": "Added"}],
            "fields_list": [],
            "values": {},
            "field_names": [],
            "fields_spec": {},
            "field_name": "payload",
            "limit": 10,
            "week": 0,
            "name": "event_store_1",
        }
        parameters = list(inspect.signature(function).parameters.values())[1:]
        positional = [p for p in parameters if p.kind == p.POSITIONAL_OR_KEYWORD]
        return [known.get(p.name, None if p.default is p.empty else p.default) for p in positional]


def is_ours_by_name(model):
    return getattr(model, "_original_module", None) in OURS


class TestOddValues(EventCase):
    """``create`` and ``write`` of every model of ours refuse odd values in a sentence."""

    def models(self, user):
        for name in self.env.registry:
            model = self.env[name].with_user(user)
            if not model._abstract and any(map(is_ours, type(model).__mro__)):
                first = [kind for kind in type(model).__mro__ if kind.__module__[:5] == "odoo."]
                if is_ours(first[-1]) or hasattr(model, "_check_given"):
                    yield model

    def short(self, value):
        if isinstance(value, dict):
            return {name: self.short(inner) for name, inner in value.items()}
        return type(value).__name__ if isinstance(value, list | dict | str) else value

    def refused(self, model, way, *arguments):
        """Call a method, and note what it ends on where that is no sentence."""
        try:
            with self.env.cr.savepoint():
                getattr(model, way)(*arguments)
        except (AccessError, UserError):
            pass
        except psycopg2.Error as error:
            # What a column says of a value that is missing is Odoo's to put into words.
            if not isinstance(error, psycopg2.IntegrityError):
                self.wrong.append((model._name, way, self.short(*arguments), repr(error)[:120]))
        except Exception as error:
            self.wrong.append((model._name, way, self.short(*arguments), repr(error)[:120]))

    @mute_logger("odoo.sql_db", "odoo.models", "odoo.addons.base.models.ir_rule")
    def test_odd_values(self):
        admin = make_user(self.env, "oddadmin", "manager", "base.group_system")
        self.wrong, walked = [], 0
        odd = [value for value in ODD if value is not None] + [{"no_such_field": 1}, [[9, 9, 9]]]
        for model in self.models(admin):
            walked += 1
            for value in odd:
                self.refused(model, "create", value)
            record = model.sudo().search([], limit=1).with_env(model.env)
            for value in odd:
                self.refused(record, "write", value)
            fields = [f for f in model._fields.values() if f.type != "json" and f.store]
            for number, field in enumerate(fields):
                for step in range(3):
                    value = odd[(number + 5 * step) % len(odd)]
                    self.refused(record, "write", {field.name: value})
                    self.refused(model, "create", {field.name: value})
        self.assertGreater(walked, 20)
        self.assertEqual(self.wrong, [], "\n".join(map(str, self.wrong)))

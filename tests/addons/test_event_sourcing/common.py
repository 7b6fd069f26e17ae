"""What the engine's tests share."""

import runpy

from odoo.tests import TransactionCase, tagged

from odoo.addons.event_sourcing_base.column_values import _date_of


def groups_field(env):
    """Return the name of the field that holds a user's groups (17: groups_id)."""
    return "group_ids" if "group_ids" in env["res.users"]._fields else "groups_id"


def migrate(cr, script, version):
    """Run a migration script, by its path, as an update from a version does."""
    runpy.run_path(str(script))["migrate"](cr, version)


def make_user(env, login, *groups, company=None):
    """Create an internal user with groups of the engine, by their short names.

    Who is made here lives where the test does: it is the same day for all of them.
    """
    company = company or env.company
    refs = [env.ref("base.group_user").id]
    refs += [
        env.ref(name if "." in name else f"event_sourcing.event_store_group_{name}").id
        for name in groups
    ]
    return (
        env["res.users"]
        .with_context(no_reset_password=True)
        .create(
            {
                "name": login.capitalize(),
                "login": login,
                "password": login,
                "tz": env.user.tz,
                "company_id": company.id,
                "company_ids": [(6, 0, company.ids)],
                groups_field(env): [(6, 0, refs)],
            }
        )
    )


def take_turns(env):
    """Let two book the seat A1, one after the other; return what its boundary knows of it."""
    for name, event_type, day in (("B1", "Booked", 1), ("B1", "Cancelled", 3), ("B2", "Booked", 5)):
        payload = {"seat": "A1"} if event_type == "Booked" else {}
        moment = f"2026-03-0{day} 10:00:00"
        env["event.store"].append("booking", name, event_type, payload, timestamp=moment)
    return env["event.boundary.state"].search([("boundary", "=", "seat"), ("key", "=", "A1")])


@tagged("post_install", "-at_install")
class EventCase(TransactionCase):
    """A store, and short ways to append to the toy aggregate ``counter``.

    Its tests run when all is installed: the toys come after the addon that they test.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.store = cls.env["event.store"]

    def setUp(self):
        super().setUp()
        # Where a test stops the clock, dates are of a class of their own: none is kept for another.
        _date_of.cache_clear()
        self.addCleanup(_date_of.cache_clear)

    def add(self, aggregate_id="C1", amount=1, **options):
        """Append ``Added``; returns the answer of append."""
        payload = {"amount": amount, **options.pop("payload", {})}
        return self.store.append("counter", aggregate_id, "Added", payload, **options)

    def key(self, aggregate_id="C1"):
        """Return the key of a stream of the test's company."""
        return self.env.company.id, aggregate_id

    def snapshot(self, aggregate_id="C1"):
        return self.env["counter.snapshot"].search([("aggregate_id", "=", aggregate_id)])

    def stream(self, aggregate_id="C1", model_name="counter"):
        """Return (version, outcome) of the stream's events in order."""
        events = self.store.search(
            [
                ("model_name", "=", model_name),
                ("aggregate_id", "=", aggregate_id),
                ("event_type", "not in", ("InvalidOperationAttempted", "SystemErrorOccurred")),
            ],
            order="version",
        )
        return [(event.version, event.outcome) for event in events]

    def failures(self, aggregate_id="C1", model_name="counter"):
        """Return the failure events about an aggregate, oldest first."""
        return self.store.search(
            [
                ("model_name", "=", model_name),
                ("aggregate_id", "=", aggregate_id),
                ("event_type", "in", ("InvalidOperationAttempted", "SystemErrorOccurred")),
            ],
            order="id",
        )


class JobCase(EventCase):
    """Seven counters of two events each, and jobs in the test's own transaction."""

    def setUp(self):
        super().setUp()
        self.jobs = self.env["event.job"]
        for number in range(7):
            self.add(f"J{number}", number)
            self.add(f"J{number}", 1)
        self.ids = [f"J{number}" for number in range(7)]

    def run_job(self, kind, model_name="counter", aggregate_ids=None):
        job = self.jobs.browse(self.jobs.start(kind, model_name, aggregate_ids)["id"]).sudo()
        while job._write_chunk(job._read_chunk()):
            pass
        return job

    def drifts(self, job):
        return [
            (d.aggregate_id, d.kind, d.key or "", d.before_value or "", d.after_value or "")
            for d in job.difference_ids
        ]

    def tamper(self, statement, *values):
        self.env.cr.execute(statement, values)
        self.env.invalidate_all()


class BrokenRowsCase(JobCase):
    """Of the counters J2 and J5 no row can be made; the snapshots of J1 and J2 are wrong."""

    def setUp(self):
        super().setUp()
        handler = type(self.env["counter.snapshot.handler"])
        columns = handler._columns

        def of_some(handler, state):
            if state["total"] in (3, 6):
                handler.env.cr.execute("SELECT 1 / %s", [state["total"] - 6])
                raise KeyError("place")
            return columns(handler, state)

        self.patch(handler, "_columns", of_some)
        self.tamper("UPDATE counter_snapshot SET total = 99 WHERE aggregate_id IN ('J1', 'J2')")

    def broken(self, job):
        return {d.aggregate_id: d.message for d in job.difference_ids if d.kind == "broken"}

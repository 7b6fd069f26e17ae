from collections import Counter

from odoo import SUPERUSER_ID, _, models

from .event_boundary_drift import BOUNDARY_KINDS
from .event_snapshot_drift import PROBLEMS


class EventJobAlert(models.Model):
    """What a job over everything found, told to the managers once."""

    _inherit = "event.job"

    def _update_alert_default(self):
        """Raise the alert of this kind of job, or clear it where all is well; a hook."""

    def _update_alert_check(self):
        """Tell the managers of each company what was found in theirs, and no other's figures."""
        if self.model_name:
            self._look_again()
            return
        self._update_alerts("drift", self._found_by_company(), type(self)._drift_message)
        if self.kind == "check":  # a rebuild of snapshots neither looks at boundaries nor repairs
            about = [("kind", "in", BOUNDARY_KINDS)]
            self._update_alerts(
                "boundary", self._count_by_company(about), type(self)._boundary_message
            )

    def _update_alerts(self, what, found, message):
        """Raise an alert for each company of which something was found, or clear it."""
        alert = self.env["event.alert"]
        for company in self.company_ids or self._every_company():
            key, count = f"{what}:{company.id}", found.get(company.id, 0)
            if not count:
                alert._clear_alert(key)
                continue
            alert._raise_alert(
                key,
                *alert._where_to_look(),
                lambda env, count=count: message(env["event.job"], count),
                company=company,
            )

    def _update_alert_rebuild(self):
        self._update_alert_check()

    def _found_by_company(self):
        """Return ``{company id: how much is not what the events say}``."""
        domain = [("kind", "not in", BOUNDARY_KINDS)]
        if self.kind == "rebuild":  # what differed is replaced
            domain.append(("kind", "in", PROBLEMS))
        return self._count_by_company(domain)

    def _count_by_company(self, domain):
        domain = [("job_id", "=", self.id), *domain]
        groups = self.env["event.snapshot.drift"]._read_group(domain, ["company_id"], ["__count"])
        return {company.id: count for company, count in groups}

    def _counts_of(self, companies):
        """Return how much was found in some of the companies: ``drift`` and ``problem``."""
        domain = [("job_id", "=", self.id), ("company_id", "in", companies.ids)]
        groups = self.env["event.snapshot.drift"]._read_group(domain, ["kind"], ["__count"])
        counts = Counter()
        for kind, count in groups:
            counts["problem" if kind in PROBLEMS else "drift"] += count
        return counts

    def _look_again(self):
        """Check everything after a repair that did not end, or was of a part.

        Nobody knows then what is left of the drift that was told.
        """
        if self.kind != "rebuild":
            return
        told = [("kind", "in", ("check", "rebuild")), ("state", "=", "done")]
        told.append(("model_name", "=", False))
        for companies in self._checked_apart():
            # One over all companies, which names none, looked at these, too.
            about = [("company_ids", "=", False), ("company_ids", "in", companies.ids)]
            last = self.sudo().search([*told, *(["|", *about] if companies else [])], limit=1)
            found = last._counts_of(companies or self._every_company())
            if found["problem"] + (found["drift"] if last.kind == "check" else 0):
                self.with_user(SUPERUSER_ID).sudo()._check_companies(companies)

    def _drift_message(self, found):
        return _("Snapshots or records that are not what their events say: %(count)s.", count=found)

    def _boundary_message(self, found):
        return _(
            "Boundaries that do not know what the events say, in %(count)s places: rebuild them.",
            count=found,
        )

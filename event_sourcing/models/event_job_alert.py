from odoo import SUPERUSER_ID, _, models

# The alert of each kind of job that looks at everything.
ALERTS = {"check": "drift", "rebuild": "drift", "verify": "seals"}


class EventJobAlert(models.Model):
    """What a job over everything found, told to the managers once."""

    _inherit = "event.job"

    def _tell(self):
        """Raise the alert of this kind of job, or clear it where all is well."""
        key = ALERTS.get(self.kind)
        if not key or self.model_name or len(self.company_ids) > 1:
            self._look_again()
            return
        company = self.company_ids if key == "drift" else None
        key = f"{key}:{company.id}" if company else key
        alert = self.env["event.alert"]
        found = self.problem_count + (self.drift_count if self.kind == "check" else 0)
        if not found:
            alert._clear_alert(key)
            if ALERTS[self.kind] == "drift" and not company:
                for one in self._checked_apart():  # what was told of each is over, too
                    if one:
                        alert._clear_alert(f"{key}:{one.id}")
            return
        texts = {
            "drift": lambda env: env["event.job"]._drift_text(found),
            "seals": lambda env: env["event.job"]._seal_text(),
        }
        text = texts[ALERTS[self.kind]]
        alert._raise_alert(key, self._name, self.id, text, self.message or "", company=company)

    def _look_again(self):
        """Check everything after a repair that did not end, or was of a part.

        Nobody knows then what is left of the drift that was told.
        """
        if self.kind != "rebuild":
            return
        told = [("kind", "in", ("check", "rebuild")), ("state", "=", "done")]
        told.append(("model_name", "=", False))
        for companies in self._checked_apart():
            about = [("company_ids", "in", companies.ids)] if companies else []
            last = self.sudo().search([*told, *about], limit=1)
            if last.problem_count + (last.drift_count if last.kind == "check" else 0):
                jobs = self.with_user(SUPERUSER_ID).sudo()
                jobs._start("check", companies, model_name=False, aggregate_ids=None)

    def _drift_text(self, found):
        return _("%(count)s snapshots or aggregates are not what their events say.", count=found)

    def _seal_text(self):
        return _("Events are not what they were when they were sealed.")

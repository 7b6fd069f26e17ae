from odoo import api, fields, models

from odoo.addons.event_sourcing_base.humanize import titled

from .event_consumer import EVERYTHING

# Events of an instance that a form lists, the last ones.
MOST_EVENTS = 200


class EventProcessInstanceDisplay(models.Model):
    """What managers see of an instance: what it remembers, in words, and what happened."""

    _inherit = "event.process.instance"

    state_text = fields.Text(
        string="What It Remembers",
        compute="_compute_state_text",
        help="The state that follows from the events that it was given.",
    )
    event_ids = fields.Many2many(
        "event.store",
        string="What Happened",
        compute="_compute_event_ids",
        help="The events that it was given; the last ones where there are very many.",
    )
    event_count = fields.Integer(string="Events Taken", compute="_compute_event_count")
    next_due = fields.Datetime(
        string="Next Timeout On",
        compute="_compute_next_due",
        help="When the first of its timeouts comes.",
    )

    def _process(self):
        """Return the process, or None where its addon is gone."""
        return self.env.get(self.subscription_id.consumer)

    def _labels(self):
        """Return what is known about the keys of its documents; see ``event.document``."""
        process, documents = self._process(), self.env["event.document"]
        if process is None:
            return documents._labels(None)
        words = documents._labels(process._timeout_model_name)
        for model_name in process._subscribes:
            if model_name != EVERYTHING:
                other = documents._labels(model_name)
                for part in ("labels", "fields", "declared"):
                    words[part] = {**other[part], **words[part]}
                words["order"] = list(dict.fromkeys([*words["order"], *other["order"]]))
                words["handler"] = words["handler"] or other["handler"]
        words["labels"].update(process._state_labels())
        words["order"] = list(dict.fromkeys([*process._state_labels(), *words["order"]]))
        return words

    def _in_words(self, document):
        """Return a JSON object as lines of labels and values."""
        words, documents = self._labels(), self.env["event.document"]
        lines = []
        for path, value in documents._leaves(documents._in_order(document or {}, words)):
            labels = [words["labels"].get(step) or titled(step) for step in path]
            text = documents._readable(path, value, words).replace("\n", ", ")
            lines.append(f"{' › '.join(labels)}: {text}")
        return "\n".join(lines)

    @api.depends("state")
    @api.depends_context("lang", "tz", "uid")
    def _compute_state_text(self):
        for instance in self:
            instance.state_text = instance._in_words(instance.state)

    @api.depends("events")
    def _compute_event_count(self):
        for instance in self:
            instance.event_count = len((instance.events or {}).get("ids", ()))

    @api.depends("events")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_event_ids(self):
        for instance in self:
            ids = (instance.events or {}).get("ids", ())
            # Those that are in an archive are left out, and so is what the user may not read.
            instance.event_ids = self.env["event.store"].search(
                [("id", "in", ids[-MOST_EVENTS:])], order="id", limit=MOST_EVENTS
            )

    @api.depends("timeout_ids.due")
    def _compute_next_due(self):
        for instance in self:
            instance.next_due = min(instance.timeout_ids.mapped("due"), default=False)


class EventProcessTimeoutDisplay(models.Model):
    """What managers see of a timeout."""

    _inherit = "event.process.timeout"

    subscription_id = fields.Many2one(related="instance_id.subscription_id", string="Process")
    company_id = fields.Many2one(related="instance_id.company_id")
    event_label = fields.Char(string="What Will Happen", compute="_compute_event_label")
    payload_text = fields.Text(string="What the Event Will Say", compute="_compute_payload_text")

    @api.depends("event_type", "instance_id")
    @api.depends_context("lang")
    def _compute_event_label(self):
        registry = self.env["snapshot.handler.registry"]
        for timeout in self:
            process = timeout.instance_id._process()
            model_name = None if process is None else process._timeout_model_name
            timeout.event_label = registry._event_label(model_name, timeout.event_type)

    @api.depends("event_type", "instance_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for timeout in self:
            timeout.display_name = f"{timeout.event_label} ({timeout.instance_id.key})"

    @api.depends("payload")
    @api.depends_context("lang", "tz", "uid")
    def _compute_payload_text(self):
        for timeout in self:
            timeout.payload_text = timeout.instance_id._in_words(timeout.payload)

from odoo import _, models


class RentalTellingMixin(models.AbstractModel):
    """How a person hears what became of what was recorded: a notice that leaves by itself.

    The reasons of what was refused are one click away. Inherit it beside ``event.source.mixin``.
    """

    _name = "rental.telling.mixin"
    _description = "Tells What Became of It"

    def _record_and_tell(self, event_type, payload=None):
        """Record an event about each record, and say what became of each.

        One that is refused does not stop the others: it is kept as an attempt.
        """
        events = self._apply_event(event_type, payload, policy="record")
        done, reasons, refused = [], {}, events.browse()
        for record, event in zip(self, events, strict=True):
            if event.outcome == "applied":
                done.append(record.display_name)
            else:
                reasons.setdefault(event.error_message, []).append(record.display_name)
                refused += event
        sentence = self._done_sentence(event_type, done) if done else ""
        action = self._action_label(event_type)
        return self._notification(
            self._event_label(event_type) if done else _("Not possible: %(action)s", action=action),
            self.env["rental.order.words"]._message(sentence, reasons, len(self)),
            "warning" if refused else "success",
            refused._why(),
        )

    def _notification(self, title, message, kind="success", more=None):
        """Return the action that says something, closes a dialog and loads the page anew."""
        return {
            "type": "ir.actions.client",
            "tag": "event_sourcing_tell",
            "params": {
                "title": title,
                "message": message,
                "className": "text-prewrap",
                "type": kind,
                **({"more": more} if more else {}),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _event_label(self, event_type):
        """Return what an event is called, in the language of the user."""
        handler = self.env["snapshot.handler.registry"].get_handler(self._aggregate_model)
        return handler._event_label(event_type)

    def _action_label(self, event_type):
        """Return what the button says that records an event."""
        return self._event_label(event_type)

    def _done_sentence(self, event_type, names):
        """Return what was done with records.

        :param list names: of the records, one or more
        """
        raise NotImplementedError

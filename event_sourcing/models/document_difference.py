from odoo import api, models

from .event_document import MAX_ROWS

MISSING = object()


class DocumentDifference(models.AbstractModel):
    """Two documents side by side, value by value, in people's words."""

    _inherit = "event.document"

    @api.model
    def _changed(self, before, after):
        """Return what differs between two JSON objects.

        :return: list of ``(path, before, after)``; ``MISSING`` where one has no such value
        """
        old, new = dict(self._leaves(before)), dict(self._leaves(after))
        return [
            (path, old.get(path, MISSING), new.get(path, MISSING))
            for path in dict.fromkeys([*old, *new])
            # 1 and 1.0 and True are different values, though equal in Python.
            if repr(old.get(path, MISSING)) != repr(new.get(path, MISSING))
        ]

    @api.model
    def _difference_rows(self, before, after, model_name, unchanged=False):
        """Return two states side by side.

        :param dict before: JSON object
        :param dict after: JSON object
        :param bool unchanged: whether what is the same is listed, too
        :return: list of ``{"key", "label", "before", "after", "changed"}``, all text but
            the last
        """
        words = self._words(model_name)
        known = {key: place for place, key in enumerate(words["order"])}
        old, new = dict(self._leaves(before)), dict(self._leaves(after))
        changed = {path for path, _old, _new in self._changed(before, after)}
        paths = [path for path in dict.fromkeys([*old, *new]) if unchanged or path in changed]
        paths.sort(key=lambda path: (known.get(path[0], len(known)), path[0]))
        return [
            {
                "key": ".".join(path),
                "label": " › ".join(self._step_label(step, words) for step in path),
                "before": self._readable(path, old.get(path), words),
                "after": self._readable(path, new.get(path), words),
                "changed": path in changed,
            }
            for path in paths[:MAX_ROWS]
        ]

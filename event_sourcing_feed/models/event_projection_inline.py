from odoo import SUPERUSER_ID, _, api, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.db_errors import is_infrastructure_error

from .event_consumer import EVERYTHING
from .event_feed import check_readable


class EventProjectionInline(models.Model):
    """Appends run the inline projections of their types, in the same transaction."""

    _inherit = "event.store"

    @api.model
    def _followers(self, model_names):
        followers = super()._followers(model_names)
        inline = self.env["event.consumer.registry"]._inline()
        if not inline:
            return followers
        registry = self.env(su=True)["snapshot.handler.registry"]
        types = {EVERYTHING, *map(registry._canonical_name, model_names)}
        names = [name for name, subscribed in inline.items() if not types.isdisjoint(subscribed)]
        return [*followers, lambda ids: self._project_inline(names, ids)] if names else followers

    @api.model
    def _project_inline(self, names, event_ids):
        """Run those of these projections that are live on events that were just stored.

        :param list names: of inline projections
        :raise UserError: where one cannot take the events
        """
        env = self.env(user=SUPERUSER_ID, su=True, context={})
        for name in env["event.projection.mode"]._share(names):
            projection = env[name]
            try:
                self._project_pages(projection, sorted(event_ids))
            except Exception as error:
                if isinstance(error, UserError) or is_infrastructure_error(error):
                    raise
                text = f"{type(error).__name__}: {error}"
                raise UserError(
                    _(
                        "The read model %(projection)s could not take what was to be recorded"
                        " (%(error)s). Nothing was stored.",
                        projection=name,
                        error=text,
                    )
                ) from error

    @api.model
    def _project_pages(self, projection, event_ids):
        store, condition = projection.env["event.store"], projection._feed_filter()
        size = projection._page_size
        for first in range(0, len(event_ids), size):
            events = store._feed_events_of(event_ids[first : first + size], condition)
            if events:
                check_readable(events)
                projection._project(events)
        projection.env.flush_all()

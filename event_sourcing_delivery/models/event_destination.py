from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from odoo.addons.event_sourcing_base.compat import check_access
from odoo.addons.event_sourcing_base.fields import NO_SUM
from odoo.addons.event_sourcing_feed.models.event_consumer import EVERYTHING
from odoo.addons.event_sourcing_feed.models.event_subscription import POSITION

OWN_ADMIN = "base.group_system"


class EventDestination(models.Model):
    """A system outside that is told of events: it has a position in the feed as a consumer has.

    What waits for it waits as that position; rows (``event.reaction.task``) exist only for
    events that it did not take while the feed went on.
    """

    _name = "event.destination"
    _inherit = "access.first.mixin"
    _description = "Destination"
    _order = "name, id"

    name = fields.Char(required=True)
    kind = fields.Selection([], required=True, help="In which way it is told.")
    address = fields.Char(
        required=True, help="Where the events are sent. No user name and no password stand here."
    )
    active = fields.Boolean(default=True)
    user_id = fields.Many2one(
        "res.users",
        string="Rights of",
        required=True,
        copy=False,
        ondelete="restrict",
        default=lambda self: self.env.user,
        help="Only what this user may read is sent. Once the user is archived or may not read"
        " events any more, the destination stops.",
    )
    filter_ids = fields.One2many(
        "event.destination.filter",
        "destination_id",
        string="Only These Events",
        copy=True,
        help="Without a line, all events are sent.",
    )
    company_ids = fields.Many2many(
        "res.company",
        string="Only of Companies",
        # One that is archived, or gone, must not leave "of all companies".
        context={"active_test": False},
        ondelete="restrict",
        help="Without one, events of all companies that the user may read are sent.",
    )
    takes_history = fields.Boolean(
        string="With History",
        help="Whether imported and restored events are sent, too: they happened elsewhere, or"
        " were sent before.",
    )
    begins = fields.Selection(
        [("now", "With what is to come"), ("first", "With the first event")],
        required=True,
        default="now",
        help="Which event a new destination is sent first.",
    )
    subscription_id = fields.Many2one(
        "event.subscription", readonly=True, copy=False, ondelete="cascade"
    )
    state = fields.Selection(related="subscription_id.state")
    error_count = fields.Integer(related="subscription_id.error_count", **NO_SUM)
    next_try = fields.Datetime(related="subscription_id.next_try")
    last_error = fields.Text(related="subscription_id.last_error")
    lag_count = fields.Integer(related="subscription_id.lag_count")
    lag_seconds = fields.Float(related="subscription_id.lag_seconds")
    consumed_count = fields.Integer(
        string="Events Sent", related="subscription_id.consumed_count", **NO_SUM
    )
    last_consumed_on = fields.Datetime(
        string="Last Sent On", related="subscription_id.last_consumed_on"
    )

    def init(self):
        super().init()
        self.env.cr.execute(
            """
            CREATE INDEX IF NOT EXISTS event_destination_subscription
                ON event_destination (subscription_id);
            -- Which process is at a destination. A lease: it ends by itself where that dies.
            CREATE TABLE IF NOT EXISTS event_delivery_claim (
                destination_id int PRIMARY KEY,
                token text NOT NULL,
                until timestamp NOT NULL
            )
            """
        )

    # ------------------------------------------------------------------
    # Create, write, unlink
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = self._check_new(vals_list)
        self._check_rights_of(*vals_list)
        destinations = super().create(vals_list)
        # Whatever a context proposes.
        self._check_rights_of(*({"user_id": one.user_id.id} for one in destinations))
        for destination in destinations.sudo():
            destination._subscribe()
        return destinations

    def write(self, vals):
        self._check_given(vals)
        self._check_rights_of(vals)
        done = super().write(vals)
        if not vals.get("active", True):  # nobody is to wait for it, or to worry
            subscriptions = self.sudo().subscription_id
            subscriptions.filtered(lambda s: s.state in ("running", "stopped")).state = "paused"
            self._clear_alerts()
        return done

    def unlink(self):
        subscriptions = self.sudo().subscription_id
        self._clear_alerts()
        done = super().unlink()
        subscriptions.unlink()
        return done

    def copy_data(self, default=None):
        data = super().copy_data(default)
        for vals in data if isinstance(data, list) else [data]:
            vals["name"] = _("%(name)s (copy)", name=vals.get("name", ""))
        return data

    def _subscribe(self):
        """Give it its position in the feed; it is sent nothing before somebody starts it."""
        store = self.env["event.store"]
        position = store._feed_start() if self.begins == "first" else store._feed_now()
        self.subscription_id = self.env["event.subscription"].create(
            {
                "consumer": f"{self._name}/{self.id}",
                "kind": "destination",
                "state": "paused",
                **{name: getattr(position, name) for name in POSITION},
            }
        )

    @api.model
    def _check_rights_of(self, *vals_list):
        """Let managers send what they may read themselves; only administrators name others.

        :raise AccessError: who may decide where events go must not read those of others by it
        :raise UserError: for a position in the feed, which each is given
        """
        if not self.env.su and any("subscription_id" in vals for vals in vals_list):
            raise UserError(
                _("The position of a destination in the feed is its own; leave it out.")
            )
        if self.env.su or self.env.user.has_group(OWN_ADMIN):
            return
        for vals in vals_list:
            if vals.get("user_id", self.env.uid) != self.env.uid:
                raise AccessError(
                    _(
                        "A destination sends what its user may read: choose yourself, or ask an"
                        " administrator to choose somebody else."
                    )
                )

    @api.constrains("address", "kind")
    def _check_address(self):
        for destination in self:
            address = (destination.address or "").strip()
            if "@" in address.partition("?")[0]:
                raise ValidationError(
                    _(
                        "The address must hold no user name and no password; enter what is"
                        " secret in the field for it."
                    )
                )
            check = getattr(destination, f"_check_address_{destination.kind}", None)
            if check:
                check(address)

    # ------------------------------------------------------------------
    # What it is sent
    # ------------------------------------------------------------------

    def _feed_filter(self):
        """Return what events must meet to be sent, as SQL about ``event``."""
        self.ensure_one()
        types = {}
        for line in self.filter_ids:
            chosen = line.event_type or EVERYTHING
            types.setdefault(line.model_name, set()).add(chosen)
        types = {name: tuple(sorted(chosen)) for name, chosen in types.items()}
        store = self.env["event.store"]
        condition = store._feed_condition(types or {EVERYTHING: (EVERYTHING,)}, self.takes_history)
        if self.company_ids:
            condition = SQL("(%s) AND event.company_id = ANY(%s)", condition, self.company_ids.ids)
        return condition

    def _reader(self):
        """Return the store as its user reads it.

        :raise UserError: where the user may read nothing any more
        """
        self.ensure_one()
        user = self.sudo().user_id
        if not user.active:
            raise UserError(
                _(
                    "%(user)s, whose rights it has, is archived; choose another user.",
                    user=user.name,
                )
            )
        store = self.env["event.store"].with_user(user)
        store = store.with_context(allowed_company_ids=user.company_ids.ids)
        try:
            check_access(store.browse(), "read")
        except AccessError as error:
            raise UserError(
                _(
                    "%(user)s, whose rights it has, may not read events any more; give the"
                    " right back, or choose another user.",
                    user=user.name,
                )
            ) from error
        return store

"""For people who write consumers: scenarios and lints, on those of handlers.

::

    from odoo.addons.event_sourcing_feed.testing import lint_projection, lint_reaction, scenario

    scenario(env, "rental").given("EquipmentDelivered").projected(
        {"equipment.utilisation": [{"equipment_id": 1, "days": 3}]}
    )
    scenario(env, "rental").given("DemoStarted").when("RentalConfirmed").reacts(
        "rental.invoice.reaction", ["InvoiceAsked"]
    )
"""

from odoo.addons.event_sourcing.testing import Scenario, rejected

from .testing_projection import ProjectionScenario, lint_projection
from .testing_reaction import ReactionScenario, lint_reaction

__all__ = ["FeedScenario", "lint_projection", "lint_reaction", "rejected", "scenario"]


class FeedScenario(ProjectionScenario, ReactionScenario, Scenario):
    """One story of one aggregate, and what its consumers make of it."""


def scenario(env, model_name):
    """Start a scenario for an aggregate type and its consumers; nothing of it is stored."""
    return FeedScenario(env, model_name)

"""For people who write consumers: scenarios and lints, on those of handlers.

::

    from odoo.addons.event_sourcing_feed.testing import lint_projection, scenario

    scenario(env, "rental").given("EquipmentDelivered").projected(
        {"equipment.utilisation": [{"equipment_id": 1, "days": 3}]}
    )
"""

from odoo.addons.event_sourcing.testing import Scenario, rejected

from .testing_projection import ProjectionScenario, lint_projection

__all__ = ["FeedScenario", "lint_projection", "rejected", "scenario"]


class FeedScenario(ProjectionScenario, Scenario):
    """One story of one aggregate, and what its consumers make of it."""


def scenario(env, model_name):
    """Start a scenario for an aggregate type and its consumers; nothing of it is stored."""
    return FeedScenario(env, model_name)

"""The rules that a rental follows, for contestants that have none of their own."""

# What may happen while a rental has which status, and which one it has then.
STEPS = {
    "DemoStarted": ("draft", "demo"),
    "DemoExtended": ("demo", "demo"),
    "RentalConfirmed": ("demo", "confirmed"),
    "EquipmentDelivered": ("confirmed", "active"),
    "RentalExtended": ("active", "active"),
    "DamageReported": ("active", "active"),
    "EquipmentReturned": ("active", "returned"),
    "RentalInvoiced": ("returned", "returned"),
    "RentalClosed": ("returned", "closed"),
}


def happen(status, event_type):
    """Return the status after an event.

    :raise ValueError: where it is not possible
    """
    before, after = STEPS[event_type]
    if status != before:
        raise ValueError(f"{event_type} is not possible while the status is {status}")
    return after

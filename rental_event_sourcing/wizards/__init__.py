from . import rental_event_wizard

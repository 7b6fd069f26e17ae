from . import event_store, rental_snapshot_handler

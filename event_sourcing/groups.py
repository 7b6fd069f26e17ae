"""The groups of the engine, by their XML ids."""

USER = "event_sourcing.event_store_group_user"
MANAGER = "event_sourcing.event_store_group_manager"
AUDITOR = "event_sourcing.event_store_group_auditor"
INTEGRATION = "event_sourcing.event_store_group_integration"

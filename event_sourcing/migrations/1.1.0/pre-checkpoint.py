"""When the last of a checkpoint's events happened is called ``latest_timestamp``."""


def migrate(cr, version):
    cr.execute("ALTER TABLE event_checkpoint RENAME COLUMN latest TO latest_timestamp")
    cr.execute(
        "UPDATE ir_model_fields SET name = 'latest_timestamp'"
        " WHERE model = 'event.checkpoint' AND name = 'latest'"
    )
    cr.execute(
        "UPDATE ir_model_data SET name = 'field_event_checkpoint__latest_timestamp'"
        " WHERE module = 'event_sourcing' AND name = 'field_event_checkpoint__latest'"
    )

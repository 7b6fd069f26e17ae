"""How far the work of a job is stands in ``progress_data``, and the parts of it are chunks."""


def migrate(cr, version):
    cr.execute("ALTER TABLE event_job RENAME COLUMN reading TO progress_data")
    cr.execute(
        "UPDATE ir_model_fields SET name = 'progress_data'"
        " WHERE model = 'event.job' AND name = 'reading'"
    )
    cr.execute(
        "UPDATE ir_model_data SET name = 'field_event_job__progress_data'"
        " WHERE module = 'event_sourcing_job' AND name = 'field_event_job__reading'"
    )
    # Of an export that goes on after the update.
    cr.execute(
        "UPDATE event_job SET progress_data = progress_data - 'pieces'"
        " || jsonb_build_object('chunks', progress_data -> 'pieces')"
        " WHERE progress_data ? 'pieces'"
    )

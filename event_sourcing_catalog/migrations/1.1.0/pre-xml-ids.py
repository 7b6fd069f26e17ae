"""The settings stood in ``event_sourcing`` up to 1.0.0; their records stay what they are."""


def migrate(cr, version):
    cr.execute(
        "UPDATE ir_model_data SET module = 'event_sourcing_catalog'"
        " WHERE module = 'event_sourcing'"
        " AND name ~ '^(access_|field_|model_|selection__)?"
        "(event_store_policy_wizard|res_config_settings)(_|$)'"
    )

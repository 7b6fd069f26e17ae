"""What stood in ``event_sourcing`` up to 1.0.0 and is here since."""

XML_IDS = ("base_module_uninstall_view_form",)


def take_over_xml_ids(env):
    """Keep the records: installed without this, they would be made anew and the old ones go."""
    env.cr.execute(
        "UPDATE ir_model_data SET module = 'event_sourcing_base'"
        " WHERE module = 'event_sourcing' AND name IN %s",
        [XML_IDS],
    )

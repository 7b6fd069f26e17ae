"""The checks of what handlers declare are an addon of their own, and a database stays with them."""


def migrate(cr, version):
    cr.execute(
        "UPDATE ir_module_module SET state = 'to install'"
        " WHERE name = 'event_sourcing_declaration' AND state = 'uninstalled'"
    )

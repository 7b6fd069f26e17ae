"""Which companies somebody works for."""


def open_companies(env):
    """Return the ids of the companies that are open to somebody, the one of new records first.

    For a context that is kept: of several, Odoo takes the first as the user's own.
    """
    companies = env.companies
    return ((env.company & companies) | companies).ids

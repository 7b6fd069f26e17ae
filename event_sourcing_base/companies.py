"""Which companies somebody works for, and which records a company may use."""


def open_companies(env):
    """Return the ids of the companies that are open to somebody, the one of new records first.

    For a context that is kept: of several, Odoo takes the first as the user's own.
    """
    companies = env.companies
    return ((env.company & companies) | companies).ids


def of_companies(env, model):
    """Whether the records of a model belong to companies."""
    records = env.get(model)
    return records is not None and not records._abstract and "company_id" in records._fields


def usable(env, company_id, model, ids):
    """Return ``{id: whether a company may use the record}``, None for one that is not there.

    It may use its own, those of the companies above it, and what all share.
    """
    # Of the company only its parents are wanted, not its letterhead in every language.
    records = env(su=True)[model].with_context(active_test=False, prefetch_fields=False)
    domain = records._check_company_domain(env["res.company"].browse(company_id))
    seen = records.search([("id", "in", list(ids)), *domain], order="id").ids
    others = set(ids).difference(seen)
    foreign = records.browse(others).exists().ids if others else ()
    return {**dict.fromkeys(ids), **dict.fromkeys(seen, True), **dict.fromkeys(foreign, False)}

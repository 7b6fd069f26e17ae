"""Many who plan rentals at once, while the next numbers have histories already."""

import threading
import uuid

from support.commits import env_of

from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.tools import config, mute_logger

TAKEN = 150
PEOPLE, EACH = 6, 5


def database():
    name = config["db_name"]
    return name[0] if isinstance(name, list) else name


def committed(work):
    """Do something as a call over RPC would: it is tried again where others were in the way."""
    with Registry(database()).cursor() as cr:
        env = env_of(cr)
        return retrying(lambda: work(env), env)


def test_each_gets_a_number_that_nobody_had():
    prefix = f"{uuid.uuid4().hex[:8]}-"

    def prepare(env):
        company = env["res.company"].create({"name": prefix})
        sequence = env["ir.sequence"].search([("code", "=", "rental.order")], limit=1)
        own = sequence.copy({"company_id": company.id, "prefix": prefix, "number_next": 1})
        env["event.store"].create(
            [
                {
                    "model_name": "rental",
                    "aggregate_id": own.get_next_char(number),
                    "event_type": "RentalPlanned",
                    "company_id": company.id,
                }
                for number in range(1, TAKEN + 1)
            ]
        )
        return {
            "company_id": company.id,
            "partner_id": env["res.partner"].create({"name": prefix}).id,
            "product_id": env["product.product"]
            .create({"name": prefix, "company_id": company.id})
            .id,
        }

    values = committed(prepare)
    names, problems = [], []

    def plan():
        try:
            for _number in range(EACH):
                names.append(committed(lambda env: env["rental.order"].create(values).name))
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=plan) for _person in range(PEOPLE)]
    with mute_logger("odoo.sql_db", "odoo.service.model"):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
    assert problems == []
    assert len(names) == len(set(names)) == PEOPLE * EACH

    def look(env):
        domain = [("company_id", "=", values["company_id"]), ("name", "in", names)]
        orders = env["rental.order"].search(domain)
        return {order.name: order.event_count for order in orders}

    assert committed(look) == dict.fromkeys(names, 1)
    assert all(int(name.removeprefix(prefix)) > TAKEN for name in names)

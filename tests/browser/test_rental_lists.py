"""A serial number and Enter find the rental; the import dialog offers a template."""

import pytest
from support.languages import LANGUAGES

ACTION = "rental_event_sourcing.rental_order_action"


@pytest.fixture
def shop(server):
    """A rental with a unit; return ``(serial number, name of the rental)``."""
    _uid, call = server.login("admin", "admin")
    partner = call("res.partner", "create", {"name": "Ms Ono"})
    vals = {"name": "Crane", "rental_ok": True, "rental_counting": "serial"}
    crane = call("product.product", "create", vals)
    serial = f"OC-{crane}-77"
    unit = call("rental.unit", "create", {"product_id": crane, "serial_number": serial})
    line = {"product_id": crane, "quantity": 1, "unit_ids": [[6, 0, [unit]]]}
    order = call("rental.order", "create", {"partner_id": partner, "line_ids": [[0, 0, line]]})
    return serial, call("rental.order", "read", [order], ["name"])[0]["name"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_found_and_template_offered(person, shop, lang):
    serial, name = shop
    someone = person(login="tanaka", lang=lang, width=1366)
    page = someone.page
    someone.open(ACTION)
    page.click(".o_switch_view.o_list")
    page.wait_for_selector(".o_list_view")
    someone.settle()
    someone.search(serial)
    page.locator(".o_data_row", has_text=name).wait_for()
    someone.settle()
    assert page.locator(".o_data_row").count() == 1
    someone.shot("found")
    page.goto(f"{someone.server.url}/web#action=import&model=rental.order")
    page.wait_for_selector(".o_import_action, .o_view_nocontent")
    page.locator("a[href*='rental_orders.xlsx']").wait_for()
    someone.shot("import")

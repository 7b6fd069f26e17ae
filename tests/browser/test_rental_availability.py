"""A clerk plans more than there is: the form says so, and confirming is refused with the reason."""

from datetime import timedelta

import pytest
from support.languages import LANGUAGES
from support.server import shop_today
from test_desk import open_rental

WORDS = {
    "en_US": {"free": "1 of 3", "short": "only 1 free", "again": "Free for as many days from"},
    "ja_JP": {"free": "3 中 1", "short": "空きは 1 だけです", "again": "から空きがあります"},
}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_too_few_are_free(person, server, lang):
    _uid, call = server.login("admin", "admin")
    words = WORDS[lang]
    partner = call("res.partner", "create", {"name": f"株式会社空き {lang}"})
    product = call("product.product", "create", {"name": f"Tent {lang}", "rental_ok": True})
    call("rental.stock", "create", {"product_id": product, "quantity": 3})
    first, last = (str(shop_today() + timedelta(days=days)) for days in (3, 9))
    vals = {"partner_id": partner, "product_id": product, "quantity": 2}
    vals.update(planned_start=first, planned_end=last)
    other, order = (call("rental.order", "create", vals) for _turn in range(2))
    names = {
        row["id"]: row["name"] for row in call("rental.order", "read", [other, order], ["name"])
    }
    call("event.store", "append", "rental", names[other], "RentalConfirmed", {})
    someone = person(lang=lang)
    open_rental(someone, order)
    page = someone.page
    warning = page.locator(".alert-warning [name=shortage]")
    for text in (words["short"], words["again"], names[other], f"Tent {lang}"):
        assert text in warning.inner_text()
    line = page.locator(".o_field_x2many .o_data_row [name=availability]")
    assert line.inner_text().strip() == words["free"]
    someone.shot("short")
    page.locator("button[name=action_confirm]").click()
    page.wait_for_selector(".o_notification, .modal")
    someone.settle()
    assert words["short"] in page.locator(".o_notification, .modal").last.inner_text()
    someone.shot("refused")
    call("rental.order", "write", [order], {"quantity": 1})
    open_rental(someone, order)
    assert not page.locator(".alert-warning [name=shortage]").count()
    assert line.inner_text().strip() == words["free"]
    someone.shot("enough")

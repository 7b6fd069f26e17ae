"""From the Snapshots menu to the snapshots of a domain addon; and many rentals cancelled."""

import pytest
from support.languages import LANGUAGES

WORDS = {
    "en_US": {"rental": "Rental", "cancel": "Cancel rental"},
    "ja_JP": {"rental": "レンタル", "cancel": "レンタルキャンセル"},
}


def make_orders(server, count):
    _uid, call = server.login("admin", "admin")
    partner = call("res.partner", "create", {"name": "客"})
    product = call("product.product", "create", {"name": "Tent", "rental_ok": True})
    vals = {"partner_id": partner, "product_id": product}
    return call, call("rental.order", "create", [vals] * count)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_menu_leads_to_the_snapshots(person, server, lang):
    make_orders(server, 1)
    someone = person(lang=lang)
    someone.open("event_sourcing_catalog.event_aggregate_type_action")
    row = someone.page.locator(".o_data_row", has_text=WORDS[lang]["rental"]).first
    someone.shot("kinds")
    row.locator("td[name=aggregate_label]").click()
    someone.page.wait_for_selector(".o_data_row td[name=planned_start]")
    someone.settle()
    someone.shot("snapshots")
    assert someone.page.locator(".breadcrumb-item, .o_breadcrumb li").count() >= 1


@pytest.mark.parametrize("lang", LANGUAGES)
def test_many_rentals_are_cancelled_for_a_reason(person, server, lang):
    call, orders = make_orders(server, 2)
    names = [order["name"] for order in call("rental.order", "read", orders, ["name"])]
    someone = person(lang=lang)
    page = someone.page
    someone.open("rental_event_sourcing.rental_order_action")
    for name in names:
        page.locator(".o_data_row", has_text=name).locator("input[type=checkbox]").check()
    someone.menu(WORDS[lang]["cancel"])
    page.wait_for_selector(".modal [name=reason] input")
    someone.shot("question")
    page.fill(".modal [name=reason] input", "雨天のため")
    page.click(".modal button[name=action_record]")
    page.wait_for_selector(".o_notification")
    someone.shot("told")
    states = call("rental.order", "read", orders, ["status"])
    assert {order["status"] for order in states} == {"cancelled"}
    snapshots = call("rental.snapshot", "search_read", [["aggregate_id", "in", names]], ["state"])
    assert {row["state"]["cancel_reason"] for row in snapshots} == {"雨天のため"}

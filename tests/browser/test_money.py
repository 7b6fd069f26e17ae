"""A rental's money at the desk: what dialogs propose, ask, and leave on the page."""

from datetime import timedelta

import pytest
from support.languages import LANGUAGES
from support.server import company_of, shop_today

WORDS = {
    "en_US": {"invoiced": "Invoice 1 is for", "owed": "Owed", "deleted": "was deleted"},
    "ja_JP": {"invoiced": "請求 1 で", "owed": "顧客の支払額", "deleted": "会計で削除されました"},
}


@pytest.fixture
def late(server):
    """Plan a rental that is late by four days; return it, its name, and the way to the server."""
    uid, call = server.login("admin", "admin")
    # No rate: a late fee is what a person says.
    call("res.company", "write", [company_of(uid, call)], {"rental_late_fee": 0})
    start, end = (str(shop_today() + timedelta(days=days)) for days in (-20, -4))
    order = call(
        "rental.order",
        "create",
        {
            "partner_id": call("res.partner", "create", {"name": "株式会社遅延"}),
            "product_id": call("product.product", "create", {"name": "Lens", "rental_ok": True}),
            "quantity": 2,
            "monthly_price": 300,
            "planned_start": start,
            "planned_end": end,
        },
    )
    name = call("rental.order", "read", [order], ["name"])[0]["name"]
    for event in (
        ("RentalConfirmed", {}),
        ("EquipmentDelivered", {"delivered_on": start}),
        ("DamageReported", {"description": "レンズに傷", "repair_cost": 70, "charged": True}),
    ):
        answer = call("event.store", "append", "rental", name, *event)
        assert answer["outcome"] == "applied", answer
    return order, name, call


def open_rental(someone, order):
    page = someone.page
    page.goto(f"{someone.server.url}/web#id={order}&model=rental.order&view_type=form")
    page.wait_for_selector(".o_event_timeline_entry")
    someone.settle()


def record(someone, button, shot=None, **answers):
    """Press a button of the rental, answer what its dialog asks, and record it."""
    page = someone.page
    page.click(f"button[name={button}]:visible")
    page.wait_for_selector(".modal button[name=action_record]:visible")
    someone.settle()
    for name, value in answers.items():
        page.fill(f".modal [name={name}] input", value)
        page.keyboard.press("Tab")
    someone.settle()
    if shot:
        someone.shot(shot)
    page.click(".modal button[name=action_record]:visible")


def closed(someone):
    someone.page.wait_for_function("!document.querySelector('.modal')")
    someone.settle()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_rental_is_invoiced_once_and_what_is_charged_beside_adds_up(person, late, lang):
    order, _name, call = late
    words = WORDS[lang]
    someone = person(login="tanaka", lang=lang, width=1366)
    page = someone.page
    open_rental(someone, order)
    record(someone, "action_invoice", f"invoice-{lang}")
    closed(someone)
    page.click("button[name=action_invoice]:visible")
    page.locator(".modal", has_text=words["invoiced"]).wait_for()
    page.click(".modal [name=again] input")
    page.fill(".modal [name=reason] input", "Lost in the mail")
    someone.settle()
    someone.shot(f"invoice-again-{lang}")
    page.click(".modal button[name=action_record]:visible")
    closed(someone)
    record(someone, "action_correct_invoice", f"correct-{lang}", reason="Twice by mistake")
    closed(someone)
    record(someone, "action_charge_damage", f"damage-{lang}")
    closed(someone)
    record(someone, "action_charge_late_fee", f"late-{lang}", amount="40")
    closed(someone)
    record(someone, "action_take_deposit", amount="500")
    closed(someone)
    someone.shot(f"rental-{lang}")
    names = ["invoiced_amount", "credited_amount", "late_fee_amount", "owed_amount"]
    found = call("rental.order", "read", [order], [*names, "deposit_held", "damage_billed"])[0]
    assert [found[name] for name in names] == [1200, 600, 40, 710]
    assert (found["deposit_held"], found["damage_billed"]) == (500, 70)
    assert words["owed"] in page.locator(".o_form_sheet").inner_text()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_deleted_invoice_is_missed(person, late, lang):
    order, name, call = late
    answer = call("event.store", "append", "rental", name, "RentalInvoiced", {"amount": 600})
    call("ir.cron", "method_direct_trigger", feed_cron(call))
    [row] = call("rental.invoice", "search_read", [["event_uuid", "=", answer["event_uuid"]]])
    call("account.move", "unlink", [row["move_id"][0]])
    someone = person(login="tanaka", lang=lang, width=1366)
    page = someone.page
    open_rental(someone, order)
    assert WORDS[lang]["deleted"] in page.locator(".alert-warning").inner_text()
    someone.shot(f"deleted-{lang}")
    page.click("button[name=action_draft_invoices_again]:visible")
    page.locator(".alert-warning").wait_for(state="detached")
    someone.settle()
    page.click(".o_notebook a[name=invoices]")
    someone.settle()
    someone.shot(f"invoices-{lang}")
    [row] = call("rental.invoice", "read", [row["id"]], ["state"])
    assert row["state"] == "draft"


def feed_cron(call):
    """Return the ids of the scheduled action that works on all subscriptions."""
    domain = [["module", "=", "event_sourcing_feed"], ["model", "=", "ir.cron"]]
    return [row["res_id"] for row in call("ir.model.data", "search_read", domain, ["res_id"])]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_all_that_is_due_is_one_draft_and_the_customer_owes_it(person, late, lang):
    order, name, call = late
    someone = person(login="tanaka", lang=lang, width=1366)
    page = someone.page
    open_rental(someone, order)
    page.click("button[name=action_collect]:visible")
    page.locator(".modal [name=line_ids] .o_data_row").nth(1).wait_for()
    someone.settle()
    assert page.locator(".modal [name=line_ids] .o_data_row").count() == 2  # no rate, no late fee
    assert "670" in page.locator(".modal [name=total]").inner_text()
    someone.shot(f"collect-{lang}")
    page.click(".modal button[name=action_record]:visible")
    closed(someone)
    [found] = call("rental.order", "read", [order], ["owed_amount", "partner_id"])
    assert found["owed_amount"] == 670
    call("ir.cron", "method_direct_trigger", feed_cron(call))
    rows = call("rental.invoice", "search_read", [["aggregate_id", "=", name]], ["move_id"])
    assert len(rows) == 2 and len({row["move_id"][0] for row in rows}) == 1
    customer = found["partner_id"][0]
    page.goto(f"{someone.server.url}/web#id={customer}&model=res.partner&view_type=form")
    page.wait_for_selector("button[name=action_view_rentals_owed]")
    someone.settle()
    assert "670" in page.locator("button[name=action_view_rentals_owed]").inner_text()
    someone.shot(f"customer-{lang}")

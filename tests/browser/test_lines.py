"""A rental of two products: a part goes out by serial number, and the rest is left open."""

import base64
from datetime import timedelta
from hashlib import sha256

import pytest
from support.languages import LANGUAGES, WIDTHS
from support.server import shop_today
from test_desk import open_rental

WORDS = {
    "en_US": {
        "part": "Deliver equipment",
        "rest": "Deliver the rest",
        "remains": "Still out afterwards",
        "noted": ("Condition", "What is missing"),
    },
    "ja_JP": {
        "part": "機材引渡し",
        "rest": "残りを引渡し",
        "remains": "この後も貸出中のもの",
        "noted": ("状態メモ", "不足品"),
    },
}
# What a button of the form does, which a phone hides behind another one.
PRESS = """async ([order, button]) => {
    const { orm, action } = odoo.__WOWL_DEBUG__.root.env.services;
    action.doAction(await orm.call("rental.order", button, [[order]]));
}"""
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def rental(server):
    """Confirm a rental of lifts and a crane with a serial number; return ``(call, id)``."""
    _uid, call = server.login("admin", "admin")
    partner = call("res.partner", "create", {"name": "Ms Sato"})
    lift = call("product.product", "create", {"name": "Lift", "rental_ok": True})
    serial = {"name": "Crane", "rental_ok": True, "rental_counting": "serial"}
    crane = call("product.product", "create", serial)
    number = f"CR-{crane}"
    call("rental.unit", "create", {"product_id": crane, "serial_number": number})
    lines = [
        [0, 0, {"product_id": lift, "quantity": 3}],
        [0, 0, {"product_id": crane, "quantity": 1}],
    ]
    today = shop_today()
    days = {"planned_start": str(today), "planned_end": str(today + timedelta(days=20))}
    vals = {"partner_id": partner, "line_ids": lines, **days}
    order = call("rental.order", "create", vals)
    call("rental.order", "action_confirm", [order])
    return call, order, number


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_part_goes_out(person, rental, lang):
    words = WORDS[lang]
    call, order, number = rental
    someone = person(login="tanaka", lang=lang, width=1366)
    page = someone.page
    page.goto(f"{someone.server.url}/web#id={order}&model=rental.order&view_type=form")
    page.get_by_role("button", name=words["part"], exact=True).click()
    page.wait_for_selector(".modal [name=line_ids] .o_data_row")
    page.locator(".modal [name=scan] input").fill(number)
    page.keyboard.press("Enter")
    page.locator(".modal [name=unit_ids] .o_tag", has_text=number).wait_for()
    page.locator(".modal .o_data_row td[name=quantity]").first.click()
    page.locator(".modal .o_data_row td[name=quantity] input").first.fill("2")
    someone.shot("dialog")
    page.click(".modal button[name=action_record]:visible")
    page.get_by_role("button", name=words["rest"], exact=True).wait_for()
    someone.settle()
    someone.shot("rental")
    found = call("rental.order", "read", [order], ["status", "to_deliver", "pieces_out"])[0]
    assert (found["status"], found["to_deliver"], found["pieces_out"]) == ("active", 1, 3)


@pytest.mark.parametrize(("lang", "width"), WIDTHS)
def test_a_part_comes_back_with_its_condition_and_a_photo(person, rental, lang, width):
    words = WORDS[lang]
    call, order, number = rental
    [unit] = call("rental.unit", "search_read", [["serial_number", "=", number]], ["name"])
    name = call("rental.order", "read", [order], ["name"])[0]["name"]
    out = {"lines": {"1": {"quantity": 3}, "2": {"unit_ids": [unit["name"]]}}}
    call("event.store", "append", "rental", name, "EquipmentDelivered", out)
    someone = person(login="tanaka", lang=lang, width=width)
    page = someone.page
    open_rental(someone, order)
    page.evaluate(PRESS, [order, "action_return_part"])
    lines = page.locator(".modal [name=line_ids] .o_data_row")
    lines.first.wait_for()
    lines.first.locator("td[name=quantity]").click()
    lines.first.locator("td[name=quantity] input").fill("2")
    lines.first.locator("td[name=condition] input").fill("Scratched")
    lines.first.locator("td[name=missing] input").fill("Belt")
    page.locator(".modal [name=scan] input").click()  # the line is done
    page.locator(".modal [name=remains]", has_text=words["remains"]).wait_for()
    photo = {"name": "belt.png", "mimeType": "image/png", "buffer": PIXEL}
    page.locator(".modal [name=photo_ids] input[type=file]").set_input_files(photo)
    page.locator(".modal [name=photo_ids]", has_text="belt.png").wait_for()
    someone.shot(f"return-{width}")
    assert page.evaluate(TOO_WIDE) <= 0
    page.click(".modal button[name=action_record]:visible")
    page.wait_for_function("!document.querySelector('.modal')")
    someone.settle()
    open_rental(someone, order)
    page.locator(".o_event_timeline", has_text="Scratched").wait_for()
    history = page.locator(".o_event_timeline").inner_text()
    for word in (*words["noted"], "Scratched", "Belt"):
        assert word in history
    someone.shot(f"returned-{width}")
    domain = [["res_model", "=", "rental.order"], ["res_id", "=", order], ["name", "=", "belt.png"]]
    assert call("ir.attachment", "search_count", domain) == 1
    domain = [["aggregate_id", "=", name], ["event_type", "=", "EquipmentReturned"]]
    [event] = call("event.store", "search_read", domain, ["payload"])
    assert event["payload"]["photos"] == [{"name": "belt.png", "sha256": sha256(PIXEL).hexdigest()}]
    assert call("rental.order", "read", [order], ["pieces_out"])[0]["pieces_out"] == 1
    # It did not happen after all: a further event says so.
    page.evaluate(PRESS, [order, "action_correct_return"])
    page.fill(".modal [name=reason] input", "Counted twice")
    page.click(".modal button[name=action_record]:visible")
    page.wait_for_function("!document.querySelector('.modal')")
    someone.settle()
    assert call("rental.order", "read", [order], ["pieces_out"])[0]["pieces_out"] == 4

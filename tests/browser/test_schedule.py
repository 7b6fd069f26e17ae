"""The schedule: bars that are dragged, cells that begin a rental, keys, filters, a phone."""

from datetime import date

import pytest
from support.languages import LANGUAGES, WIDTHS
from support.schedule import (
    BAR,
    GRID,
    day_width,
    days,
    drag,
    find,
    open_schedule,
    open_shop,
    planned,
    release,
)

WORDS = {
    "en_US": {"refused": "cannot be changed", "changed": "Plan changed", "taken": "is booked by"},
    "ja_JP": {"refused": "変更できません", "changed": "計画変更", "taken": "予約"},
}
CURSOR = "#o_rental_schedule_cursor"
# Bars that cover each other, and those that leave their line.
OVERLAPS = """() => [...document.querySelectorAll('.o_rental_schedule_line')].flatMap((line) => {
    const bars = [...line.querySelectorAll('.o_rental_schedule_bar')];
    const boxes = bars.map((bar) => bar.getBoundingClientRect());
    const { top, bottom } = line.getBoundingClientRect();
    return bars.filter((bar, n) => boxes[n].top < top - 1 || boxes[n].bottom > bottom + 1
        || boxes.some((box, m) => m < n
            && box.left < boxes[n].right - 1 && boxes[n].left < box.right - 1)
    ).map((bar) => bar.innerText);
})"""
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def shop(server):
    return open_shop(server)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_bar_is_dragged(person, shop, lang):
    words = WORDS[lang]
    order, name = shop(8, 12, ("RentalConfirmed",))
    someone = person(login="tanaka", lang=lang, width=1366)
    page = someone.page
    open_schedule(someone, shop.code)
    bar = page.locator(BAR, has_text=name)
    drag(page, bar, 3)
    page.locator(".o_rental_schedule_ghost").wait_for()
    someone.shot("dragged")
    page.mouse.up()
    page.locator(".o_notification", has_text=name).wait_for()
    someone.settle()
    assert planned(shop, order) == days(11, 15)
    drag(page, bar, 2, grip=1)  # its end alone
    with page.expect_response(lambda answer: "read_period" in answer.url):
        page.mouse.up()
    someone.settle()
    assert planned(shop, order) == days(11, 17)
    bar.click()
    page.wait_for_selector(".o_event_timeline_entry")
    someone.settle()
    someone.shot("history")
    history = page.locator(".o_event_timeline_entry", has_text=words["changed"])
    assert history.count() == 2
    page.go_back()
    page.wait_for_selector(GRID)
    someone.settle()
    assert page.locator(".o_rental_schedule_search input").input_value() == shop.code


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_bar_is_dragged_to_another_unit(person, shop, lang):
    words, call = WORDS[lang], shop.call
    vals = {"name": f"Drone {shop.code}", "rental_ok": True, "rental_counting": "serial"}
    drone = call("product.product", "create", vals)
    serials = [f"{shop.code}-{number}" for number in (1, 2)]
    vals = [{"product_id": drone, "serial_number": serial} for serial in serials]
    units = call("rental.unit", "create", vals)
    made = {}
    for unit, period in ((units[0], (2, 4)), (units[1], (7, 9))):
        line = {"product_id": drone, "quantity": 1, "unit_ids": [[6, 0, [unit]]]}
        order, name = shop(*period, ("RentalConfirmed",), line_ids=[[0, 0, line]])
        made[name] = order
    first, second = made
    someone = person(login="tanaka", lang=lang, width=1366)
    page = someone.page
    open_schedule(someone, f"Drone {shop.code}")

    def unit_of(name):
        domain = [["order_id", "=", made[name]]]
        return call("rental.order.line", "search_read", domain, ["unit_ids"])[0]["unit_ids"]

    drag(page, page.locator(BAR, has_text=first), 0, lines=1)
    page.locator(".o_rental_schedule_ghost").wait_for()
    someone.shot("over-another-unit")
    release(someone)
    assert (unit_of(first), unit_of(second)) == ([units[1]], [units[1]])
    # Into the days of the other one it does not fit.
    drag(page, page.locator(BAR, has_text=second), -4)
    release(someone)
    page.locator(".o_notification", has_text=words["taken"]).wait_for()
    someone.shot("taken")
    assert planned(shop, made[second]) == days(7, 9)
    someone.settle()
    # The keys do the same: to the row above, and a day later.
    page.locator(GRID).focus()
    page.keyboard.press("Home")  # today
    someone.settle()
    for key in ("ArrowDown", "ArrowDown", *["ArrowRight"] * 2):  # the second unit, two days on
        page.keyboard.press(key)
    page.locator(f"{CURSOR}[aria-label*='{first}']").wait_for(state="attached")
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Shift+ArrowRight")
    with page.expect_response(lambda answer: "read_period" in answer.url):
        page.keyboard.press("Enter")
    someone.settle()
    assert unit_of(first) == [units[0]]
    assert planned(shop, made[first]) == days(3, 5)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_is_refused_goes_back_and_says_why(person, shop, lang):
    words = WORDS[lang]
    order, name = shop(0, 6, ("RentalConfirmed",), ("EquipmentDelivered",))
    someone = person(login="tanaka", lang=lang, width=1366)
    page = someone.page
    open_schedule(someone, shop.code)
    bar = page.locator(BAR, has_text=name)
    before = bar.bounding_box()
    drag(page, bar, 4)
    page.mouse.up()
    page.locator(".o_notification", has_text=words["refused"]).wait_for()
    someone.settle()
    someone.shot("refused")
    assert page.locator(".o_rental_schedule_ghost").count() == 0
    assert bar.bounding_box()["x"] == pytest.approx(before["x"], abs=1)
    assert planned(shop, order) == days(0, 6)
    drag(page, bar, 3, grip=1)  # what is out is extended
    with page.expect_response(lambda answer: "read_period" in answer.url):
        page.mouse.up()
    someone.settle()
    assert planned(shop, order) == days(0, 9)
    # Escape lets go.
    drag(page, bar, 3, grip=1)
    page.keyboard.press("Escape")
    page.mouse.up()
    someone.settle()
    assert planned(shop, order) == days(0, 9)


@pytest.mark.parametrize(("lang", "width"), WIDTHS)
def test_an_empty_cell_begins_a_rental(person, shop, lang, width):
    shop(2, 3)
    someone = person(login="tanaka", lang=lang, width=width)
    page = someone.page
    open_schedule(someone, shop.code)
    track = page.locator(".o_line_product .o_rental_schedule_track").first
    place, width_of_day = track.bounding_box(), day_width(page)
    y = place["y"] + place["height"] / 2
    page.mouse.move(place["x"] + 7.5 * width_of_day, y)
    page.mouse.down()
    page.mouse.move(place["x"] + 9.5 * width_of_day, y, steps=4)
    page.locator(".o_rental_schedule_selection").wait_for()
    page.mouse.up()
    dialog = page.locator(".modal .o_form_view")
    dialog.wait_for()
    someone.settle()
    someone.shot("new")
    assert shop.code in dialog.locator("[name=line_ids]").inner_text()
    if width < 1366:
        return  # a phone chooses a customer in a screen of Odoo's own
    partner = dialog.locator("[name=partner_id] input")
    partner.fill("株式会社予定")
    page.locator(".o-autocomplete--dropdown-item a", has_text="株式会社予定").first.click()
    page.locator(".modal .o_form_button_save:visible").click()
    page.wait_for_function("!document.querySelector('.modal')")
    someone.settle()
    someone.shot("planned")
    domain = [["line_ids.product_id", "=", shop.product]]
    found = shop.call("rental.order", "search_read", domain, ["name"])
    assert len(found) == 2
    new = max(found, key=lambda row: row["id"])
    assert page.locator(BAR, has_text=new["name"]).count() == 1
    first, last = (date.fromisoformat(day) for day in planned(shop, new["id"]))
    assert (last - first).days == 2


@pytest.mark.parametrize("lang", LANGUAGES)
def test_keys_are_enough(person, shop, lang):
    order, name = shop(0, 4, ("RentalConfirmed",))
    someone = person(login="tanaka", lang=lang, width=1366)
    page = someone.page
    open_schedule(someone, shop.code)
    page.locator(GRID).focus()
    page.keyboard.press("PageDown")
    someone.settle()
    assert page.locator(BAR).count() == 0
    page.keyboard.press("Home")  # today
    someone.settle()
    page.keyboard.press("ArrowDown")  # from the product to its rental
    page.locator(f"{CURSOR}[aria-label*='{name}']").wait_for(state="attached")
    someone.shot("cursor")
    assert page.locator(GRID).get_attribute("aria-activedescendant") == "o_rental_schedule_cursor"
    for _number in range(2):
        page.keyboard.press("Shift+ArrowRight")
    page.locator(".o_rental_schedule_ghost").wait_for()
    page.keyboard.press("Escape")
    page.locator(".o_rental_schedule_ghost").wait_for(state="detached")
    assert planned(shop, order) == days(0, 4)
    for _number in range(2):
        page.keyboard.press("Shift+ArrowRight")
    with page.expect_response(lambda answer: "read_period" in answer.url):
        page.keyboard.press("Enter")
    someone.settle()
    assert planned(shop, order) == days(2, 6)
    page.keyboard.press("ArrowUp")
    for _number in range(2):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Enter")  # three days of the product
    dialog = page.locator(".modal .o_form_view")
    dialog.wait_for()
    someone.settle()
    page.keyboard.press("Escape")
    page.wait_for_function("!document.querySelector('.modal')")
    page.locator(GRID).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")  # a rental is opened
    page.wait_for_selector(".o_event_timeline_entry")
    someone.settle()


@pytest.mark.parametrize(("lang", "width"), WIDTHS)
def test_it_can_be_read(person, shop, lang, width):
    _order, late = shop(-20, -2, ("RentalConfirmed",))
    shop(-1, 9, ("RentalConfirmed",), quantity=2)
    out = ("EquipmentDelivered", {"delivered_on": days(-20)[0]})  # and said today: it is overdue
    assert shop.call("event.store", "append", "rental", late, *out)["outcome"] == "applied"
    shop(5, 14)  # one too many
    shop(3, 20, ("DemoStarted",))
    shop(16, 25)
    someone = person(login="tanaka", lang=lang, width=width)
    page = someone.page
    open_schedule(someone)
    someone.shot("all")
    find(someone, shop.code)
    assert page.locator(BAR).count() == 5
    assert page.locator(f"{BAR}.o_conflict").count() >= 2
    assert page.locator(f"{BAR}.o_kind_overdue").count() == 1
    assert page.locator(".o_count_short").count() > 0
    for scale in ("week", "quarter", "month"):
        with page.expect_response(lambda answer: "read_period" in answer.url):
            page.click(f"[data-scale={scale}]")
        someone.settle()
        someone.shot(scale)
        assert page.evaluate(TOO_WIDE) <= 0
        assert not page.evaluate(OVERLAPS)
    page.click(".o_rental_schedule_filter")
    with page.expect_response(lambda answer: "read_period" in answer.url):
        page.click("[data-status=demo]")
    someone.settle()
    someone.shot("filtered")
    assert page.locator(BAR).count() == 1
    assert page.evaluate(TOO_WIDE) <= 0
    with page.expect_response(lambda answer: "read_period" in answer.url):
        page.click("[data-status=demo]")
    page.fill("[name=free_from]", days(30)[0])
    with page.expect_response(lambda answer: "read_period" in answer.url):
        page.fill("[name=free_to]", days(33)[0])
        page.locator("[name=free_to]").blur()
    someone.settle()
    assert "2" in page.locator(".o_rental_schedule_name .badge").inner_text()
    # The head stays where it is.
    page.evaluate(f"document.querySelector('{GRID}').scrollTop = 200")
    someone.settle()
    head, grid = (page.locator(css).bounding_box() for css in (".o_rental_schedule_head", GRID))
    assert head["y"] == pytest.approx(grid["y"], abs=2)

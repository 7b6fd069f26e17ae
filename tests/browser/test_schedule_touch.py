"""The schedule under a finger: it scrolls, taps, and drags once it has rested."""

import pytest
from support.languages import LANGUAGES
from support.schedule import BAR, GRID, day_width, days, open_schedule, open_shop, planned

# Ends once what was pushed has come to rest.
RESTS = """(element) => new Promise((done) => {
    let before, same = 0;
    (function look() {
        same = element.scrollLeft === before ? same + 1 : 0;
        before = element.scrollLeft;
        same > 20 ? done() : requestAnimationFrame(look);
    })();
})"""
REFUSED = {"en_US": "cannot be changed", "ja_JP": "変更できません"}


@pytest.fixture
def shop(server):
    return open_shop(server)


class Finger:
    """A finger on the glass, as the browser gets it from a phone."""

    def __init__(self, page):
        self.client = page.context.new_cdp_session(page)
        self.client.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
        self.page = page

    def touch(self, kind, *points):
        points = [{"x": x, "y": y} for x, y in points]
        event = {"type": f"touch{kind}", "touchPoints": points}
        self.client.send("Input.dispatchTouchEvent", event)

    def slide(self, begin, end, steps=6):
        for step in range(1, steps + 1):
            point = [
                one + (other - one) * step / steps for one, other in zip(begin, end, strict=True)
            ]
            self.touch("Move", point)

    def swipe(self, x, y, across):
        self.touch("Start", (x, y))
        self.slide((x, y), (x + across, y), steps=2)  # at once: a finger that rests would drag
        self.touch("End")

    def tap(self, x, y):
        where = {"x": x, "y": y, "gestureSourceType": "touch"}
        self.client.send("Input.synthesizeTapGesture", where)

    def drag(self, begin, end):
        """Rest until what is there is lifted, and move it."""
        self.touch("Start", begin)
        self.page.locator(".o_rental_schedule_ghost, .o_rental_schedule_selection").wait_for()
        self.slide(begin, end)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_finger_drags_and_scrolls(person, shop, lang):
    order, name = shop(1, 3, ("RentalConfirmed",))
    out, out_name = shop(0, 4, ("RentalConfirmed",), ("EquipmentDelivered",))
    someone = person(login="tanaka", lang=lang, width=390)
    page, finger = someone.page, Finger(someone.page)
    open_schedule(someone, shop.code)
    width, grid = day_width(page), page.locator(GRID)

    def middle(bar):
        box = page.locator(BAR, has_text=bar).bounding_box()
        return box["x"] + min(box["width"] / 2, 200), box["y"] + box["height"] / 2

    def released():
        with page.expect_response(lambda answer: "read_period" in answer.url):
            finger.touch("End")
        someone.settle()

    # Who wipes over a bar scrolls.
    finger.swipe(*middle(name), -60)
    page.wait_for_function(f"document.querySelector('{GRID}').scrollLeft > 30")
    grid.evaluate(RESTS)
    assert planned(shop, order) == days(1, 3)
    grid.evaluate("(element) => (element.scrollLeft = 0)")
    # Who rests on it lifts it.
    x, y = middle(name)
    finger.drag((x, y), (x + 2 * width, y))
    assert grid.evaluate("(element) => element.scrollLeft") == 0
    someone.shot("lifted")
    released()
    assert planned(shop, order) == days(3, 5)
    # What is refused goes back, and says why.
    before = page.locator(BAR, has_text=out_name).bounding_box()
    x, y = middle(out_name)
    finger.drag((x, y), (x + 2 * width, y))
    released()
    page.locator(".o_notification", has_text=REFUSED[lang]).wait_for()
    someone.shot("finger-refused")
    assert page.locator(".o_rental_schedule_ghost").count() == 0
    box = page.locator(BAR, has_text=out_name).bounding_box()
    assert box["x"] == pytest.approx(before["x"], abs=1)
    assert planned(shop, out) == days(0, 4)
    # Its end alone; at the border the days go on.
    box = page.locator(BAR, has_text=out_name).bounding_box()
    x, y = box["x"] + box["width"] - 6, box["y"] + 10
    finger.drag((x, y), (380, y))
    page.wait_for_function(f"document.querySelector('{GRID}').scrollLeft > 300")
    finger.slide((380, y), (300, y))
    released()
    first, last = planned(shop, out)
    assert (first, last > days(9)[0]) == (days(0)[0], True)
    # A tap opens.
    grid.evaluate("(element) => (element.scrollLeft = 0)")
    finger.tap(*middle(name))
    page.wait_for_selector(".o_event_timeline_entry")
    someone.settle()
    page.go_back()
    page.wait_for_selector(GRID)
    someone.settle()
    # Empty days begin a rental.
    track = page.locator(".o_line_product .o_rental_schedule_track").first.bounding_box()
    x, y = track["x"] + 7.5 * width, track["y"] + track["height"] / 2
    finger.drag((x, y), (x + 2 * width, y))
    finger.touch("End")
    page.locator(".modal .o_form_view").wait_for()
    someone.settle()

"""A rental on paper: prices with their words, printing without wkhtmltopdf, mail, agreement."""

import pytest
from support.languages import LANGUAGES
from support.server import company_of

WORDS = {
    "en_US": {
        "menu": "Print",
        "title": "Quotation",
        "priced": "1 month + 2 weeks:",
        "hint": "opens as a page",
        "unsent": "no document can be attached",
        "agree": "Agree to contract",
        "agreed": "Contract agreed",
    },
    "ja_JP": {
        "menu": "印刷",
        "title": "見積書",
        "priced": "1 か月 + 2 週間：",
        "hint": "ページとして開きます",
        "unsent": "書類を添付できません",
        "agree": "契約に合意",
        "agreed": "契約合意",
    },
}


@pytest.fixture
def rental(server):
    """Return a function that plans a rental for a customer of a language."""
    uid, call = server.login("admin", "admin")
    prices = {"rental_price_day": 3000, "rental_price_week": 7500, "rental_price_month": 30000}
    own = {"rental_ok": True, "company_id": company_of(uid, call)}
    template = call("product.template", "create", {"name": "Stage", **own, **prices})
    product = call("product.product", "search", [("product_tmpl_id", "=", template)])[0]

    def plan(lang):
        partner = {"name": "株式会社書類", "lang": lang, "email": "papers@example.com"}
        vals = {
            "partner_id": call("res.partner", "create", partner),
            "planned_start": "2031-03-01",
            "planned_end": "2031-04-14",
            "line_ids": [(0, 0, {"product_id": product, "quantity": 2})],
        }
        return call("rental.order", "create", vals)

    plan.call = call
    return plan


@pytest.mark.parametrize("lang", LANGUAGES)
def test_documents_of_a_rental(person, rental, lang):
    words = WORDS[lang]
    order = rental(lang)
    someone = person(login="tanaka", lang=lang, width=1366)
    page = someone.page
    page.goto(f"{someone.server.url}/web#id={order}&model=rental.order&view_type=form")
    page.wait_for_selector(".o_event_timeline_entry")
    someone.settle()
    assert words["priced"] in page.locator(".o_field_widget[name=line_ids]").inner_text()
    assert page.locator(".o-mail-Chatter").count() == 1
    someone.shot("priced")

    # The server of the tests makes no PDF: a page opens beside, and one sentence says why.
    with page.context.expect_page() as opened:
        page.locator(".o_cp_action_menus button").first.click()
        page.locator(".o-dropdown--menu .dropdown-toggle", has_text=words["menu"]).hover()
        page.locator(".o-dropdown--menu .o_menu_item", has_text=words["title"]).click()
    page.locator(".o_notification", has_text=words["hint"]).wait_for()
    paper = opened.value
    paper.wait_for_load_state()
    assert words["title"] in paper.inner_text("h2")
    assert "90,000" in paper.inner_text("table")
    screen, someone.page = someone.page, paper
    someone.shot("quotation")
    someone.page = screen
    paper.close()

    page.click("button[name=action_confirm]")
    page.wait_for_selector("button[name=action_agree]")
    someone.settle()
    page.click("button[name=action_agree]")
    page.fill(".modal [name=agreed_by] input", "田中 恵子")
    someone.shot("agree")
    page.click(".modal button[name=action_record]:visible")
    page.wait_for_function("!document.querySelector('.modal')")
    someone.settle()
    page.locator(".o_event_timeline_entry", has_text=words["agreed"]).wait_for()
    someone.shot("agreed")

    page.click("button[name=action_send_document]")
    page.locator(".modal", has_text=words["unsent"]).wait_for()
    someone.shot("mail")

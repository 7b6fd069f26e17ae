"""Documents as files of a real server: as PDF where wkhtmltopdf is, as pages where it is not."""

import os
import re
import shutil
import unicodedata
from io import BytesIO
from pathlib import Path
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pytest
from support.languages import LANGUAGES
from support.server import company_of

try:
    from pypdf import PdfReader
except ImportError:  # of Odoo 17
    from PyPDF2 import PdfReader

KINDS = ("quotation", "contract", "pickup", "receipt")
TITLES = {
    "en_US": ("Quotation", "Rental Contract", "Pickup List", "Return Receipt"),
    "ja_JP": ("見積書", "レンタル契約書", "出庫リスト", "返却受領書"),
}
CUSTOMER = "株式会社書類"
HERE = shutil.which("wkhtmltopdf") is not None


@pytest.fixture
def without(odoo_server):
    """A server that finds no wkhtmltopdf."""
    return odoo_server(path="/nowhere")


@pytest.fixture
def rental(odoo_server):
    """Return a function that plans rentals for a customer of a language."""
    uid, call = odoo_server().login("admin", "admin")
    prices = {"rental_price_week": 7500, "rental_price_month": 30000}
    own = {"rental_ok": True, "company_id": company_of(uid, call)}
    template = call("product.template", "create", {"name": "Stage", **own, **prices})
    product = call("product.product", "search", [("product_tmpl_id", "=", template)])[0]

    def plan(lang, count=1):
        partner = {"name": CUSTOMER, "lang": lang, "email": "papers@example.com"}
        customer = call("res.partner", "create", partner)
        return [
            call(
                "rental.order",
                "create",
                {
                    "partner_id": customer,
                    "planned_start": "2031-03-01",
                    "planned_end": "2031-04-14",
                    "line_ids": [(0, 0, {"product_id": product, "quantity": 2})],
                },
            )
            for _number in range(count)
        ]

    return plan


def browser(server):
    """Return a function that opens pages of a server as somebody who is logged in."""
    opener = build_opener(HTTPCookieProcessor())
    page = opener.open(f"{server.url}/web/login").read().decode()
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    form = f"login=admin&password=admin&csrf_token={token}".encode()
    opener.open(Request(f"{server.url}/web/login", data=form))

    def get(path):
        with opener.open(f"{server.url}{path}", timeout=300) as answer:
            return answer.headers.get_content_type(), answer.read()

    return get


def keep(name, content):
    (Path(os.environ["ES_ARTEFACTS"]) / name).write_bytes(content)


def report(kind, ids, form="pdf"):
    return f"/report/{form}/rental_event_sourcing.report_{kind}/{','.join(map(str, ids))}"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_document_in_the_language_of_the_customer(odoo_server, rental, lang):
    server, ids = odoo_server(), rental(lang)
    get = browser(server)
    for kind, title in zip(KINDS, TITLES[lang], strict=True):
        mime, page = get(report(kind, ids, "html"))
        assert mime == "text/html" and title in page.decode()
        if HERE:
            mime, content = get(report(kind, ids))
            keep(f"{kind}-{lang}.pdf", content)
            assert mime == "application/pdf" and content.startswith(b"%PDF-")
            (said,) = pages(content)
            assert CUSTOMER in said
            assert title in said or lang == "en_US"


def test_several_documents_are_one_file(odoo_server, rental):
    ids = rental("en_US", count=2)
    server = odoo_server()
    _uid, call = server.login("admin", "admin")
    hint = call("rental.order", "action_print_hint")
    if not HERE:
        assert "opens as a page" in hint
        return
    assert not hint
    _mime, content = browser(server)(report("contract", ids))
    keep("contracts.pdf", content)
    assert [CUSTOMER in said for said in pages(content)] == [True, True]


def test_where_it_is_missing_pages_are_shown_and_no_mail_promises_a_file(without, rental):
    ids = rental("ja_JP")
    _uid, call = without.login("admin", "admin")
    assert "opens as a page" in call("rental.order", "action_print_hint")
    mime, page = browser(without)(report("quotation", ids, "html"))
    assert mime == "text/html" and "見積書" in page.decode()
    with pytest.raises(Exception, match="no document can be attached"):
        call("rental.order", "action_send_document", ids)
    status = call("rental.order", "read", ids, ["status"])[0]["status"]
    assert status == "draft"


def pages(content):
    """Return what the pages of a PDF say; letters of web fonts cannot be read from it."""
    found = PdfReader(BytesIO(content)).pages
    return [unicodedata.normalize("NFKC", page.extract_text()) for page in found]

"""The company's header on documents, whichever wkhtmltopdf makes them."""

from lxml import html

from odoo.addons.rental_event_sourcing.models.rental_document_pdf import headers_on_the_page

from .test_rental_documents import DocumentCase

REPORT = "rental_event_sourcing.report_quotation"


class TestHeaders(DocumentCase):
    def page(self, orders):
        reports = self.env["ir.actions.report"].with_user(self.clerk)
        data = {"report_type": "pdf"}
        return reports._render_qweb_html(REPORT, orders.ids, data=data)[0]

    def test_each_document_begins_with_the_company_and_ends_with_its_footer(self):
        self.env.company.report_header = "<p>Everything for your stage</p>"
        self.env.company.report_footer = "<p>Open until five</p>"
        orders = self.rented() + self.rented()
        found = html.fromstring(headers_on_the_page(self.page(orders)))
        self.assertFalse(found.find_class("header") + found.find_class("footer"))
        articles = found.find_class("article")
        self.assertEqual(len(articles), 2)
        for order, article in zip(orders, articles, strict=True):
            text = article.text_content()
            places = [
                text.index(words) for words in ("for your stage", order.name, "Open until five")
            ]
            self.assertEqual(places, sorted(places))
            self.assertNotIn("Page:", text)
            self.assertEqual(article.get("data-oe-id"), str(order.id))

    def test_odoo_takes_them_for_what_they_are(self):
        orders = self.rented() + self.rented()
        reports = self.env["ir.actions.report"]
        bodies, ids, *_rest = reports._prepare_html(self.page(orders), report_model="rental.order")
        self.assertEqual((len(list(bodies)), ids), (2, orders.ids))
        # Reports of others are left as they are.
        page = self.page(orders).decode()
        other = reports._prepare_html(page, report_model="res.partner")
        self.assertIn('class="topage"', str(other[3]))

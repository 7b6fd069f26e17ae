import subprocess
from functools import lru_cache

from lxml.html import HTMLParser, fromstring, tostring

from odoo import models
from odoo.tools.misc import find_in_path
from odoo.tools.pdf import merge_pdf

OURS = "rental_event_sourcing."
CLASS = "contains(concat(' ', normalize-space(@class), ' '), ' %s ')"
# The paper of a report leaves room for a header above the page; here it stands on it.
MARGINS = {"data-report-margin-top": 12, "data-report-margin-bottom": 12}


@lru_cache(1)
def repeats_headers():
    """Whether wkhtmltopdf repeats headers and takes several documents, as its patched build does.

    Distributions build it without the patches.
    """
    try:
        command = [find_in_path("wkhtmltopdf"), "--version"]
        said = subprocess.run(command, capture_output=True, check=False).stdout
    except OSError:
        return False
    return b"with patched qt" in said


def headers_on_the_page(page):
    """Return a report whose headers and footers stand at the top and the end of its documents.

    Numbers of pages, which nobody fills in there, are left out.

    :param str page: in HTML, as Odoo renders a report
    """
    root = fromstring(page, parser=HTMLParser(encoding="utf-8"))

    def found(name):
        return root.xpath(f"//div[{CLASS % name}]")

    for numbers in root.xpath(f"//div[{CLASS % 'footer'}]//span[{CLASS % 'topage'}]/.."):
        numbers.drop_tree()
    for name, place in (("header", 0), ("footer", None)):
        for node, article in zip(found(name), found("article"), strict=False):
            node.set("class", node.get("class").replace(name, "mb-4 mt-4", 1))
            node.getparent().remove(node)
            article.insert(len(article) if place is None else place, node)
    return tostring(root, encoding="utf-8")


class IrActionsReport(models.Model):
    """Documents of rentals show the company also where wkhtmltopdf repeats no headers."""

    _inherit = "ir.actions.report"

    def _prepare_html(self, html, report_model=False):
        if report_model == "rental.order" and not repeats_headers():
            html = headers_on_the_page(html)
        return super()._prepare_html(html, report_model=report_model)

    def _run_wkhtmltopdf(self, bodies, report_ref=False, header=None, footer=None, **options):
        ours = isinstance(report_ref, str) and report_ref.startswith(OURS)
        if not ours or repeats_headers():
            return super()._run_wkhtmltopdf(
                bodies, report_ref=report_ref, header=header, footer=footer, **options
            )
        paper = {**(options.pop("specific_paperformat_args", None) or {}), **MARGINS}
        make = super()._run_wkhtmltopdf
        return merge_pdf(
            [
                make([body], report_ref=report_ref, specific_paperformat_args=paper, **options)
                for body in bodies
            ]
        )

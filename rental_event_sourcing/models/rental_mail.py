import base64

from odoo import _, api, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.compat import check_access

from .rental_document import CONTRACT, QUOTATION, RECEIPT

# Which document a customer is sent while a rental has a status.
SENT = {
    "draft": QUOTATION,
    "demo": QUOTATION,
    "confirmed": CONTRACT,
    "active": CONTRACT,
    "returned": RECEIPT,
    "closed": RECEIPT,
}
MAILED = (QUOTATION, CONTRACT, RECEIPT)


class RentalOrder(models.Model):
    """E-mails to the customer, with the document that the rental has come to."""

    _inherit = "rental.order"

    def action_send_document(self):
        """Return the action that asks what to write, with the document attached.

        :raise UserError: for a rental that was cancelled, and where the server makes no PDF
        """
        self.ensure_one()
        check_access(self, "write")
        kind = SENT.get(self.status)
        if not kind:
            raise UserError(
                _("A cancelled rental has no document to send; write a message instead.")
            )
        self._check_sendable()
        return {
            "type": "ir.actions.act_window",
            "name": _("Send by e-mail"),
            "res_model": "mail.compose.message",
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_model": self._name,
                "default_res_ids": self.ids,
                "default_composition_mode": "comment",
                "default_template_id": self._mail_template(kind).id,
                "default_email_layout_xmlid": "mail.mail_notification_light",
                "force_email": True,
            },
        }

    @api.onchange("partner_id")
    def _onchange_partner_id(self):
        """Propose the delivery address of the customer; people of another one are of no use."""
        customer = self.partner_id
        found = customer.address_get(["delivery"])["delivery"] if customer else False
        self.delivery_partner_id = found if found != customer.id else False
        self.contact_partner_id = False

    def _mail_partner(self):
        """Return who gets e-mails about one rental: the contact person, else the customer."""
        self.ensure_one()
        contact = self.contact_partner_id
        return contact if contact.email else self.partner_id

    def _mail_template(self, kind):
        return self.env.ref(f"rental_event_sourcing.mail_{kind}")

    def _process_attachments_for_template_post(self, mail_template):
        """Attach the document of a template of ours; Odoo asks this of every model."""
        kinds = [kind for kind in MAILED if self._mail_template(kind) == mail_template]
        return {
            order.id: {"attachments": [order._document_file(kind)]}
            for order in self
            for kind in kinds
        }

    @api.model
    def _check_sendable(self):
        """Refuse to attach a document that the server cannot make.

        A page instead would lack what it loads from the server.
        """
        if self.action_print_hint():
            raise UserError(
                _(
                    "The server lacks wkhtmltopdf, so no document can be attached; print it with"
                    " your browser and attach that file to a message, or ask your administrator to"
                    " install wkhtmltopdf."
                )
            )

    def _document_file(self, kind):
        """Return ``(name, content in base64)`` of a document.

        :param str kind: one of ``KINDS``
        :raise UserError: where the server makes no PDF
        """
        self.ensure_one()
        self._check_sendable()
        reports = self.env["ir.actions.report"]
        report = f"rental_event_sourcing.report_{kind}"
        content, ending = reports._render_qweb_pdf(report, self.ids)
        return f"{self._document_name(kind)}.{ending}", base64.b64encode(content)

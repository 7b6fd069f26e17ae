from . import rental_demo
from . import rental_invoice
from . import rental_invoice_draft
from . import rental_invoice_reaction
from . import rental_order
from . import res_partner

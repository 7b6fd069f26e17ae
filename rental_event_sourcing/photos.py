"""Photos of equipment: what an event says of them. The files are attachments of the rental."""

import hashlib
import re

from odoo.addons.event_sourcing.transitions import PayloadField

MAX_BYTES = 10 * 1024 * 1024
MAX_COUNT = 20
SHA256 = re.compile(r"[0-9a-f]{64}")
PHOTO = {
    "name": PayloadField("text", required=True),
    "sha256": PayloadField("text", required=True),
}
PHOTOS = {"photos": PayloadField("list", items=PayloadField("object", fields=PHOTO))}


def said(name, content):
    """Return what an event says of a photo, by which the file can be told from any other.

    :param str name: of the file
    :param bytes content: of the file
    """
    return {"name": name, "sha256": hashlib.sha256(content).hexdigest()}

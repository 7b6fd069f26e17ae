from . import models
from .hooks import take_over_xml_ids

from . import controllers
from . import models
from . import wizards
from .hooks import take_over_xml_ids
from .partitioned_tables import see_partitioned_tables

see_partitioned_tables()

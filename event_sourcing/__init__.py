from . import controllers
from . import models
from . import wizards
from .hooks import uninstall_hook
from .partitioned_tables import see_partitioned_tables

see_partitioned_tables()

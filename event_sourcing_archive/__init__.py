from . import models
from .hooks import uninstall_hook
from .partitioned_tables import see_partitioned_tables

see_partitioned_tables()

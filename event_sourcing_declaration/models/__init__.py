from . import snapshot_handler_declaration
from . import snapshot_handler_problems

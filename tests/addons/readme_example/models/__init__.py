from . import library_handler
from . import library_boundary

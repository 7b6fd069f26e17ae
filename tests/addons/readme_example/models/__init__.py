from . import library_handler

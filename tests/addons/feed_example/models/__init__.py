from . import library_reader
from . import library_shelving

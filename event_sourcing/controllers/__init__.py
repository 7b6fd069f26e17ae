from . import export
from . import seal

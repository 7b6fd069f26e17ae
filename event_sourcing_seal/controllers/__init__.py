from . import seal

from . import boundaries

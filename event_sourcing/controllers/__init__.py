from . import export
from . import events_page

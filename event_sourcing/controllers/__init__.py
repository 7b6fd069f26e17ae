from . import export
from . import seal
from . import events_page

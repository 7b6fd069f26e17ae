from . import article_handlers
from . import bad_handlers
from . import conventions
from . import counter_handler
from . import extra_field
from . import flaky_handler
from . import parcel_handler
from . import ticket

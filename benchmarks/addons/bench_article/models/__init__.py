from . import article_event
from . import article_snapshot
from . import rental_article_handler

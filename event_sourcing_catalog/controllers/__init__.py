from . import events_page

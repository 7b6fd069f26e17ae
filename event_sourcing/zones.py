"""Time zones, as far as this machine knows them."""

from datetime import timezone
from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=1000)
def find_zone(name):
    """Return a time zone by its IANA name, such as ``Asia/Tokyo``, None for one unknown here.

    What the machine's tz database does not know, the package ``tzdata`` may.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError, TypeError):
        return None


def local_date(moment, name):
    """Return the day on which a moment falls in a time zone.

    :param datetime moment: UTC without zone
    :param str name: IANA name
    :raise LookupError: for a zone that is unknown here
    """
    zone = find_zone(name)
    if zone is None:
        raise LookupError(f"The time zone {name} is unknown on this machine; install tzdata.")
    return moment.replace(tzinfo=timezone.utc).astimezone(zone).date()

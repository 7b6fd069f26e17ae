"""Time zones, as far as this machine and Odoo know them."""

from contextlib import suppress
from datetime import timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

import pytz

# Names in the machine's tz database that mean another zone on each machine, or count in
# another way.
NO_ZONES = {"localtime", "posixrules", "Factory"}
NO_FOLDERS = ("posix/", "right/")


def find_zone(name):
    """Return a time zone by its IANA name, such as ``Asia/Tokyo``, None for one unknown here.

    What the machine's tz database has dropped, and Odoo still offers its users, is known.
    """
    return _find_zone(name) if isinstance(name, str) and len(name) <= 100 else None


@lru_cache(maxsize=1000)
def _find_zone(name):
    if name in NO_ZONES or name.startswith(NO_FOLDERS):
        return None
    with suppress(KeyError, OSError, ValueError):
        return ZoneInfo(name)
    if name not in pytz.all_timezones_set:
        return None
    with pytz.open_resource(name) as file:
        return ZoneInfo.from_file(file, key=name)


def zone_of_country(code):
    """Return the time zone of a country that has one alone, None for others.

    :param code: of ISO 3166, such as ``JP``; false for none
    """
    names = pytz.country_timezones.get(code, ()) if code else ()
    return names[0] if len(names) == 1 else None


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

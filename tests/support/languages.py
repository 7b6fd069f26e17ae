"""The languages in which every screen is played."""

import os

from tools.layout import SERIES

# A later series shows the same screens: there in the language of the wider words alone.
LANGUAGES = ("en_US", "ja_JP") if os.environ.get("ES_SERIES") == SERIES[0] else ("ja_JP",)
# A scene on a wide screen and on a phone, which gets the wider words.
WIDTHS = ((LANGUAGES[0], 1366), (LANGUAGES[-1], 390))

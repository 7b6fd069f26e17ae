"""The languages in which every screen is played."""

LANGUAGES = ("en_US", "ja_JP")

"""Numbers are read as the user's language writes them, or refused."""

from odoo.tests import BaseCase

from ..number_text import parse_number

ENGLISH, GERMAN, FRENCH = (".", ","), (",", "."), (",", "\u202f")
GOOD = (
    *((ENGLISH, "1,250", 1250), (ENGLISH, "12.50", 12.5), (ENGLISH, "-1,234,567.5", -1234567.5)),
    *((GERMAN, "48.000,00", 48000), (GERMAN, "12,50", 12.5), (GERMAN, "1250", 1250)),
    *((FRENCH, "1\u202f234,5", 1234.5), (FRENCH, "1 234", 1234), (FRENCH, "1\u00a0234", 1234)),
    *((ENGLISH, "１，２３４．５", 1234.5), (ENGLISH, "－１２", -12), (ENGLISH, " 7 ", 7)),
    *((ENGLISH, "9007199254740993", 9007199254740993), (ENGLISH, "0.1", 0.1)),
)
BAD = (
    *((ENGLISH, "12,50"), (ENGLISH, "48.000,00"), (ENGLISH, "1_000"), (ENGLISH, "1e3")),
    *((ENGLISH, ".5"), (ENGLISH, "5."), (ENGLISH, "0x10"), (ENGLISH, "inf"), (ENGLISH, "nan")),
    *(
        (ENGLISH, "1,2345"),
        (ENGLISH, "1,,000"),
        (ENGLISH, ",100"),
        (ENGLISH, "1 000"),
        (ENGLISH, ""),
    ),
    *(
        (GERMAN, "12.5"),
        (GERMAN, "1,234,567"),
        (GERMAN, "48,000.00"),
        (ENGLISH, "--5"),
        (ENGLISH, "½"),
    ),
    *((ENGLISH, "0.1234567890123456789"), (ENGLISH, "9007199254740993.0"), (ENGLISH, "一二")),
    *((ENGLISH, text) for text in ("5²", "1⁰", "①", "１０²", "𝟏𝟐", "٣", "1\n000")),
    *((FRENCH, "1\n234"), (FRENCH, "1\t234"), (FRENCH, "12 34")),
)


class TestNumbers(BaseCase):
    def test_good_ones(self):
        for signs, text, number in GOOD:
            with self.subTest(text):
                found = parse_number(text, *signs)
                self.assertEqual((found, type(found)), (number, type(number)))

    def test_others_are_refused(self):
        for signs, text in BAD:
            with self.subTest(text), self.assertRaises(ValueError):
                parse_number(text, *signs)

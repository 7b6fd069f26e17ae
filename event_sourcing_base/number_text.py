"""Numbers as people write them in their language, or refused: never guessed."""

import re
from decimal import Decimal

# Digits and signs as Japanese keyboards type them, the minus of typesetters, spaces that do not
# break. No more than that of what Unicode calls compatible: 5² is not 52.
TYPED = str.maketrans("０１２３４５６７８９＋－，．\u2212\u00a0\u2009\u202f", "0123456789+-,.-   ")


def parse_number(text, decimal_point=".", thousands_sep=","):
    """Return the number that a text says: an int, or a float that holds all of its digits.

    Full-width digits and signs, as Japanese keyboards type them, are taken. Thousands may be
    separated where the language does so, in groups of three.

    :param str decimal_point: of the language
    :param str thousands_sep: of the language; may be empty
    :raise ValueError: for anything else, such as ``12,50`` where the comma separates thousands,
        ``1e3``, ``1_000`` or more digits than a number can hold
    """
    text = text.translate(TYPED).strip()
    thousands_sep = thousands_sep.translate(TYPED)
    whole, point, fraction = text.partition(decimal_point)
    if thousands_sep and thousands_sep in whole:
        separator = re.escape(thousands_sep)
        if not re.fullmatch(rf"[+-]?[0-9]{{1,3}}(?:{separator}[0-9]{{3}})+", whole):
            raise ValueError(text)
        whole = whole.replace(thousands_sep, "")
    if not re.fullmatch(r"[+-]?[0-9]+", whole) or (point and not re.fullmatch(r"[0-9]+", fraction)):
        raise ValueError(text)
    if not point:
        return int(whole)
    exact = Decimal(f"{whole}.{fraction}")
    number = float(exact)
    if Decimal(repr(number)) != exact:
        raise ValueError(text)
    return int(number) if number.is_integer() else number

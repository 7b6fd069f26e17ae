"""Rows of a file of events: read one by one, however large the file is.

JSON Lines and CSV, each also packed with gzip. A position is an offset in the unpacked
file and a number of lines, so that reading goes on where it stopped.
"""

import codecs
import csv
import gzip
import io
import json
import math
import re
import zlib

from odoo.addons.event_sourcing_base.canonical_json import InvalidJson, parse_object

# No row is longer: a payload has 256 KiB, which escapes and quotes make larger.
MAX_ROW = 4 * 1024 * 1024
SAMPLE = 1024 * 1024
# So much of nothing but empty lines, or of one line, is no file of events but an attack.
MAX_NOTHING = 1024 * 1024
MAX_LINE = 16 * MAX_ROW
MAX_COLUMNS = 1000
MAX_EXCERPT = 1000  # bytes of a row that is shown to somebody
# Of a packed file so much may be read ahead of what it unpacks to: members may be empty.
MAX_AHEAD = MAX_ROW + 512 * 1024
ENCODINGS = {"utf-8": "UTF-8", "cp932": "Shift-JIS", "cp1252": "Windows-1252"}
# What no text holds: private-use and control characters are signs of a wrong encoding.
NO_TEXT = re.compile("[\ue000-\uf8ff\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd]")
# Two in a row: a single one may be a letter with an accent in an encoding of old Macs or of DOS.
KANA = re.compile("[\u3041-\u30ff]{2}")
DELIMITERS = ",;\t"
BLANK = b',;\t \r"'  # what a line consists of in which no cell holds anything
# What people give us by mistake, by its first bytes.
OTHERS = {
    b"PK\x03\x04": "zip",
    b"\xd0\xcf\x11\xe0": "workbook",
    codecs.BOM_UTF16_LE: "utf16",
    codecs.BOM_UTF16_BE: "utf16",
    b"\x1f\x8b": "no_text",  # packed twice
}


class RowParseError(ValueError):
    """A row, or a file, that cannot be read.

    :ivar str reason: a key, which ``event.import.messages`` puts into a sentence
    :ivar bool final: whether nothing after it can be read either
    :ivar dict values: for the sentence's placeholders
    """

    def __init__(self, reason, final=False, **values):
        super().__init__(reason)
        self.reason = reason
        self.final = final
        self.values = values


def unpacked(file):
    """Return a binary file that stands at its beginning, or what gzip unpacks from it."""
    magic = file.read(2)
    file.seek(0)
    return Unpacked(file) if magic == b"\x1f\x8b" else file


class Unpacked(gzip.GzipFile):
    """What gzip unpacks from a file, which may not be long without holding anything."""

    def __init__(self, file):
        self.packed = Packed(file)
        super().__init__(fileobj=self.packed)

    def read(self, size=-1):
        return self._earn(super().read(size))

    def readline(self, size=-1):
        return self._earn(super().readline(size))

    def seek(self, offset, whence=io.SEEK_SET):
        self.packed.room = math.inf  # what was read before may be read again
        try:
            return super().seek(offset, whence)
        finally:
            self.packed.room = MAX_AHEAD

    def _earn(self, content):
        self.packed.room = min(self.packed.room + 2 * len(content), MAX_AHEAD)
        return content


class Packed:
    """A file that gzip reads from.

    :ivar room: how many bytes may still be read before something is unpacked
    """

    def __init__(self, file):
        self.file = file
        self.room = MAX_AHEAD

    def read(self, size=-1):
        """Return the next bytes."""
        content = self.file.read(size)
        self.room -= len(content)
        if self.room < 0:
            raise RowParseError("hollow", final=True)
        return content

    def seek(self, offset, whence=io.SEEK_SET):
        """Go to an offset."""
        return self.file.seek(offset, whence)


def look_at(file, encoding=None):
    """Return what kind of file this is, for :class:`Rows`.

    :param file: an unpacked binary file
    :param str encoding: of a CSV file; found out where none is given
    :return: dict with ``kind``, ``jsonl`` or ``csv``, ``start`` (where the rows begin)
        and, for CSV, ``encoding``, ``delimiter`` and ``header`` (a list of texts)
    :raise RowParseError: for an empty file, or one of another kind
    """
    file.seek(0)
    sample = read_safely(file.read, SAMPLE)
    for magic, reason in OTHERS.items():
        if sample.startswith(magic):
            if reason == "zip" and (b"[Content_Types].xml" in sample or b"xl/" in sample):
                reason = "workbook"
            raise RowParseError(reason, final=True)
    zeros = sample[:4096:2].count(0), sample[1:4096:2].count(0)
    if any(zeros):
        raise RowParseError("no_text" if all(zeros) else "utf16", final=True)
    if b"\r" in sample and b"\n" not in sample:
        raise RowParseError("old_mac", final=True)
    begin = sample.removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    if not begin:
        raise RowParseError("empty", final=True)
    if begin == b"[":
        raise RowParseError("json_list", final=True)
    if begin == b"{":
        return {"kind": "jsonl", "start": [0, 0]}
    if sample.startswith(codecs.BOM_UTF8):
        encoding = "utf-8"  # it says so itself
    encoding = _encoding_of(sample, encoding)
    delimiter = _delimiter_of(sample, encoding)
    lines = Lines(file)
    header = _header_of(lines, Csv(lines, encoding, delimiter))
    return {
        "kind": "csv",
        "encoding": encoding,
        "delimiter": delimiter,
        "header": header,
        "start": [lines.offset, lines.number],
    }


def _header_of(lines, rows):
    """Return the names of the columns: those of the first row that is not blank.

    Spreadsheets write blank lines, and columns without a name at the end of each row.
    """
    header = []
    try:
        while header == []:
            if lines.offset > MAX_NOTHING:
                raise RowParseError("nothing")
            header = rows.read()
    except RowParseError as error:
        error.final = True
        raise
    names = [name.strip() for name in header or ()]
    if len(names) > MAX_COLUMNS:
        raise RowParseError("many_columns", final=True, limit=MAX_COLUMNS)
    while names and not names[-1]:
        names.pop()
    return names


def read_safely(read, *arguments):
    """Return what ``read`` gives; a damaged gzip file is said to be that."""
    try:
        return read(*arguments)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise RowParseError("damaged", final=True) from error


class Rows:
    """The rows of a file from a position on.

    :param file: an unpacked binary file
    :param dict about: from :func:`look_at`
    :param position: ``[offset, lines]``, ``about["start"]`` for all rows
    """

    def __init__(self, file, about, position):
        self.lines = Lines(file, *position)
        self.encoding = about.get("encoding", "utf-8")
        if about["kind"] == "jsonl":
            self._rows = JsonLines(self.lines)
        else:
            self._rows = Csv(self.lines, about["encoding"], about["delimiter"])

    @property
    def position(self):
        """Where the next row begins."""
        return [self.lines.offset, self.lines.number]

    @property
    def excerpt(self):
        """How the last row begins, also where it cannot be read."""
        return (self.lines.first or b"").decode(self.encoding, "replace")

    def next(self):
        """Return ``(number of its first line, row)``, None after the last row.

        A row is a dict of JSON Lines, a list of texts of CSV, or an :class:`RowParseError`.
        The text of a line of JSON is in ``self.lines.last``.
        """
        begin = self.lines.offset
        while True:
            number = self.lines.number + 1
            self.lines.first = None
            if self.lines.offset - begin > MAX_NOTHING:
                return number, RowParseError("nothing", final=True)
            try:
                row = self._rows.read()
            except RowParseError as error:
                row = error
            if row is None:
                return None
            if row or isinstance(row, RowParseError):  # blank lines are none
                return number, row


class Lines:
    """Lines of a binary file, none of them longer than a row may be.

    :ivar last: the last line
    :ivar first: how the first one begins that was read since this was set to None
    """

    def __init__(self, file, offset=0, number=0):
        read_safely(file.seek, offset)
        self.file = file
        self.offset = offset
        self.number = number
        self.last = b""
        self.first = None

    def read(self):
        """Return the next line with its end, empty after the last one."""
        line = read_safely(self.file.readline, MAX_ROW + 1)
        self.offset += len(line)
        if self.first is None:
            self.first = line[:MAX_EXCERPT]
        if len(line) > MAX_ROW:
            length = len(line)
            while line and not line.endswith(b"\n") and length <= MAX_LINE:
                line = read_safely(self.file.readline, MAX_ROW)
                self.offset += len(line)
                length += len(line)
            self.number += 1
            raise RowParseError("long", final=length > MAX_LINE, limit=MAX_ROW // 1024)
        if line:
            self.number += 1
            if self.number == 1:
                line = line.removeprefix(codecs.BOM_UTF8)
        self.last = line
        return line


class JsonLines:
    """One JSON object per line."""

    def __init__(self, lines):
        self.lines = lines

    def read(self):
        """Return the next object, ``{}`` for a blank line, None after the last one."""
        line = self.lines.read()
        if not line:
            return None
        if not line.strip():
            return {}
        try:
            return parse_object(line.rstrip(b"\r\n").decode()) or RowParseError("empty_object")
        except UnicodeDecodeError:
            raise RowParseError("encoding", encoding="UTF-8") from None
        except InvalidJson as error:
            raise RowParseError("not_json", error=error) from None
        except json.JSONDecodeError as error:
            raise RowParseError("broken_json", place=error.colno) from None
        except ValueError:
            raise RowParseError("no_object") from None


class Csv:
    """Comma-separated values; a cell in quotes may hold line breaks."""

    def __init__(self, lines, encoding, delimiter):
        self.lines = lines
        self.encoding = encoding
        # The module has one limit for all; rows are limited here.
        csv.field_size_limit(max(csv.field_size_limit(), MAX_ROW))
        self._reader = csv.reader(self, delimiter=delimiter, strict=True)
        self._size = 0

    def read(self):
        """Return the next row, ``[]`` for a blank one, None after the last one."""
        self._size = 0
        try:
            row = next(self._reader, None)
        except csv.Error:
            raise RowParseError("broken_csv") from None
        return row if row is None or any(cell.strip() for cell in row) else []

    def __iter__(self):
        return self

    def __next__(self):
        line = self.lines.read()
        if not line:
            raise StopIteration
        self._size += len(line)
        if self._size > MAX_ROW:
            raise RowParseError("open_quote", final=True)
        try:
            text = line.decode(self.encoding)
        except UnicodeDecodeError:
            text = None
        if text is None or (self.encoding != "utf-8" and NO_TEXT.search(text)):
            raise RowParseError("encoding", encoding=ENCODINGS[self.encoding]) from None
        return text


def _encoding_of(sample, chosen=None):
    """Return UTF-8 where the sample is that, or what Excel writes in Japan where it surely is.

    :param str chosen: what somebody says it is; counts where it is not surely another one
    :raise RowParseError: in doubt: nearly any bytes are some text in some encoding
    """
    found = None
    for encoding in ("utf-8", "cp932"):
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            text = decoder.decode(sample)  # may end within a character
        except UnicodeDecodeError:
            continue
        if encoding == "utf-8" or (KANA.search(text) and not NO_TEXT.search(text)):
            found = encoding
            break
    if not (chosen or found):
        raise RowParseError("which_encoding", final=True)
    if chosen and found and chosen != found and not sample.isascii():
        raise RowParseError(
            "other_encoding", final=True, chosen=ENCODINGS[chosen], found=ENCODINGS[found]
        )
    return chosen or found


def _delimiter_of(sample, encoding):
    """Return what separates the cells of the header: what gives the most of them."""
    lines = sample.removeprefix(codecs.BOM_UTF8).split(b"\n")
    line = next((line for line in lines if line.strip(BLANK)), b"")
    text = line.decode(encoding, "replace")

    def cells(delimiter):
        try:
            return len(next(csv.reader([text], delimiter=delimiter), ()))
        except csv.Error:  # a cell longer than the module takes
            return 0

    return max(DELIMITERS, key=cells)

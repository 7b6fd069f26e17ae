import io
import os

from odoo import _, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing.models.event_store import FAILURE_TYPES
from odoo.addons.event_sourcing_base.canonical_json import canonical
from odoo.addons.event_sourcing_job.chunk_size import ChunkSize

from ..transfer_file import RowParseError, Rows, look_at, unpacked
from ..transfer_format import END, HEAD, chained

MAX_OPEN = 4
MAX_BYTES = 4 * 1024 * 1024
MAX_UNPACKED = 2 * 2**30  # of a file that was uploaded

# Files that this process has open between two chunks, by database and job.
_open_files = {}


class _OpenFile:
    """A file of a job, at some row."""

    def __init__(self, raw, size):
        self.raw = raw
        self.size = size
        self.file = unpacked(raw)
        self.rows = None

    @property
    def share(self):
        """How much of it was read: 0 to 1."""
        return self.raw.tell() / max(self.size, 1)

    def close(self):
        self.raw.close()


class EventImportReading(models.Model):
    """Reading the rows of an import, a chunk at a time, from where it stopped."""

    _inherit = "event.job"
    # Rows of a chunk.
    _import_chunk = 1000

    def _read_rows(self, progress):
        """Return the next rows; ``progress`` is moved behind them.

        :return: dict with ``items`` (what can be read), ``refused`` (what cannot, as
            ``(line, reason, excerpt)``), ``rows`` (how many), ``share`` (of the file
            that was read) and ``ended``
        :raise RowParseError, UserError: where the file as a whole cannot be imported
        """
        file = self._file_at(progress)
        chunk = {"items": [], "refused": [], "rows": 0, "ended": False}
        chunk["size"] = ChunkSize()
        limit = min(self._import_chunk, progress.get("limit", self._import_chunk))
        # A document is copied each time it is read from its field.
        asker, options = self._asker(), {**self.options, "model_name": self.model_name}
        cache = {"asker": asker, "options": options}
        if progress["about"]["kind"] == "csv":
            header = progress["about"]["header"]
            cache["columns"] = asker["event.import.row"]._columns(header)
            cache["labels"] = {}
        begin = file.rows.position[0]
        if begin > MAX_UNPACKED and not self.file_path:
            raise UserError(
                _(
                    "The file unpacks to more than %(limit)s GiB; split it, or import it with the"
                    " command event_import on the server.",
                    limit=MAX_UNPACKED // 2**30,
                )
            )
        while chunk["rows"] < limit and file.rows.position[0] - begin < MAX_BYTES:
            found = file.rows.next()
            if found is None:
                chunk["ended"] = True
                break
            self._take_row(chunk, progress, cache, file, *found)
            if chunk["ended"]:
                break
        progress["position"] = file.rows.position
        if chunk["ended"]:
            self._check_ended(chunk, progress)
        chunk["share"] = file.share
        if chunk["ended"]:
            file.close()
        else:
            self._keep_open(file)
        return chunk

    def _set_pace(self, chunk):
        """Let the next chunk have fewer rows where checking or storing these took long."""
        size, rows = chunk.get("size"), max(chunk["rows"], 1)
        limit = rows // 2 if size and size.is_full() else 2 * rows
        chunk["progress_data"]["limit"] = max(1, min(self._import_chunk, limit))

    def _take_row(self, chunk, progress, cache, file, line, row):
        """Put one row where it belongs: among the items, or the refused ones."""
        words = self.env["event.import.messages"]
        if progress["events"] == 0 and isinstance(row, dict) and HEAD in row:
            self._take_head(progress, cache, file, row)
            return
        chunk["rows"] += 1
        progress["events"] += 1
        excerpt = row
        try:
            if isinstance(row, RowParseError):
                excerpt = file.rows.excerpt
                chunk["ended"] = row.final
                raise row
            if progress.get("export"):
                excerpt = canonical({k: v for k, v in row.items() if k != "content_hash"})
                vals = self._parse_export(chunk, progress, cache, file, row)
                if vals is None:
                    return
                item = self._restored_item(vals)
            else:
                excerpt = self._excerpt(row)
                item = self._parse_external(cache, progress, file, row)
        except RowParseError as error:
            chunk["refused"].append((line, words._explain(error), excerpt))
        except UserError as error:
            chunk["refused"].append((line, str(error), excerpt))
        else:
            chunk["items"].append({**item, "line": line, "excerpt": excerpt})

    def _excerpt(self, row):
        if isinstance(row, list):
            return ", ".join(row)
        try:
            return canonical(row)
        except ValueError:
            return repr(row)

    # ------------------------------------------------------------------
    # Somebody else's rows
    # ------------------------------------------------------------------

    def _parse_external(self, cache, progress, file, row):
        """Return ``vals`` (clean), ``given`` (as the row says it) and ``key`` of one row."""
        rows = cache["asker"]["event.import.row"]
        if isinstance(row, list):
            # As it was written: what the words in it mean may be another thing one day.
            written = [progress["about"]["header"], row]
            model_name = cache["options"]["model_name"]
            zone = cache["options"].get("tz") or "UTC"
            row = rows._from_cells(cache["columns"], row, model_name, cache["labels"], zone)
        else:
            written = file.rows.lines.last.decode().strip()
        return rows._item(row, written, cache["options"])

    # ------------------------------------------------------------------
    # Our own lines
    # ------------------------------------------------------------------

    def _take_head(self, progress, cache, file, row):
        asker, trusted = cache["asker"], cache["options"].get("trusted")
        asker["event.import.line"]._check_head(row, asker.user, trusted)
        progress["export"] = {key: row[key] for key in row if key != "key"}
        progress["digest"] = chained("", file.rows.lines.last.rstrip(b"\r\n"))

    def _parse_export(self, chunk, progress, cache, file, row):
        """Return the values of one event, None for the last line of the file."""
        lines = cache["asker"]["event.import.line"]
        if progress["ended"]:
            raise UserError(_("The file goes on after its end: a line was added."))
        if END in row:
            chunk["rows"] -= 1
            progress["events"] -= 1
            progress["ended"] = True
            trusted = cache["options"].get("trusted")
            lines._check_end(row, progress["digest"], progress["events"], trusted)
            return None
        progress["digest"] = chained(progress["digest"], file.rows.lines.last.rstrip(b"\r\n"))
        return lines._vals(row, cache["options"], cache)

    def _restored_item(self, vals):
        failure = vals["event_type"] in FAILURE_TYPES
        column = "failure" if failure else "event_uuid"
        return {"vals": vals, "given": {}, "key": (column, vals["company_id"], vals["event_uuid"])}

    def _check_ended(self, chunk, progress):
        if progress.get("export") and not progress["ended"] and not chunk["refused"]:
            reason = _("The file is cut off: its end is missing. Copy it again.")
            chunk["refused"].append((progress["position"][1] + 1, reason, ""))

    # ------------------------------------------------------------------
    # The file
    # ------------------------------------------------------------------

    def _file_at(self, progress):
        """Return the file, open at the row where reading goes on."""
        key = self.env.cr.dbname, self.id
        file = _open_files.pop(key, None)
        if file and file.rows.position == progress.get("position"):
            return file
        if file:
            file.close()
        file = self._open_file()
        if self.file_path:
            status = os.fstat(file.raw.fileno())
            stamp = [status.st_size, status.st_mtime_ns]
            if progress.setdefault("stamp", stamp) != stamp:
                raise UserError(_("The file was changed while it was imported; start again."))
        if "about" not in progress:
            about = look_at(file.file, self.options.get("encoding") or None)
            progress.update(
                about=about,
                position=about["start"],
                stage="check",
                events=0,
                digest="",
                ended=False,
            )
        file.rows = Rows(file.file, progress["about"], progress["position"])
        return file

    def _keep_open(self, file):
        while len(_open_files) >= MAX_OPEN:
            _open_files.pop(next(iter(_open_files))).close()
        _open_files[self.env.cr.dbname, self.id] = file

    def _open_file(self):
        """Return the file at its beginning: read from disk where it lies there."""
        try:
            if self.file_path:
                return _OpenFile(*_on_disk(self.file_path))
        except OSError as error:
            raise UserError(
                _("The file cannot be read: %(error)s.", error=error.strerror or error)
            ) from error
        attachment = (
            self.env["ir.attachment"]
            .sudo()
            .search(
                [
                    ("res_model", "=", self._name),
                    ("res_field", "=", "import_file"),
                    ("res_id", "=", self.id),
                ],
                limit=1,
            )
        )
        path = attachment.store_fname and attachment._full_path(attachment.store_fname)
        if path and os.path.exists(path):
            file = _OpenFile(*_on_disk(path))
        else:
            content = attachment.raw or b""
            file = _OpenFile(io.BytesIO(content), len(content))
        if file.size != attachment.file_size:
            # Odoo goes on where a disk is full.
            file.close()
            raise UserError(
                _(
                    "The server does not have the whole file: its disk may be full. Tell your"
                    " administrator, then import the file again."
                )
            )
        return file


def _on_disk(path):
    """Return a file, open for a long time, and its size."""
    raw = io.BufferedReader(io.FileIO(path))
    return raw, os.fstat(raw.fileno()).st_size

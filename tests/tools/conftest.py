"""Fixtures for the tests of the tooling: folders and servers that nobody else uses."""

import pytest

from tools import layout

PG = ("PGHOST", "PGHOSTADDR", "PGPORT", "PGSERVICE", "PGUSER", "PGPASSWORD", "PGDATABASE")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty home folder, and nothing named in the environment."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("ODOO_SOURCE", "SERIES", "PORT", "DB", *PG):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def plant():
    """Put what looks like an Odoo source tree into a folder, and return the folder."""

    def into(folder, series):
        major, minor = series.split(".")
        (folder / "odoo" / "addons").mkdir(parents=True)
        release = f"version_info = ({major}, {minor}, 0, FINAL, 0, '')\n"
        (folder / "odoo" / "release.py").write_text(release)
        return folder

    return into


@pytest.fixture
def never():
    """A function that must not be called."""

    def refuse(*_args):
        raise AssertionError("this must not be asked")

    return refuse


@pytest.fixture
def scratch():
    """A folder below ``.run`` that PostgreSQL's own user can reach, removed afterwards."""
    import shutil
    import tempfile
    from pathlib import Path

    layout.RUN.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="tools-", dir=layout.RUN))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)

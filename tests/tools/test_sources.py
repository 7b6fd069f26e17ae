"""Where Odoo comes from: a named tree, the cache, the official source, Debian."""

import io
import os
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tools import debian, layout, official, sources
from tools.say import Stop


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty home folder, and no Odoo named in the environment."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("ODOO_SOURCE", raising=False)
    return tmp_path


def plant(folder, series):
    """Put what looks like an Odoo source tree into a folder, and return the folder."""
    major, minor = series.split(".")
    (folder / "odoo" / "addons").mkdir(parents=True)
    release = f"version_info = ({major}, {minor}, 0, FINAL, 0, '')\n"
    (folder / "odoo" / "release.py").write_text(release)
    return folder


def never(*_args):
    raise AssertionError("this must not be asked")


def unreachable(_target):
    raise official.Unreachable("no answer")


def test_a_named_tree_comes_first_whatever_its_series(home, monkeypatch):
    plant(layout.cache() / "17.0", "17.0")
    for series in layout.SERIES:
        monkeypatch.setenv("ODOO_SOURCE", str(plant(home / f"mine-{series}", series)))
        source = sources.obtain()
        assert (source.series, source.path) == (series, home / f"mine-{series}")
        assert "ODOO_SOURCE" in source.why


def test_then_the_cache(home, monkeypatch):
    monkeypatch.setattr(official, "fetch", never)
    plant(layout.cache() / "17.0", "17.0")
    plant(layout.cache() / "19.0", "19.0")
    assert sources.obtain().path == layout.cache() / "17.0"
    assert sources.obtain("19.0").path == layout.cache() / "19.0"


def test_then_the_official_source(home, monkeypatch):
    plant(layout.cache() / "19.0", "19.0")
    monkeypatch.setattr(debian, "fetch", never)
    monkeypatch.setattr(official, "fetch", lambda target: plant(target, "17.0"))
    assert sources.obtain().series == "17.0"


def test_and_only_then_debian(home, monkeypatch, capsys):
    monkeypatch.setattr(official, "fetch", unreachable)
    monkeypatch.setattr(debian, "fetch", lambda target: plant(target, "19.0"))
    assert sources.obtain().series == "19.0"
    told = capsys.readouterr().out
    assert "Odoo 17.0 is not at hand and could not be fetched: no answer." in told
    assert "because 17.0 could not be reached" in told
    with pytest.raises(Stop, match=r"17\.0 is not at hand .*: no answer\. Put its source tree at"):
        sources.obtain("17.0")


def test_a_second_start_does_not_wait_for_what_was_unreachable(home, monkeypatch):
    tried = []

    def fetch(target):
        tried.append(target)
        unreachable(target)

    monkeypatch.setattr(official, "fetch", fetch)
    monkeypatch.setattr(debian, "fetch", lambda target: plant(target, "19.0"))
    assert [sources.obtain().series, sources.obtain().series] == ["19.0", "19.0"]
    assert len(tried) == 1
    os.utime(layout.cache() / "17.0.unreachable", (0, 0))
    sources.obtain()
    assert len(tried) == 2


def test_every_series_that_can_be_had_is_tested(home, monkeypatch, capsys):
    monkeypatch.setattr(official, "fetch", unreachable)
    monkeypatch.setattr(debian, "fetch", lambda target: plant(target, "19.0"))
    assert [source.series for source in sources.obtain_all()] == ["19.0"]
    assert "Odoo 17.0 is not tested: " in capsys.readouterr().out
    plant(layout.cache() / "17.0", "17.0")
    assert [source.series for source in sources.obtain_all()] == ["17.0", "19.0"]
    assert [source.series for source in sources.obtain_all("17.0")] == ["17.0"]


def test_a_clone_has_two_folders_of_addons(home):
    tree = plant(home / "clone", "17.0")
    assert sources.Source("17.0", tree, "").addons_path == [tree / "odoo" / "addons"]
    (tree / "addons").mkdir()
    source = sources.Source("17.0", tree, "")
    assert source.addons_path == [tree / "odoo" / "addons", tree / "addons"]


@pytest.mark.parametrize(
    ("series", "told"),
    [(None, "there is no Odoo source tree"), ("18.0", r"is Odoo 18\.0: 17\.0 or 19\.0 is needed")],
)
def test_what_cannot_be_run_is_said(home, monkeypatch, series, told):
    tree = plant(home / "tree", series) if series else home
    monkeypatch.setenv("ODOO_SOURCE", str(tree))
    with pytest.raises(Stop, match=told):
        sources.obtain()


def test_an_unknown_series_is_said(home):
    with pytest.raises(Stop, match=r"SERIES is 16\.0: give one of 17\.0, 19\.0"):
        sources.obtain("16.0")


def test_the_newest_package_stands_in_for_a_lost_one():
    assert debian.newest(["odoo-18", "odoo-19", "odoo-20", "odoo-modules"]) == "odoo-19"
    assert debian.newest(["odoo-9", "odoo-20", "odoo-21"]) == "odoo-21"
    with pytest.raises(Stop, match="Debian offers no Odoo"):
        debian.newest(["odoo-18"])


class Archive:
    """A web server that has the archive, whole or broken off."""

    def __init__(self, length=None):
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            text = b"version_info = (17, 0, 0, FINAL, 0, '')\n" + os.urandom(100_000).hex().encode()
            entry = tarfile.TarInfo("odoo-17.0.post20260101/odoo/release.py")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text))
        body = packed.getvalue()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[:length])

            def log_message(self, *_args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/odoo.tar.gz"


def test_the_archive_becomes_a_source_tree(home, monkeypatch):
    monkeypatch.setattr(official, "ARCHIVE", Archive().url)
    half = layout.cache() / "17.0"
    half.mkdir(parents=True)
    (half / "rest").write_text("of a start that was interrupted")
    path = official.fetch(layout.cache() / "17.0")
    assert sources.series_of(path) == "17.0"
    assert [entry.name for entry in path.iterdir()] == ["odoo"]


@pytest.mark.parametrize("length", [50_000, 0])
def test_an_archive_that_breaks_off_leaves_nothing(home, monkeypatch, length):
    monkeypatch.setattr(official, "ARCHIVE", Archive(length).url)
    monkeypatch.setattr(official, "REPOSITORY", "http://127.0.0.1:9/nobody")
    with pytest.raises(official.Unreachable, match="Connection refused"):
        official.fetch(layout.cache() / "17.0")
    assert list(layout.cache().iterdir()) == []

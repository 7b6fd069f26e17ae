"""The tooling: where Odoo comes from, the port, and one sentence when something is wrong."""

import errno
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tools import debian, layout, odoo, official, port, postgres, python, say, sources, venv
from tools.po import placeholders

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty home folder, and no Odoo named in the environment."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("ODOO_SOURCE", raising=False)
    return tmp_path


def plant(folder, series):
    """Put what looks like an Odoo source tree into ``folder``."""
    major, minor = series.split(".")
    (folder / "odoo" / "addons").mkdir(parents=True)
    release = f"version_info = ({major}, {minor}, 0, FINAL, 0, '')\n"
    (folder / "odoo" / "release.py").write_text(release)
    return folder


def never(*_args):
    raise AssertionError("this must not be asked")


class TestSources:
    def test_a_named_tree_comes_first(self, home, monkeypatch):
        plant(layout.cache() / "17.0", "17.0")
        monkeypatch.setenv("ODOO_SOURCE", str(plant(home / "mine", "17.0")))
        source = sources.obtain()
        assert source.path == home / "mine"
        assert "ODOO_SOURCE" in source.why

    def test_then_the_cache(self, home, monkeypatch):
        monkeypatch.setattr(official, "fetch", never)
        plant(layout.cache() / "17.0", "17.0")
        assert sources.obtain().path == layout.cache() / "17.0"

    def test_then_the_official_source(self, home, monkeypatch):
        plant(layout.cache() / "19.0", "19.0")
        monkeypatch.setattr(debian, "fetch", never)
        monkeypatch.setattr(official, "fetch", lambda target: plant(target, "17.0"))
        assert sources.obtain().series == "17.0"

    def test_and_only_then_debian(self, home, monkeypatch, capsys):
        def unreachable(_target):
            raise official.Unreachable("no answer")

        monkeypatch.setattr(official, "fetch", unreachable)
        monkeypatch.setattr(debian, "fetch", lambda target: plant(target, "19.0"))
        source = sources.obtain()
        assert source.series == "19.0"
        told = capsys.readouterr().out
        assert "Odoo 17.0 could not be fetched (no answer)" in told
        assert "because 17.0 could not be reached" in told
        with pytest.raises(say.Stop, match=r"17\.0 is not at hand and could not be fetched"):
            sources.obtain("17.0")

    def test_a_second_start_does_not_wait_for_what_was_unreachable(self, home, monkeypatch):
        tried = []

        def unreachable(_target):
            tried.append(1)
            raise official.Unreachable("no answer")

        monkeypatch.setattr(official, "fetch", unreachable)
        monkeypatch.setattr(debian, "fetch", lambda target: plant(target, "19.0"))
        assert [sources.obtain().series, sources.obtain().series] == ["19.0", "19.0"]
        assert len(tried) == 1
        os.utime(layout.cache() / "17.0.unreachable", (0, 0))
        sources.obtain()
        assert len(tried) == 2

    def test_a_clone_has_two_folders_of_addons(self, home):
        tree = plant(home / "clone", "17.0")
        (tree / "addons").mkdir()
        source = sources.Source("17.0", tree, "")
        assert source.addons_path == [tree / "odoo" / "addons", tree / "addons"]

    def test_what_is_no_source_tree_is_said(self, home, monkeypatch):
        monkeypatch.setenv("ODOO_SOURCE", str(home))
        with pytest.raises(say.Stop, match="there is no Odoo source tree"):
            sources.obtain()
        monkeypatch.setenv("ODOO_SOURCE", str(plant(home / "odoo19", "19.0")))
        with pytest.raises(say.Stop, match=r"which is Odoo 19\.0, not 17\.0"):
            sources.obtain("17.0")

    def test_an_archive_that_breaks_off_leaves_nothing(self, home, monkeypatch):
        def breaks(fresh):
            plant(fresh, "17.0")
            raise OSError("connection lost")

        def refuses(fresh, error):
            raise official.Unreachable(str(error))

        monkeypatch.setattr(official, "_archive", breaks)
        monkeypatch.setattr(official, "_clone", refuses)
        with pytest.raises(official.Unreachable, match="connection lost"):
            official.fetch(layout.cache() / "17.0")
        assert list(layout.cache().iterdir()) == []


class TestPort:
    def test_only_what_differs_is_changed(self, tmp_path):
        addon = tmp_path / "source" / "addon"
        (addon / "views").mkdir(parents=True)
        (addon / "views" / "views.xml").write_text(
            '<odoo><tree create="0"><field name="treehouse"/></tree>'
            '<xpath expr="//tree/field"/><p>a tree</p><tree/></odoo>'
        )
        (addon / "code.py").write_text('VIEW = "<tree>"\n')
        port.port_addons([addon], tmp_path / "target")
        assert (tmp_path / "target/addon/views/views.xml").read_text() == (
            '<odoo><list create="0"><field name="treehouse"/></list>'
            '<xpath expr="//list/field"/><p>a tree</p><list/></odoo>'
        )
        assert (tmp_path / "target/addon/code.py").read_text() == 'VIEW = "<tree>"\n'
        assert "<tree" in (addon / "views" / "views.xml").read_text()

    def test_what_was_removed_does_not_stay_in_the_copy(self, tmp_path):
        addon = tmp_path / "source" / "addon"
        addon.mkdir(parents=True)
        (addon / "old.py").write_text("")
        port.port_addons([addon], tmp_path / "target")
        (addon / "old.py").unlink()
        port.port_addons([addon], tmp_path / "target")
        assert not (tmp_path / "target/addon/old.py").exists()


class TestSentences:
    def test_a_full_disk_and_a_lost_network(self, tmp_path):
        told = say.explain("It failed", ["x", "OSError: No space left on device"], tmp_path / "l")
        assert told == "It failed: the disk is full. Free some space and run the command again."
        told = say.explain("It failed", ["Temporary failure in name resolution"], tmp_path / "l")
        assert "the network cannot be reached" in told
        assert "other words" in say.explain("It failed", ["other words"], tmp_path / "l")

    def test_a_program_that_fails_is_quoted(self, tmp_path):
        log = tmp_path / "log"
        with pytest.raises(say.Stop, match=r"(?s)Trying failed.*the reason"):
            say.run_logged(["sh", "-c", "echo the reason; exit 3"], log, "Trying failed")
        say.run_logged(["true"], log, "Trying failed")

    @pytest.mark.parametrize(
        ("error", "code", "sentence"),
        [
            (say.Stop("A sentence."), 1, "A sentence."),
            (OSError(errno.ENOSPC, "full"), 1, "The disk is full."),
            (KeyboardInterrupt(), 130, "Stopped."),
        ],
    )
    def test_what_can_be_expected_ends_in_a_sentence(self, error, code, sentence, capsys):
        with pytest.raises(SystemExit) as caught, say.plainly():
            raise error
        assert caught.value.code == code
        assert sentence in capsys.readouterr().err

    def test_what_cannot_be_expected_is_not_hidden(self):
        with pytest.raises(ZeroDivisionError), say.plainly():
            raise ZeroDivisionError

    def test_a_taken_port_names_another(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            number = taken.getsockname()[1]
            assert odoo.taken(number)
            result = subprocess.run(
                [sys.executable, "-m", "tools", "run"],
                cwd=ROOT,
                env={**os.environ, "PORT": str(number)},
                capture_output=True,
                text=True,
                check=False,
            )
        assert result.returncode == 1
        assert result.stderr.strip() == (
            f"Port {number} is taken by another program: stop that, or choose another port with"
            f" 'make run PORT={number + 1}'."
        )

    def test_an_odoo_that_was_left_behind_is_ended(self, monkeypatch, tmp_path):
        monkeypatch.setattr(odoo, "RUN", tmp_path)
        launcher = tmp_path / "odoo-17.0"
        launcher.write_text("import time; time.sleep(60)")
        left = subprocess.Popen([sys.executable, str(launcher)], start_new_session=True)
        odoo.remember(left)
        odoo.end_left_over()
        assert left.wait(10) == -9
        other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        odoo.remember(other)
        odoo.end_left_over()  # the number belongs to another program by now
        assert other.poll() is None
        other.kill()
        other.wait()

    def test_postgres_is_no_user_for_odoo(self, monkeypatch):
        monkeypatch.setenv("PGHOST", "localhost")
        monkeypatch.setenv("PGUSER", "postgres")
        with pytest.raises(say.Stop, match="refuses the database user postgres"):
            postgres.server("any", Path(sys.executable))


class TestVenv:
    def requirements(self, tmp_path, monkeypatch):
        (tmp_path / "requirements.txt").write_text(
            "# a comment\nBabel==2.9.1\npsycopg2==2.9.5 ; python_version == '3.11'\n"
            "python-ldap==3.4.0 ; sys_platform != 'win32'\n"
        )
        return venv._requirements("17.0", tmp_path)

    def test_what_must_be_compiled_is_left_out(self, tmp_path, monkeypatch):
        lines = self.requirements(tmp_path, monkeypatch)
        assert "Babel==2.9.1" in lines
        assert not [line for line in lines if line.startswith(("python-ldap", "psycopg2="))]
        assert [line for line in lines if line.startswith("psycopg2-binary")]

    def test_a_half_finished_one_is_taken_up_again(self, tmp_path, monkeypatch):
        monkeypatch.setattr(venv, "RUN", layout.RUN / "test-venv")
        monkeypatch.setattr(venv, "run_logged", lambda command, *_rest: ran.append(command))
        monkeypatch.setattr(venv, "_create", lambda _venv: ran.append("created"))
        ran = []
        folder = layout.RUN / "test-venv" / "venv-17.0"
        folder.mkdir(parents=True, exist_ok=True)
        try:
            (tmp_path / "requirements.txt").write_text("Babel\n")
            venv.ensure_venv("17.0", tmp_path)
            assert ran[0] == "created"
            assert len(ran) == 2
            monkeypatch.setattr(venv, "_works", lambda _python: True)
            venv.ensure_venv("17.0", tmp_path)
            assert len(ran) == 2  # complete: nothing to do
            (tmp_path / "requirements.txt").write_text("Babel\npytz\n")
            venv.ensure_venv("17.0", tmp_path)
            assert len(ran) == 3  # other requirements: installed, not made anew
        finally:
            shutil.rmtree(layout.RUN / "test-venv")

    def test_an_old_python_is_told_what_to_install(self, monkeypatch):
        monkeypatch.setattr(python.sys, "version_info", (3, 9, 0))
        monkeypatch.setattr(python.shutil, "which", lambda _name: None)
        with pytest.raises(say.Stop, match=r"python3 is 3\.9: install one"):
            python.find_python()


def test_placeholders_of_a_translation_are_compared():
    assert placeholders("%(a)s of %(b)s") == placeholders("%(b)s の %(a)s")
    assert placeholders("%(a)s") != placeholders("%(c)s")

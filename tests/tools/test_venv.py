"""The virtual environments: complete, or made again."""

import subprocess
import sys

import pytest

from tools import pip, venv

VERSION = "python{}.{}".format(*sys.version_info)


@pytest.fixture
def ran(tmp_path, monkeypatch):
    """What was done to make a venv in a folder of its own; pip itself is left out."""
    done = []
    monkeypatch.setattr(venv, "RUN", tmp_path / "run")
    monkeypatch.setattr(venv, "LOG", tmp_path / "run" / "log")

    def make(_base, folder):
        done.append("made")
        (folder / "lib" / VERSION).mkdir(parents=True, exist_ok=True)

    def install(*_args, **_options):
        done.append("installed")

    monkeypatch.setattr(venv, "make_venv", make)
    monkeypatch.setattr(venv, "run_logged", install)
    monkeypatch.setattr(venv, "succeeds", lambda _command: True)
    return done


def test_a_complete_one_takes_no_time(tmp_path, ran):
    (tmp_path / "requirements.txt").write_text("Babel\n")
    venv.ensure_venv("17.0", tmp_path)
    assert ran == ["made", "installed"]
    venv.ensure_venv("17.0", tmp_path)
    assert ran == ["made", "installed"]


def test_one_that_was_interrupted_is_made_again(tmp_path, ran, monkeypatch):
    def interrupted(*_args, **_options):
        raise KeyboardInterrupt

    (tmp_path / "requirements.txt").write_text("Babel\n")
    with monkeypatch.context() as patch:
        patch.setattr(venv, "run_logged", interrupted)
        with pytest.raises(KeyboardInterrupt):
            venv.ensure_venv("17.0", tmp_path)
    assert ran == ["made"]
    venv.ensure_venv("17.0", tmp_path)
    assert ran == ["made", "made", "installed"]


def test_other_requirements_are_installed_into_it(tmp_path, ran):
    listing = tmp_path / "requirements.txt"
    listing.write_text("Babel\n")
    venv.ensure_venv("17.0", tmp_path)
    listing.write_text("Babel\npytz\n")
    venv.ensure_venv("17.0", tmp_path)
    assert ran == ["made", "installed", "installed"]


def test_another_python_gets_another_venv(tmp_path, ran):
    (tmp_path / "requirements.txt").write_text("Babel\n")
    venv.ensure_venv("17.0", tmp_path)
    lib = tmp_path / "run" / "venv-17.0" / "lib"
    (lib / VERSION).rename(lib / "python3.9")
    venv.ensure_venv("17.0", tmp_path)
    assert ran == ["made", "installed", "made", "installed"]


def test_what_must_be_compiled_is_left_out(tmp_path):
    (tmp_path / "requirements.txt").write_text(
        "# a comment\nBabel==2.9.1  # min version\npsycopg2==2.9.5 ; python_version == '3.11'\n"
        "python-ldap==3.4.0 ; sys_platform != 'win32'\n"
    )
    lines = venv.requirements("17.0", tmp_path)
    assert "Babel==2.9.1" in lines
    assert not [line for line in lines if line.startswith(("python-ldap", "psycopg2=", "#"))]
    assert [line for line in lines if line.startswith("psycopg2-binary==")]
    assert "zope.event==4.6" in lines


def test_a_line_of_ours_takes_the_place_of_odoos(tmp_path):
    (tmp_path / "requirements.txt").write_text("gevent==21.8.0 ; python_version == '3.10'\n")
    lines = [line for line in venv.requirements("17.0", tmp_path) if line.startswith("gevent")]
    assert lines == [
        'gevent==22.10.2; python_version < "3.12"',
        'gevent==24.2.1; python_version >= "3.12"',
    ]


def test_a_tree_without_a_list_gets_ours(tmp_path):
    lines = venv.requirements("19.0", tmp_path)
    assert [line for line in lines if line.startswith("Werkzeug")]
    assert not [line for line in lines if line.startswith("zope.")]


def test_pip_comes_from_a_wheel_where_python_brings_none(tmp_path, monkeypatch):
    """As on a Debian without python3-venv: ``python -m venv`` fails half way."""
    succeeds = pip.succeeds

    def without_ensurepip(command, **options):
        plain = [str(part) for part in command[1:3]] == ["-m", "venv"]
        if plain and "--without-pip" not in command:
            return False
        return succeeds(command, **options)

    monkeypatch.setattr(pip, "succeeds", without_ensurepip)
    monkeypatch.setattr(pip, "RUN", tmp_path)
    pip.make_venv(sys.executable, tmp_path / "venv")
    command = [tmp_path / "venv" / "bin" / "python", "-m", "pip", "--version"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert str(tmp_path / "venv") in answer.stdout

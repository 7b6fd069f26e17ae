"""One clear sentence for what can be expected to go wrong."""

import errno
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from tools import programs, python, say
from tools.layout import ROOT
from tools.po import placeholders


@pytest.mark.parametrize(
    ("printed", "sentence"),
    [
        ("OSError: [Errno 28] No space left on device", "It failed: the disk is full."),
        ("Temporary failure in name resolution", "It failed: the network cannot be reached."),
        ("other words", "It failed. The last lines of "),
    ],
)
def test_why_a_program_failed(tmp_path, printed, sentence):
    assert programs.explain("It failed", f"first\n{printed}\nlast", tmp_path).startswith(sentence)


def test_a_program_that_fails_is_quoted(tmp_path):
    log = tmp_path / "log"
    log.write_text("No space left on device, an hour ago\n")
    with pytest.raises(say.Stop, match=r"(?s)Trying failed\. .*the reason"):
        programs.run_logged(["sh", "-c", "echo the reason; exit 3"], log, "Trying failed")
    programs.run_logged(["true"], log, "Trying failed")


def test_a_long_program_shows_how_far_it_is(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(say.Progress, "PAUSE", 0)
    programs.run_logged(
        ["sh", "-c", "echo half; sleep 1.2"],
        tmp_path / "log",
        "Trying failed",
        where=lambda text: text.strip(),
    )
    assert capsys.readouterr().out == "  half\n"


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (say.Stop("A sentence."), 1, "A sentence."),
        (OSError(errno.ENOSPC, "full"), 1, "The disk is full: free some space"),
        (PermissionError(errno.EACCES, "Permission denied", "/etc/x"), 1, "/etc/x may not be"),
        (KeyboardInterrupt(), 130, "Stopped."),
    ],
)
def test_what_can_be_expected_ends_in_a_sentence(error, code, sentence, capsys):
    with pytest.raises(SystemExit) as caught, say.plainly():
        raise error
    assert caught.value.code == code
    assert capsys.readouterr().err.strip().startswith(sentence)


def test_what_cannot_be_expected_is_not_hidden():
    with pytest.raises(ZeroDivisionError), say.plainly():
        raise ZeroDivisionError


def test_an_old_python_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(python.sys, "version_info", (3, 9, 0))
    monkeypatch.setattr(python.shutil, "which", lambda _name: None)
    with pytest.raises(say.Stop, match=r"python3 is 3\.9: install one"):
        python.find_python()


def test_an_unknown_command_names_the_known_ones():
    answer = subprocess.run(
        [sys.executable, "-m", "tools", "fly"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert answer.stderr.startswith("Give one of: run, test,")


def test_help_lists_every_target():
    answer = subprocess.run(
        ["make", "help"],
        cwd=ROOT,
        env={**os.environ, "MAKEFLAGS": ""},
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr
    for target in ("run", "test", "lint", "i18n", "shell", "import", "export", "clean"):
        assert f"\n{target} " in answer.stdout


@pytest.mark.parametrize(
    ("target", "file", "sentence"),
    [
        ("import", "", "Name the file: make import FILE=events.jsonl.gz"),
        ("export", "", "Name the file: make export FILE=events.jsonl.gz"),
        ("import", "/no/such.csv", "There is no file /no/such.csv."),
    ],
)
def test_files_of_events_are_named(target, file, sentence):
    answer = subprocess.run(
        [sys.executable, "-m", "tools", target],
        cwd=ROOT,
        env={**os.environ, "FILE": file},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (answer.returncode, answer.stderr.strip()) == (1, sentence)


def test_placeholders_of_a_translation_are_compared():
    assert placeholders("%(a)s of %(b)s") == placeholders("%(b)s の %(a)s")
    assert placeholders("%(a)s") != placeholders("%(c)s")


def test_a_program_that_does_not_say_that_the_disk_is_full(tmp_path, monkeypatch):
    monkeypatch.setattr(programs.shutil, "disk_usage", lambda _path: SimpleNamespace(free=0))
    assert "the disk is full" in programs.explain("It failed", "other words", tmp_path)

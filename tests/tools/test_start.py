"""What ``make run`` finds when it starts: taken ports, other commands, what was left behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from tools import ending, locks, odoo, python, run
from tools.layout import ROOT, RUN
from tools.say import Stop


@pytest.fixture
def taken():
    """A port on which somebody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def make_run(folder, **environment):
    """Run ``make run`` with a folder of its own; return what it says at the end."""
    answer = subprocess.run(
        [sys.executable, "-m", "tools", "run"],
        cwd=ROOT,
        env={**os.environ, "ES_RUN_DIR": str(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    return answer.stderr.strip()


def test_a_taken_port_names_another(taken, tmp_path):
    assert make_run(tmp_path, PORT=str(taken)) == (
        f"Port {taken} is taken by another program: stop that, or choose another port with"
        f" 'make run PORT={taken + 1}'."
    )


@pytest.mark.parametrize("text", ["http", "0", "65536", "-1", "²"])
def test_a_port_is_a_number(text, tmp_path):
    assert make_run(tmp_path, PORT=text) == f"PORT is {text}: give a number from 1 to 65535."


def test_an_address_must_be_of_this_machine(tmp_path):
    told = make_run(tmp_path, HTTP_INTERFACE="192.0.2.1", PORT=str(free_port()))
    assert told.startswith("HTTP_INTERFACE is 192.0.2.1, which is no address of this machine")


def test_a_free_port_is_taken_as_it_is():
    odoo.check_port(free_port(), "127.0.0.1")


def test_a_second_one_is_told_of_the_first(tmp_path):
    with locks.hold(tmp_path / "run.lock"):
        assert make_run(tmp_path).startswith("'make run' is running already in this checkout")


def test_a_lock_does_not_outlive_its_process(tmp_path):
    path = tmp_path / "lock"
    code = "import sys, time; from pathlib import Path; from tools.locks import hold\n"
    code += "file = hold(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline() == "held\n"
    assert locks.hold(path) is None
    holder.kill()
    holder.wait()
    with locks.hold(path) as file:
        assert file


def test_what_a_killed_run_left_behind_is_ended_and_nothing_else(tmp_path):
    sleeps = "import time; time.sleep(60)"
    launcher = tmp_path / "odoo-17.0-run"
    other = tmp_path / "odoo-17.0-run-other"
    for path in (launcher, other):
        path.write_text(sleeps)
    left, spared = (
        subprocess.Popen([sys.executable, str(path), "--workers=0"]) for path in (launcher, other)
    )
    wait_for_start(left, spared)
    try:
        assert ending.kill_all(launcher) == [left.pid]
        assert left.wait(10) == -signal.SIGKILL
        assert spared.poll() is None
    finally:
        spared.kill()
        spared.wait()


def test_a_launcher_is_never_half_there(tmp_path, monkeypatch):
    monkeypatch.setattr(odoo, "RUN", tmp_path)
    source = SimpleNamespace(series="17.0", path="/there")
    path = odoo.launcher(source, "test")
    assert "/there" in path.read_text()
    with path.open() as begun:  # by an Odoo that is being started
        before = path.stat()
        assert odoo.launcher(source, "test") == path
        assert path.stat() == before
        source.path = "/elsewhere"
        odoo.launcher(source, "test")
        assert "/there" in begun.read()
    assert "/elsewhere" in path.read_text()
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_odoo_ends_with_the_command_that_started_it(tmp_path):
    code = (
        "import subprocess, sys; from tools.ending import with_parent\n"
        "child = subprocess.Popen(['sleep', '60'], preexec_fn=with_parent)\n"
        "print(child.pid, flush=True); child.wait()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 10
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(child)


def test_ctrl_c_does_not_disturb_the_end():
    with ending.unhurried():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGINT) is not signal.SIG_IGN


def test_a_stubborn_process_is_killed():
    stubborn = subprocess.Popen(
        ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    stubborn.stdout.readline()
    ending.stop(stubborn, seconds=0.3)
    assert stubborn.returncode == -signal.SIGKILL


def test_an_odoo_that_ends_by_itself_is_quoted(tmp_path):
    log = tmp_path / "log"
    log.write_text("the reason\n")
    process = subprocess.Popen(["true"])
    with pytest.raises(Stop, match=r"(?s)Odoo ended by itself.*the reason"):
        odoo.wait_until_ready(process, f"http://127.0.0.1:{free_port()}", log, seconds=10)


def test_a_worker_runs_beside_odoo_and_ends_with_it(tmp_path, monkeypatch):
    launcher = tmp_path / "launcher"
    launcher.write_text(
        "import os, sys, time\n"
        "worker = 'event_worker' in sys.argv\n"
        "name = 'worker' if worker else 'server'\n"
        "open(name, 'w').write(f'{os.getpid()} ' + ' '.join(sys.argv[1:]))\n"
        "time.sleep(60 if worker else 1)\n"
    )
    source = SimpleNamespace(series="17.0", addons_path=[tmp_path])
    database = SimpleNamespace(
        python=sys.executable, launcher=launcher, source=source, addons=[], name="demo"
    )
    monkeypatch.setattr(run, "LOG", tmp_path)
    monkeypatch.setattr(odoo, "wait_until_ready", lambda *_args: None)
    postgres = SimpleNamespace(environment=dict(os.environ))
    with pytest.raises(Stop, match="Odoo ended by itself"):
        run._serve(database, postgres, "127.0.0.1", free_port())
    pid, paths, command, *words = (tmp_path / "worker").read_text().split()
    assert (paths, command) == (f"--addons-path={tmp_path}", "event_worker")
    assert "--database=demo" in words
    assert "event_worker" not in (tmp_path / "server").read_text()
    assert not alive(int(pid))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_start(*processes):
    """Wait until each has become the program that it is to be."""
    deadline = time.monotonic() + 10
    for process in processes:
        while time.monotonic() < deadline:
            with open(f"/proc/{process.pid}/cmdline", "rb") as file:
                if b"--workers=0" in file.read():
                    break
            time.sleep(0.02)


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_bytecode_is_kept_and_in_no_source_tree(monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)
    python.keep_bytecode()
    code = "import sys; print(sys.dont_write_bytecode, sys.pycache_prefix)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.stdout.split() == ["False", str(RUN / "bytecode")]
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", "/of/the/command/around/it")
    python.keep_bytecode()
    assert os.environ["PYTHONPYCACHEPREFIX"] == "/of/the/command/around/it"

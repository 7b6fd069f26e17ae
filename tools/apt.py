"""Debian's packages: installed by root, or only unpacked by anybody."""

import os
import re
import shutil
from pathlib import Path

from .layout import LOG
from .programs import answer, run_logged
from .say import Stop, step

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def may_install():
    """Whether this process can install packages."""
    return os.geteuid() == 0 and bool(shutil.which("apt-get"))


def install(*packages):
    """Install Debian packages; only root may.

    :raise Stop: when apt fails
    """
    log = LOG / "apt.log"
    names = ", ".join(packages)
    options = {"env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}}
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    with step(f"Installing {names}"):
        run_logged(["apt-get", "update"], log, "apt-get update failed", **options)
        run_logged(command, log, f"apt could not install {names}", where=_where, **options)


class Area:
    """Lists and downloads of our own: no root needed, and the system's stay as they are.

    :param pathlib.Path folder: where they are kept
    :param str suite: a suite of Debian; None for what the system itself uses
    :raise Stop: where there is no apt, or no mirror is known
    """

    def __init__(self, folder, suite=None):
        if not shutil.which("apt-get") or not shutil.which("dpkg"):
            raise Stop("This system has no apt.")
        self.folder = folder
        self.log = LOG / "apt.log"
        for part in ("lists/partial", "cache/archives/partial"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        self.options = [
            *("-o", f"Dir::State::lists={folder / 'lists'}"),
            *("-o", f"Dir::Cache={folder / 'cache'}"),
            *("-o", "Acquire::Languages=none"),
            *("-o", "Acquire::Retries=2"),
            *("-o", "Debug::NoLocking=true"),
            *("-o", "APT::Sandbox::User="),
        ]
        if suite:
            self.options += self._only(suite)

    def _only(self, suite):
        """Return the options for one suite, verified by Debian's keyring."""
        if not KEYRING.exists():
            raise Stop("This system has no keyring of Debian's archive.")
        sources = self.folder / f"{suite}.list"
        sources.write_text(f"deb [signed-by={KEYRING}] {_mirror()} {suite} main\n")
        return ["-o", f"Dir::Etc::sourcelist={sources}", "-o", "Dir::Etc::sourceparts=/dev/null"]

    def update(self):
        """Bring the lists up to date."""
        command = ["apt-get", *self.options, "-o", "APT::Update::Error-Mode=any", "update"]
        run_logged(command, self.log, "apt could not list the packages", where=_where)

    def names(self, beginning):
        """Return the names of the packages that begin so."""
        return answer(["apt-cache", *self.options, "pkgnames", beginning]).split()

    def download(self, *packages):
        """Download packages into the folder."""
        run_logged(
            ["apt-get", *self.options, "download", *packages],
            self.log,
            f"apt could not download {', '.join(packages)}",
            cwd=self.folder,
            where=lambda _text: _megabytes(self.folder),
        )

    def kept(self, package):
        """Return the newest file of a package that was downloaded, or None."""
        files = self.folder.glob(f"{package}_*.deb")
        return max(files, key=lambda path: path.stat().st_mtime, default=None)

    def unpack(self, package, target):
        """Unpack a downloaded package, without installing it."""
        run_logged(
            ["dpkg", "-x", self.kept(package), target],
            self.log,
            f"dpkg could not unpack {package}",
        )


def _mirror():
    """Return the mirror that this machine uses."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
    known = answer(command).split() or _named()
    mirrors = [uri for uri in known if "security" not in uri]
    if not mirrors:
        raise Stop("apt knows no mirror: run 'apt-get update' as root once, then try again.")
    return mirrors[0]


def _named():
    """Return the mirrors that apt's own sources name, where no list was loaded yet."""
    folder = Path("/etc/apt")
    files = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]
    text = "\n".join(path.read_text(errors="replace") for path in files if path.is_file())
    return re.findall(r"^(?:deb\s+(?:\[[^\]]*\]\s*)?|URIs:\s*)(\S+)", text, re.M)


def _where(text):
    """Return the last thing that apt said it does."""
    lines = [line for line in text.splitlines() if line.startswith(("Get:", "Unpacking"))]
    return lines[-1] if lines else None


def _megabytes(folder):
    size = sum(path.stat().st_size for path in folder.glob("*.deb*"))
    return f"{size / 1e6:.0f} MB" if size else None

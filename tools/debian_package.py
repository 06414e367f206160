"""Unpacks a Debian package into a cache folder, without installing it or asking to be root.

`apt-get` gets lists, cache and sources of its own, so that nothing of the machine's is written; the
sources are derived from the machine's own, with the suite replaced, so that its mirrors and keys
serve. Dependencies are not followed. Standard library only: `make_venv` needs it before all else.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tools.apt_sources import AptSource, apt_sources, deb822

OTHER_SUITES = ("bookworm", "trixie", "sid")
ALIASES = ("stable", "testing", "unstable", "sid", "oldstable")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
TIME_OUT = 600
CONFIGURATION = """\
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Dir::Etc::sourcelist "{folder}/private.sources";
Dir::Etc::sourceparts "-";
Dir::State::lists "{folder}/lists";
Dir::Cache "{folder}/cache";
// As root apt would drop to a user that may not write here.
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::PDiffs "false";
Acquire::GzipIndexes "true";
Acquire::Retries "2";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
"""


class PackageError(Exception):
    """The package could not be had; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DebianMachine:
    """What the packages of this machine come from: its main source, and the suite it runs."""

    source: AptSource
    suite: str
    is_debian: bool

    @property
    def suites(self) -> tuple[str, ...]:
        """The suites a package can be taken from, the machine's own first."""
        others = OTHER_SUITES if self.is_debian else ()
        return (self.suite, *(suite for suite in others if suite != self.suite))


def machine(root: Path = Path("/")) -> DebianMachine | None:
    """Read the machine's own sources; None where there is no apt or none of them fits."""
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        return None
    release = _release(root / "etc/os-release")
    known = (release.get("VERSION_CODENAME", ""), *ALIASES)
    for source in apt_sources(root / "etc/apt"):
        for suite in source.suites:
            if suite in known and "main" in source.components:
                return DebianMachine(
                    source=source, suite=suite, is_debian=release.get("ID") == "debian"
                )
    return None


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/watcher`, else `~/.cache/watcher`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "watcher"


def unpacked(package: str, suite: str, debian: DebianMachine) -> Path:
    """The folder that holds the package's files; fetched once, then kept.

    Safe side by side: one fetches under a lock, and the folder appears whole or not at all.
    """
    folder = cache_folder() / package / suite
    if folder.is_dir():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _locked(folder.with_name(f"{suite}.lock")):
            if not folder.is_dir():
                _fetch(package, folder, debian)
    except OSError as error:
        raise PackageError(
            f"{folder} cannot be written ({error}): set XDG_CACHE_HOME to a folder that can"
        ) from error
    return folder


def _release(file: Path) -> dict[str, str]:
    if not file.is_file():
        return {}
    pairs = (line.partition("=") for line in file.read_text(encoding="utf-8").splitlines())
    return {key: value.strip().strip('"') for key, _, value in pairs}


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    with file.open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def private_apt(
    folder: Path, suite: str, debian: DebianMachine, types: str = "deb"
) -> Iterator[tuple[tuple[str, ...], Path]]:
    """How an `apt-get` begins that knows *suite* alone, and a work folder that goes with it.

    It knows binary packages, or with *types* `deb-src` their sources. The work folder is below
    *folder*; in it `deb` is for packages and `root` for what they hold.
    """
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as made:
        work = Path(made)
        for name in ("lists/partial", "cache/archives/partial", "deb", "root"):
            (work / name).mkdir(parents=True)
        (work / "apt.conf").write_text(CONFIGURATION.format(folder=work), encoding="utf-8")
        apt = ("apt-get", "-c", str(work / "apt.conf"), "-qq")
        _update(apt, work, replace(debian.source, suites=(suite,), types=types))
        yield apt, work


def _fetch(package: str, folder: Path, debian: DebianMachine) -> None:
    with private_apt(folder.parent, folder.name, debian) as (apt, work):
        run((*apt, "download", package), work / "deb")
        (deb,) = (work / "deb").glob("*.deb")
        run(("dpkg", "-x", str(deb), str(work / "root")), work)
        (work / "root").chmod(0o755)
        (work / "root").rename(folder)


def _update(apt: Sequence[str], work: Path, source: AptSource) -> None:
    """Read the lists; where the named keys do not know the suite, try the machine's others."""
    keys = (source.signed_by, None, str(KEYRING))
    for last, signed_by in enumerate(keys, start=1):
        text = deb822(replace(source, signed_by=signed_by))
        (work / "private.sources").write_text(text, encoding="utf-8")
        try:
            run((*apt, "update"), work)
        except PackageError as error:
            if last == len(keys) or "sign" not in str(error).lower():
                raise
        else:
            return


def run(command: Sequence[str], folder: Path) -> str:
    """What the command prints. Raises PackageError with its last words when it fails."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=TIME_OUT,
        check=False,
    )
    if done.returncode:
        words = " ".join((done.stderr or done.stdout).split())[-600:]
        raise PackageError(f"`{command[0]} {command[-1]}` ended with {done.returncode}: {words}")
    return done.stdout

"""Finds Prometheus: on this machine, else unpacked from Debian's packages into a cache folder.

`python -m tools.prometheus_binary` prints versions and paths. Nothing is installed and no version
is written down here: each binary is asked. Debian's needs only libc beside it. To fetch again,
delete the folder it names.
"""

import functools
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tools.debian_package import PackageError, machine, unpacked

VARIABLE = "WATCHER_PROMETHEUS"
ADVICE = (
    f"put `prometheus` (and `promtool`) on PATH or name it in {VARIABLE}; "
    "on Debian and Ubuntu it is taken from the package sources by itself"
)


class NoPrometheusError(Exception):
    """There is no Prometheus to run; the text ends with what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrometheusBinary:
    """A Prometheus that can be run; `version` is its own word, such as `2.42.0+ds`."""

    version: str
    prometheus: Path
    promtool: Path | None


def main() -> int:
    """Print version, server and promtool of each binary; answer 1 where there is none."""
    missing = []
    for place in places():
        try:
            found = at(place)
        except NoPrometheusError as error:
            missing.append(str(error))
        else:
            print(f"{found.version}\t{found.prometheus}\t{found.promtool or '-'}")
    for reason in missing:
        print(f"prometheus_binary: {reason}", file=sys.stderr)
    if not places():
        print(f"prometheus_binary: none found: {ADVICE}", file=sys.stderr)
    return int(len(missing) == len(places()))


def default() -> PrometheusBinary:
    """The first that can be had: named, on PATH, the machine's own package, another suite's."""
    reasons = []
    for place in places():
        try:
            return at(place)
        except NoPrometheusError as error:
            reasons.append(str(error))
    raise NoPrometheusError("; ".join(reasons) or f"no Prometheus found: {ADVICE}")


def places() -> tuple[str, ...]:
    """Where this machine can have one from, without trying: quick enough for test collection."""
    here = [
        *([VARIABLE] if os.environ.get(VARIABLE) else []),
        *(["PATH"] if shutil.which("prometheus") else []),
    ]
    debian = machine()
    return (*here, *(debian.suites if debian else ()))


@functools.cache
def at(place: str) -> PrometheusBinary:
    """The binary of one of `places`, fetched if need be; raises NoPrometheusError."""
    if place == VARIABLE:
        return _asked(Path(os.environ[VARIABLE]).absolute())
    if place == "PATH":
        return _asked(Path(shutil.which("prometheus") or "prometheus"))
    debian = machine()
    if debian is None:
        raise NoPrometheusError(f"no package sources for {place}: {ADVICE}")
    try:
        return _asked(unpacked("prometheus", place, debian) / "usr/bin/prometheus")
    except PackageError as error:
        raise NoPrometheusError(f"Prometheus of {place}: {error}: {ADVICE}") from error


def _asked(prometheus: Path) -> PrometheusBinary:
    try:
        said = subprocess.run(
            [prometheus, "--version"], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise NoPrometheusError(
            f"{prometheus} does not tell its version: {error}: {ADVICE}"
        ) from error
    version = re.search(r"version (\S+)", said.stdout + said.stderr)
    if version is None:
        raise NoPrometheusError(f"{prometheus} --version names no version: {ADVICE}")
    beside = prometheus.with_name("promtool")
    return PrometheusBinary(
        version=version[1],
        prometheus=prometheus,
        promtool=beside if beside.is_file() else _on_path("promtool"),
    )


def _on_path(name: str) -> Path | None:
    found = shutil.which(name)
    return Path(found) if found else None


if __name__ == "__main__":
    sys.exit(main())

"""Makes `.venv` from the hashed lock, with the standard library alone, and says each step in a line.

It works with a bare `python3` of a fresh Debian too, where `ensurepip` is missing: pip then comes
out of Debian's own `python3-pip-whl`, unpacked into a cache folder, so nothing is installed on the
machine. Once made, a run costs nothing: a stamp in `.venv` holds the hash of all it was made from.
A newer lock is installed over it; what the lock names no more stays until `make clean`. It does not
resolve versions: that is `make lock`.
"""

import argparse
import hashlib
import json
import os
import platform
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.debian_package import PackageError, machine, unpacked

ROOT = Path(__file__).resolve().parent.parent
DEBIAN_WHEELS = Path("/usr/share/python-wheels")


class VenvError(Exception):
    """The environment could not be made; the text ends with what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Make or refresh the environment; answer 0, or 1 after saying what went wrong."""
    parser = argparse.ArgumentParser(description="make .venv from requirements-dev.lock")
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv")
    venv = parser.parse_args(arguments).venv.absolute()
    try:
        make(venv)
    except VenvError as error:
        print(f"make_venv: {error}", file=sys.stderr)
        return 1
    return 0


def make(venv: Path) -> None:
    """Bring `venv` to the state of the lock; raises VenvError where it cannot."""
    stamp, wanted = venv / ".stamp", fingerprint()
    if stamp.is_file() and stamp.read_text(encoding="ascii") == wanted:
        stamp.touch()  # make compares ages
        return
    if not _is_of_this_python(venv):
        step(f"makes {venv} with Python {platform.python_version()}")
        made = [sys.executable, "-m", "venv", "--without-pip", "--clear", str(venv)]
        _run(made, "making the environment")
        _add_pip(venv)
    python = str(venv / "bin" / "python")
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps"]
    step("installs requirements-dev.lock, each file checked against its hash")
    lock = str(ROOT / "requirements-dev.lock")
    _run([*pip, "--require-hashes", "-r", lock], "installing the lock")
    step("installs watcher itself, editable")
    _run([*pip, "--no-build-isolation", "-e", str(ROOT)], "installing watcher")
    stamp.write_text(wanted, encoding="ascii")
    step("done")


def fingerprint() -> str:
    """The hash of all the environment is made from: Python, place, lock, and the project table."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    parts = [sys.version, str(ROOT), json.dumps(project, sort_keys=True)]
    digest = hashlib.sha256("\0".join(parts).encode())
    digest.update((ROOT / "requirements-dev.lock").read_bytes())
    return digest.hexdigest()


def step(text: str) -> None:
    """Say one step."""
    print(f"make_venv: {text}", flush=True)


def _is_of_this_python(venv: Path) -> bool:
    """Whether it was once made whole, and by the Python that runs now."""
    if not (venv / ".stamp").is_file():
        return False
    lines = (venv / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
    return {
        f"version = {platform.python_version()}",
        f"home = {Path(sys.executable).parent}",
    } <= set(lines)


def _add_pip(venv: Path) -> None:
    python = str(venv / "bin" / "python")
    tried = subprocess.run(
        [python, "-m", "ensurepip", "--default-pip"], capture_output=True, check=False
    )
    if tried.returncode == 0:
        return
    step("this Python brings no pip: takes Debian's python3-pip-whl, unpacked into a cache folder")
    wheel = _debian_pip_wheel()
    _run(
        [python, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", str(wheel)],
        "installing pip",
        {"PYTHONPATH": str(wheel)},
    )


def _debian_pip_wheel() -> Path:
    advice = "install pip and venv for this Python (Debian: apt-get install python3-venv)"
    installed = sorted(DEBIAN_WHEELS.glob("pip-*.whl"))
    if installed:
        return installed[-1]
    debian = machine()
    if debian is None:
        raise VenvError(f"this Python has no ensurepip: {advice}")
    try:
        folder = unpacked("python3-pip-whl", debian.suite, debian)
    except PackageError as error:
        raise VenvError(f"pip cannot be had: {error}: {advice}") from error
    wheels = sorted((folder / DEBIAN_WHEELS.relative_to("/")).glob("pip-*.whl"))
    if not wheels:
        raise VenvError(f"python3-pip-whl holds no pip wheel: {advice}")
    return wheels[-1]


def _run(
    command: Sequence[str],
    doing: str,
    environment: Mapping[str, str] | None = None,
) -> None:
    env = {**os.environ, **(environment or {})}
    done = subprocess.run(command, env=env, check=False)
    if done.returncode:
        raise VenvError(
            f"{doing} failed: `{' '.join(command)}` ended with {done.returncode}; "
            "its own words stand above. Fix that and run it again."
        )


if __name__ == "__main__":
    sys.exit(main())

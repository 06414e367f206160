"""The program `helm`: the one on PATH, else one that Go builds, once, into the cache folder."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from tools.debian_package import cache_folder

MODULE: Final = "helm.sh/helm/v3/cmd/helm@v3.16.4"
TIME_OUT: Final = 900
"""Seconds that Go may take: three minutes on two cores, and the sources come over the network."""


def found() -> Path | None:
    """Where it is without building anything; None where it is not."""
    built = cache_folder() / "helm" / "helm"
    on_path = shutil.which("helm")
    return Path(on_path) if on_path else built if built.is_file() else None


def build() -> Path | None:
    """Build it, in some minutes; None where there is no Go, or where Go cannot."""
    go = shutil.which("go")
    if go is None:
        return None
    folder = cache_folder() / "helm"
    try:
        subprocess.run(
            [go, "install", MODULE],
            env=os.environ | {"GOBIN": str(folder)},
            stdout=subprocess.DEVNULL,
            check=True,
            timeout=TIME_OUT,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return None
    return folder / "helm"


if __name__ == "__main__":
    print(found() or build() or "no helm: install it, or Go")

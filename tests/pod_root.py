"""Makes a folder the root of a Prometheus, so that paths in its configuration are a pod's own.

Only what the binary needs is laid beside it: itself and libc. It isolates nothing else: the
network and the clock are the machine's.
"""

import os
import shutil
import subprocess
from pathlib import Path

PROGRAM = Path("/bin/prometheus")


def furnish(root: Path, prometheus: Path) -> None:
    """Put `prometheus`, the libraries it is linked against, `/tmp` and `/prometheus` below `root`."""
    for folder in ("tmp", "prometheus"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    _lay(prometheus, root / PROGRAM.relative_to("/"))
    for library in _libraries(prometheus):
        _lay(library.resolve(), root / library.relative_to("/"))


def enter(root: Path) -> tuple[str, ...]:
    """The words that run the rest of a command with `root` as `/`; a user needs user namespaces."""
    # An ordinary user's PATH may lack the folder where Debian has chroot.
    chroot = shutil.which("chroot", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    change = (chroot or "chroot", str(root))
    return change if os.geteuid() == 0 else ("unshare", "-Ur", *change)


def _libraries(program: Path) -> tuple[Path, ...]:
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
    words = listed.stdout.split()
    return tuple(Path(word) for word in words if word.startswith("/") and not word.endswith(":"))


def _lay(source: Path, target: Path) -> None:
    """A hard link where the file system allows it, else a copy; what is there already stays."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.hardlink_to(source)
    except FileExistsError:
        return
    except OSError:
        shutil.copy2(source, target)

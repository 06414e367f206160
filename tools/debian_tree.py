"""Unpacks Debian packages, and all of one kind that they depend on, into one folder of the cache.

As in `debian_package` nothing is installed and nothing of the machine's is written. `apt-get` works
out what is needed as if nothing were there; of that only packages that are called so are fetched,
so that the sources of libraries come without a system below them.
"""

from collections.abc import Sequence
from pathlib import Path

from tools.debian_package import DebianMachine, cache_folder, private_apt, run


def unpacked_tree(
    name: str, packages: Sequence[str], suite: str, debian: DebianMachine, *, beginning: str
) -> Path:
    """The folder *name*/*suite* of the cache; fetched once, then kept.

    It has *packages* and, of what they need, those whose name begins with *beginning*. Raises
    PackageError.
    """
    folder = cache_folder() / name / suite
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with private_apt(folder.parent, suite, debian) as (apt, work):
        (work / "status").touch()
        alone = (*apt, "-o", f"Dir::State::status={work / 'status'}")
        resolve = (*alone, "--no-install-recommends", "--print-uris", "-y", "install", *packages)
        files = [line.split()[1] for line in run(resolve, work).splitlines() if line[:1] == "'"]
        needed = {file.partition("_")[0] for file in files if file.startswith(beginning)}
        run((*alone, "download", *sorted(needed | {*packages})), work / "deb")
        for deb in (work / "deb").glob("*.deb"):
            run(("dpkg", "-x", str(deb), str(work / "root")), work)
        (work / "root").chmod(0o755)
        (work / "root").rename(folder)
    return folder


def unpacked_source(package: str, suite: str, debian: DebianMachine, folder: Path) -> str:
    """Unpack what the authors of *package* published into *folder*; answers its version.

    Debian's own patches are left out. Raises PackageError.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with private_apt(folder.parent, suite, debian, "deb-src") as (apt, work):
        run((*apt, "--download-only", "source", package), work / "deb")
        (archive,) = (work / "deb").glob("*.orig.tar.*")
        unpack = ("tar", "-xf", str(archive), "-C", str(work / "root"), "--strip-components=1")
        run(unpack, work)
        (work / "root").chmod(0o755)
        (work / "root").rename(folder)
        return archive.name.partition("_")[2].partition(".orig.")[0]

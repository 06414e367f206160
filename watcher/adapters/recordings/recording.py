"""A recording as one archive: ``manifest.json`` and a file for each different answer.

A gzipped tar, or a directory of the same files, for tests. Nothing of it is ever unpacked to disk.
"""

import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final, TypeVar

import msgspec

from watcher import __version__, decoding
from watcher.adapters.recordings.recorded_store import Past
from watcher.adapters.recordings.recorder import Exchange, Failed
from watcher.adapters.tape import Answered, Asked
from watcher.errors import ConfigError

T = TypeVar("T")

FORMAT: Final = "watcher-recording"
VERSION: Final = 1
LARGEST: Final = 2 * 1024 * 1024 * 1024
"""Most bytes of an archive that are read, unpacked."""

_MANIFEST: Final = "manifest.json"
_STORE: Final = "store.json"


class _Kept(msgspec.Struct, omit_defaults=True):
    """One exchange: ``answer`` names the file of its body, ``failed`` why there is none."""

    source: str
    path: str
    method: str = "GET"
    body: str = ""
    answer: str | None = None
    status: int = 200
    words: str = ""
    date: str | None = None
    failed: Failed | None = None


class _Manifest(msgspec.Struct, kw_only=True):
    format: str
    version: int
    watcher: str
    at: datetime
    settings: dict[str, Any]
    kubernetes: str | None
    exchanges: list[_Kept]


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """What one look and one audit read.

    ``at`` is the moment of both; ``settings`` what of the settings bears on them; ``kubernetes`` the
    API server's address, None without one; ``past`` what the store remembered, None without one.
    """

    at: datetime
    settings: dict[str, Any]
    kubernetes: str | None
    exchanges: tuple[Exchange, ...]
    past: Past | None


def write(recording: Recording, to: Path) -> int:
    """Write the archive, readable by its owner alone; the answer is its size in bytes.

    Raises ConfigError where it cannot be written.
    """
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w") as archive,
    ):
        for name, content in files(recording).items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o600
            member.mtime = int(recording.at.timestamp())
            archive.addfile(member, io.BytesIO(content))
    try:
        to.touch(mode=0o600)
        to.write_bytes(packed.getvalue())
    except OSError as error:
        raise ConfigError(f"{to} cannot be written: {error.strerror}; name another file") from None
    return len(packed.getvalue())


def files(recording: Recording) -> dict[str, bytes]:
    """The archive's files by name, the manifest first. Equal answers are one file."""
    answers: dict[str, bytes] = {}
    kept = [_as_kept(exchange, answers) for exchange in recording.exchanges]
    manifest = _Manifest(
        format=FORMAT,
        version=VERSION,
        watcher=__version__,
        at=recording.at,
        settings=recording.settings,
        kubernetes=recording.kubernetes,
        exchanges=kept,
    )
    encoded = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    past = {_STORE: msgspec.json.encode(recording.past)} if recording.past is not None else {}
    return {_MANIFEST: encoded, **past, **answers}


def read(place: Path) -> Recording:
    """The recording in an archive or directory. Raises ConfigError for what is none."""
    held = _in_directory(place) if place.is_dir() else _in_archive(place)
    if _MANIFEST not in held:
        raise _unfit(place, f"it has no {_MANIFEST}")
    head = _decoded(place, _MANIFEST, held, dict[str, Any])
    if head.get("format") != FORMAT:
        raise _unfit(place, "its manifest is that of something else")
    if head.get("version") != VERSION:
        raise ConfigError(
            f"{place}: a recording of version {head.get('version')!r}, expected {VERSION}; read it "
            f"with watcher {head.get('watcher', 'of that time')}"
        )
    manifest = _decoded(place, _MANIFEST, held, _Manifest)
    return Recording(
        at=manifest.at,
        settings=manifest.settings,
        kubernetes=manifest.kubernetes,
        exchanges=tuple(_as_exchange(place, each, held) for each in manifest.exchanges),
        past=_decoded(place, _STORE, held, Past) if _STORE in held else None,
    )


def _as_kept(exchange: Exchange, answers: dict[str, bytes]) -> _Kept:
    asked, came = exchange.asked, exchange.came
    kept = _Kept(source=asked.source, path=asked.path, method=asked.method, body=asked.body)
    match came:
        case Failed():
            kept.failed = came
        case Answered():
            name = f"answers/{hashlib.sha256(came.body).hexdigest()[:16]}"
            answers[name] = came.body
            kept.answer, kept.status = name, came.status
            kept.words, kept.date = came.words, came.date
    return kept


def _as_exchange(place: Path, kept: _Kept, held: Mapping[str, bytes]) -> Exchange:
    asked = Asked(source=kept.source, path=kept.path, method=kept.method, body=kept.body)
    if kept.failed is not None:
        return Exchange(asked=asked, came=kept.failed)
    if kept.answer is None or kept.answer not in held:
        raise _unfit(place, f"it lacks the answer {kept.answer}")
    body = held[kept.answer]
    return Exchange(
        asked=asked,
        came=Answered(body=body, status=kept.status, words=kept.words, date=kept.date),
    )


def _in_directory(place: Path) -> dict[str, bytes]:
    try:
        return {
            str(PurePosixPath(file.relative_to(place))): file.read_bytes()
            for file in sorted(place.rglob("*"))
            if file.is_file()
        }
    except OSError as error:
        raise ConfigError(f"{place} cannot be read: {error.strerror}; check the files") from None


def _in_archive(place: Path) -> dict[str, bytes]:
    try:
        with tarfile.open(place, mode="r:gz") as archive:
            return _members(place, archive)
    except OSError as error:
        if error.strerror:
            raise ConfigError(f"{place} cannot be read: {error.strerror}; check the file") from None
        raise _unfit(place, "it is no gzipped archive") from None
    except (tarfile.TarError, EOFError, ValueError, zlib.error):
        raise _unfit(place, "it is broken, or no gzipped archive") from None


def _members(place: Path, archive: tarfile.TarFile) -> dict[str, bytes]:
    held: dict[str, bytes] = {}
    left = LARGEST
    for member in archive:
        left -= member.size
        if left < 0:
            raise _unfit(place, f"it is larger than {LARGEST >> 30} GiB")
        content = archive.extractfile(member) if member.isreg() else None
        if content is not None:
            held[member.name] = content.read()
    return held


def _decoded(place: Path, name: str, held: Mapping[str, bytes], form: type[T]) -> T:
    try:
        return decoding.decode(held[name], form)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _unfit(place, f"{name}: {error}") from None


def _unfit(place: Path, why: str) -> ConfigError:
    return ConfigError(f"{place}: not a recording: {why}; name a file that `watcher record` wrote")

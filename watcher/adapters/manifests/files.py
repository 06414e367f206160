"""Objects out of YAML files: each document by itself, so that a bad one costs nothing else."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from watcher import files, yaml_text
from watcher.model.kube import KubeObject

_ENDINGS: Final = frozenset({".yaml", ".yml", ".json"})
_NEXT: Final = re.compile(r"^---(?:[ \t].*)?$", re.MULTILINE)
_KIND: Final = re.compile(r"^\s*[\"']?kind[\"']?\s*:\s*[\"']?(\w+)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """A file or document that cannot be read; *kinds* are those that it names all the same.

    ``kinds`` is None where even that is not known.
    """

    place: str
    error: str
    kinds: frozenset[str] | None = None


def read(path: Path) -> Iterator[KubeObject | Unusable]:
    """The objects of a file, or of all files under a directory, in the order of their names.

    Hidden files and directories are left out. Lists are taken apart. ``-`` is standard input.
    """
    if str(path) == "-":
        yield from of_text(_standard_input(), "standard input")
    elif path.is_dir():
        for file in sorted(path.rglob("*")):
            hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
            if file.suffix.lower() in _ENDINGS and not hidden and file.is_file():
                yield from _of_file(file)
    else:
        yield from _of_file(path)


def _of_file(path: Path) -> Iterator[KubeObject | Unusable]:
    try:
        text = files.read_text(path)
    except OSError as error:
        yield Unusable(place=str(path), error=f"cannot be read: {error.strerror}; check the file")
        return
    yield from of_text(text, str(path))


def of_text(text: str, place: str) -> Iterator[KubeObject | Unusable]:
    """The objects of a text of several documents; *place* is what it is called in errors."""
    for number, (line, document) in enumerate(_documents(text), start=1):
        yield from _of_document(document, f"{place}, document {number}", line)


@cache
def _standard_input() -> str:
    """It can be read but once, and each snapshot goes by what it said."""
    return sys.stdin.buffer.read().decode("utf-8-sig", errors="replace")


def _documents(text: str) -> Iterator[tuple[int, str]]:
    """The documents that hold anything but comments, each with the line where it begins."""
    first = 1
    for document in _NEXT.split(text):
        lines = (line.strip() for line in document.splitlines())
        if any(line and not line.startswith(("#", "%")) for line in lines):
            yield first, document
        first += document.count("\n")


def _of_document(text: str, place: str, line: int) -> Iterator[KubeObject | Unusable]:
    kinds = frozenset(_KIND.findall(text))
    try:
        raw = yaml_text.load(text, first_line=line)
    except yaml_text.NotYaml as error:
        reason = f"not valid YAML: {error}; correct it, or render the template first"
        yield Unusable(place=place, error=reason, kinds=kinds)
        return
    for item in _items(raw):
        if isinstance(item, dict) and isinstance(item.get("kind"), str):
            yield KubeObject(item)
        elif kinds:
            reason = "expected an object with a kind; correct it"
            yield Unusable(place=place, error=reason, kinds=kinds)


def _items(raw: Any) -> list[Any]:
    if isinstance(raw, dict) and str(raw.get("kind", "")).endswith("List"):
        items = raw.get("items")
        return items if isinstance(items, list) else []
    return [raw]

"""Finds in the log of prometheus-operator what it says of monitors, of syncs and of kinds.

Pure: text in, lines out; logfmt and JSON, of go-kit (before v0.76) and slog. Words: operator.md 3.3.
"""

import re
from collections.abc import Mapping
from typing import Final

from watcher.adapters.wording.last_error import steady
from watcher.adapters.wording.log_lines import LONGEST, fields_of, time_of
from watcher.model.facts import OperatorLine, OperatorWord

DISTINCT: Final = 1000
"""Most different lines that are kept; the oldest give way."""

_CONCERNS: Final = re.compile(r"skipping|sync |not installed in the cluster|missing permission on")
_SYNC: Final = re.compile(r'sync "(?P<about>[^"]+)" failed: (?P<text>.*)', re.DOTALL)
_RESOURCE: Final = re.compile(
    r'(?:resource "(?P<absent>\w+)".*not installed in the cluster'
    r'|missing permission on resource "(?P<denied>\w+)")'
)
_SYNCS: Final = frozenset({"sync prometheus", "sync prometheusagent", "sync prometheus-agent"})
_KINDS: Final = ("servicemonitor", "podmonitor", "probe", "scrapeconfig")


def operator_lines(text: str) -> tuple[OperatorLine, ...]:
    """What *text* says, each thing once, the one said last at the end."""
    found: dict[object, OperatorLine] = {}
    for line in text.splitlines():
        if not _CONCERNS.search(line):
            continue
        told = _told(fields_of(line.strip()))
        if told is not None:
            key = (told.word, told.kind, told.about, told.prometheus, told.text)
            found.pop(key, None)
            found[key] = told
            if len(found) > DISTINCT:
                del found[next(iter(found))]
    return tuple(found.values())


def _told(fields: Mapping[str, str]) -> OperatorLine | None:
    message = fields.get("msg", "")
    error = fields.get("error") or fields.get("err") or ""
    at = time_of(fields)
    if message.startswith("skipping "):
        return _skipped(fields, message, error)
    if message in _SYNCS and fields.get("key"):
        return OperatorLine(word=OperatorWord.SYNC_BEGUN, about=fields["key"], text="", at=at)
    if (sync := _SYNC.search(error) or _SYNC.search(message)) is not None:
        text = steady(sync["text"], LONGEST)
        return OperatorLine(word=OperatorWord.SYNC_FAILED, about=sync["about"], text=text, at=at)
    if (found := _RESOURCE.search(message)) is not None:
        about = found["absent"] or found["denied"]
        text = steady(message, LONGEST)
        return OperatorLine(word=OperatorWord.NOT_WATCHED, about=about, text=text, at=at)
    return None


def _skipped(fields: Mapping[str, str], message: str, error: str) -> OperatorLine | None:
    """Since v0.84 every kind is skipped as an object; before, each under a field of its own."""
    kind = fields.get("kind", "").lower() or message.removeprefix("skipping ").strip()
    about = fields.get("object") or fields.get(kind) or ""
    if kind not in _KINDS or not about:
        return None
    return OperatorLine(
        word=OperatorWord.SKIPPED,
        kind=kind,
        about=about,
        prometheus=fields.get("prometheus") or fields.get("prometheusagent"),
        text=steady(error, LONGEST),
        at=time_of(fields),
    )

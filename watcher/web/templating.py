"""Jinja, for HTML and for Markdown, with the filters of both. Nothing is left unescaped or unseen."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import jinja2

from watcher.characters import visible
from watcher.engine.links import job_address
from watcher.engine.wording import length
from watcher.web import markdown, markup, shapes


def address(job: shapes.JobShape) -> str:
    """Where the page of a job is, below the root."""
    return job_address(job.prometheus, job.pool)


def clock(at: datetime) -> str:
    """A moment as people read it; always UTC, as the page says."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _sentence(text: str) -> str:
    """As it stands in a text of its own: a capital first, a full stop last."""
    first, rest = text[:1], text[1:]
    return f"{first.upper()}{rest}" + ("" if text.endswith((".", "!", "?", "…")) else ".")


def _counts(targets: shapes.TargetsShape | shapes.ServerTargetsShape) -> str:
    if targets.active is None:
        return "not known"
    if not targets.active:
        return "none"
    if targets.up is None:
        return f"{targets.active} active"
    return f"{targets.up} of {targets.active} up"


def _day(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d")


def _minute(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def _clipped(text: str, most: int = 46) -> str:
    """The end of a long name tells more than its beginning."""
    return text if len(text) <= most else f"…{text[1 - most :]}"


def _marked(value: object) -> object:
    return markdown.marked(value) if isinstance(value, str) else value


def _seen(value: object) -> object:
    """Texts are shown with what nobody would see of them; what is HTML already was shown so."""
    return visible(value) if type(value) is str else value


ENVIRONMENT: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    finalize=_seen,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
ENVIRONMENT.filters |= {
    "address": address,
    "block": markdown.block,
    "clipped": _clipped,
    "clock": clock,
    "code": markdown.code,
    "counts": _counts,
    "day": _day,
    "inline": markup.line,
    "length_of": length,
    "minute": _minute,
    "rfc3339": _rfc3339,
    "sentence": _sentence,
}

MARKDOWN: Final = ENVIRONMENT.overlay(autoescape=False, finalize=_marked)
"""The same for Markdown: what no filter has made Markdown is words."""

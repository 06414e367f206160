"""The one Jinja environment, with the filters that templates use. Nothing is left unescaped."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

import jinja2

from watcher.engine.wording import length
from watcher.web import markup, shapes


def address(job: shapes.JobShape) -> str:
    """Where the page of a job is, below the root."""
    return f"jobs/{quote(job.prometheus)}/{quote(job.pool)}"


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


def _cell(text: str) -> str:
    """A text that fits into a cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|")


def _clipped(text: str, most: int = 46) -> str:
    """The end of a long name tells more than its beginning."""
    return text if len(text) <= most else f"…{text[1 - most :]}"


ENVIRONMENT: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
ENVIRONMENT.filters |= {
    "address": address,
    "cell": _cell,
    "clipped": _clipped,
    "clock": clock,
    "counts": _counts,
    "day": _day,
    "inline": markup.line,
    "length_of": length,
    "minute": _minute,
    "rfc3339": _rfc3339,
    "sentence": _sentence,
}

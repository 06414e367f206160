"""The pages as HTML, each self-contained: styles and script stand in them, under a nonce."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from watcher import __version__
from watcher.diagnosis import catalogue
from watcher.diagnosis.rule import Rule
from watcher.engine.wording import Message
from watcher.model.results import Audit, Result
from watcher.web import markup
from watcher.web.templating import ENVIRONMENT
from watcher.web.undelivered import undelivered
from watcher.web.views import Card, Overview, cards_of, overview


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What every page needs.

    *root* is the relative way back to the front page, so that pages work behind any path prefix.
    *report* says whether there is a last inspection to link to.
    """

    now: datetime
    nonce: str
    root: str
    report: bool = False


def front(
    result: Result,
    audit: Audit | None,
    frame: Frame,
    *,
    stale_after: timedelta,
    mass_losses: Sequence[Message] = (),
    settings_refused: str | None = None,
) -> str:
    """All jobs, lost ones first; before them the *mass_losses*, which each stand for many."""
    view: Overview = overview(result, audit)
    return _render(
        "overview.html",
        frame,
        tone=view.tone,
        refresh=30,
        view=view,
        stale=frame.now - result.at > stale_after,
        undelivered=undelivered(result.owed),
        mutes=result.mutes,
        mass_losses=mass_losses,
        settings_refused=settings_refused,
    )


def of_job(result: Result, address: str, frame: Frame) -> str | None:
    """One job, ``PROMETHEUS/POOL``; None when none is expected under that name."""
    cards: Sequence[Card] = cards_of(result, address)
    if not cards:
        return None
    return _render("job.html", frame, tone=_tone(cards[0]), refresh=30, cards=cards, at=result.at)


def causes(frame: Frame) -> str:
    """The catalogue, link by link."""
    groups: dict[str, list[catalogue.Entry]] = {}
    for entry in catalogue.pages().values():
        groups.setdefault(_where(entry) or "at risk", []).append(entry)
    return _render("causes.html", frame, groups=list(groups.items()))


def of_cause(code: str, frame: Frame) -> str | None:
    """One page of the catalogue, None when there is no such code."""
    entry = catalogue.pages().get(code)
    if entry is None:
        return None
    page = markup.html(entry.page.replace("\n", "\n\n", 1))
    return _render("cause.html", frame, entry=entry, where=_where(entry), page=page)


def message(title: str, text: str, frame: Frame, *, tone: str = "unknown") -> str:
    """A page that says one thing."""
    return _render("message.html", frame, tone=tone, title=title, text=text, refresh=30)


def _render(name: str, frame: Frame, **context: Any) -> str:
    common = {"tone": "healthy", "refresh": 0, "version": __version__, "codes": _codes()}
    return ENVIRONMENT.get_template(name).render(
        common
        | {"now": frame.now, "nonce": frame.nonce, "root": frame.root, "report": frame.report}
        | context
    )


@cache
def _codes() -> frozenset[str]:
    return frozenset(catalogue.pages())


def _where(entry: catalogue.Entry) -> str | None:
    return entry.rule.link.word if isinstance(entry.rule, Rule) else None


def _tone(card: Card) -> str:
    state = card.one.state
    if state.lost:
        return "lost"
    return state.value if state.value in {"degraded", "unknown"} else "healthy"

"""An inspection as a report: one self-contained HTML file, Markdown, or JSON."""

import math
from collections.abc import Iterable
from datetime import datetime, timedelta

from jinja2 import Environment

from watcher import __version__
from watcher.engine.wording import length
from watcher.model.incidents import Incident
from watcher.model.inspections import Inspection
from watcher.web import parts
from watcher.web.document import as_json as encoded
from watcher.web.report_document import incidents_document, inspection_document
from watcher.web.templating import ENVIRONMENT, MARKDOWN
from watcher.web.timeline import timeline


def html(inspection: Inspection, *, nonce: str = "") -> str:
    """One file that needs nothing else, to be read, sent or printed.

    *nonce* is that of the policy under which it is served, empty for a file.
    """
    return _rendered(
        ENVIRONMENT, "report.html", inspection, nonce=nonce, timeline=timeline(inspection)
    )


def markdown(inspection: Inspection) -> str:
    """The same in Markdown."""
    return _rendered(MARKDOWN, "report.md", inspection)


def as_json(inspection: Inspection) -> bytes:
    """The same for programs."""
    return encoded(inspection_document(inspection), indent=2)


def incidents_json(found: Iterable[Incident], now: datetime) -> bytes:
    """A list of incidents for programs."""
    return encoded(incidents_document(found, now), indent=2)


def sentence(inspection: Inspection) -> str:
    """The inspection in one sentence, to stand beside the file."""
    counts = (
        (len(inspection.lost), "lost"),
        (len(inspection.recovered), "recovered"),
        (len(inspection.retired), "retired"),
        (len(inspection.at_risk), "at risk"),
    )
    said = [f"{count} {word}" for count, word in counts if count] or ["no loss"]
    blind = f"; blind for {length(inspection.blind_for)}" if inspection.blind_for else ""
    dark = f"; unwatched for {length(inspection.unwatched_for)}" if inspection.unwatched_for else ""
    days = f"{inspection.since:%Y-%m-%d} to {inspection.until:%Y-%m-%d}"
    return f"{days}: coverage {percent(inspection.coverage)}, {', '.join(said)}{blind}{dark}"


def percent(share: float | None) -> str:
    """A share as people read it; cut and not rounded, so that only all is 100 %."""
    if share is None:
        return "not known"
    return f"{math.floor(round(share * 10000, 6)) / 100:.6g} %"


def _rendered(
    environment: Environment, name: str, inspection: Inspection, **context: object
) -> str:
    template = environment.get_template(name)
    return template.render(
        inspection=inspection,
        coverage=percent(inspection.coverage),
        sections=(
            ("Lost, and still lost", inspection.lost, "No job is lost."),
            ("Lost and recovered", inspection.recovered, "No job was lost and recovered."),
            ("No longer expected", inspection.retired, ""),
        ),
        risks=parts.risks(inspection.at_risk),
        none=timedelta(0),
        version=__version__,
        **context,
    )

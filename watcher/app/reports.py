"""Write the inspection report: to a folder, and to whoever is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from watcher.cycles.inspect import Inspect
from watcher.errors import NotifyError, SourceUnavailable
from watcher.model.inspections import Inspection
from watcher.settings import InspectionSettings
from watcher.web import report


@runtime_checkable
class Receiver(Protocol):
    """Takes a file with a comment."""

    def upload(self, file_name: str, content: str | bytes, title: str, comment: str) -> str:
        """Send it; raises NotifyError."""
        ...


@dataclass(slots=True)
class Reports:
    """Sums up the last stretch of history and hands the report out. ``last`` is the newest one."""

    inspect: Inspect
    settings: InspectionSettings
    receivers: Sequence[Receiver]
    last: Inspection | None = None

    def write(self) -> str:
        """Write and send the report of the usual stretch; the answer is the line for the log."""
        inspection = self.inspect.over(self.settings.since)
        self.last = inspection
        html = report.html(inspection)
        name = file_name(inspection)
        said = [f"inspection of {inspection.since:%Y-%m-%d} to {inspection.until:%Y-%m-%d}"]
        if self.settings.directory is not None:
            said.append(f"written to {_kept(self.settings.directory / name, html)}")
        for receiver in self.receivers:
            try:
                receiver.upload(name, html, "Weekly inspection", report.sentence(inspection))
                said.append("sent")
            except NotifyError as error:
                said.append(f"not sent: {error}")
        return ", ".join(said)


def file_name(inspection: Inspection) -> str:
    """Name of a report's file."""
    return f"inspection-{inspection.until:%Y-%m-%d}.html"


def _kept(path: Path, html: str) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(html, encoding="utf-8")
    except OSError as error:
        raise SourceUnavailable(
            "inspection.directory", f"{path} cannot be written: {error.strerror}; check the folder"
        ) from None
    return path

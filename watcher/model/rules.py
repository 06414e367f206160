"""Rules as a Prometheus has them loaded."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedRule:
    """An alerting or a recording rule of ``/api/v1/rules``.

    ``name`` is the alert's, or that of the recorded series; ``severity`` the label of that name,
    None without one.
    """

    name: str
    expr: str
    alerting: bool
    group: str = ""
    severity: str | None = None

    @property
    def critical(self) -> bool:
        """Whether the alert wakes somebody, by the word that nearly everybody uses for it."""
        return self.alerting and (self.severity or "").lower() in {"critical", "page"}

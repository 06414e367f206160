"""Tells an Alertmanager by its API v2, so that people's own routes and silences work.

One alert for each lost job, whatever its cause, which may be found later and is an annotation, sent again every minute while it is ongoing; it ends by its ``endsAt``, which
is moved on each time: if the watcher dies, its alerts do too, a few minutes later.
"""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from watcher.adapters.receivers.posting import Receiver
from watcher.engine.wording import Message, Subject
from watcher.errors import NotifyError
from watcher.model.history import Sent
from watcher.model.incidents import Status
from watcher.settings import AlertmanagerSettings

_RESEND: Final = timedelta(minutes=1)
_OUTLIVES: Final = 5
"""So many times as long as it takes to be sent again does an alert live without it."""

_SEVERITIES: Final = {"blind": "warning"}


class Alertmanager:
    """All replicas of an Alertmanager; each gets every alert, one that takes it is enough."""

    name = "alertmanager"
    resend: timedelta | None = _RESEND

    def __init__(self, settings: AlertmanagerSettings, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._replicas = [
            Receiver(self.name, f"{url.rstrip('/')}/api/v2/alerts", settings.http)
            for url in settings.urls
        ]

    def notify(self, message: Message, last: Sent | None, *, doubtful: bool = False) -> str:  # noqa: ARG002 -- an alert sent twice is the same alert
        """Send the alerts of *message*; there is nothing to remember them by."""
        body = json.dumps(alerts(message, self._clock())).encode()
        errors: list[NotifyError] = []
        for replica in self._replicas:
            try:
                replica.post(body)
            except NotifyError as error:
                errors.append(error)
        if len(errors) == len(self._replicas):
            raise errors[0]
        return ""


def alerts(message: Message, now: datetime) -> Sequence[dict[str, Any]]:
    """*message* as API v2 takes it: one alert for each job, or one where it is of no job."""
    over = message.status is Status.RESOLVED and message.ends_at is not None
    ends_at = message.ends_at if over and message.ends_at else now + _OUTLIVES * _RESEND
    common = {
        "annotations": _annotations(message),
        "startsAt": message.starts_at.isoformat(),
        "endsAt": ends_at.isoformat(),
        "generatorURL": next((url for _, url in message.links), ""),
    }
    labels = [_labels(message, job) for job in message.about] or [_labels_of_none(message)]
    return [{"labels": {k: v for k, v in each.items() if v}, **common} for each in labels]


def _labels(message: Message, job: Subject) -> dict[str, str]:
    return {
        "alertname": "ScrapeJobLost",
        "job": job.pool,
        "prometheus": job.prometheus,
        "namespace": job.labels.get("namespace", ""),
        "owner": job.labels.get("owner", ""),
        "severity": message.severity,
    }


def _labels_of_none(message: Message) -> dict[str, str]:
    return {
        "alertname": "ScrapeWatcherBlind" if message.severity == "blind" else "ScrapeWatcherNotice",
        "subject": message.subject,
        "severity": _SEVERITIES.get(message.severity, message.severity),
    }


def _annotations(message: Message) -> dict[str, str]:
    proof = "\n".join(f"{e.seen} ({e.where})" for e in message.evidence)
    fix = "\n".join(f"{s.do}\n{s.command or ''}".strip() for s in message.fix)
    told = {
        "summary": message.headline,
        "description": message.summary,
        "cause": (message.cause or "cause-unknown") if message.about else "",
        "proof": proof,
        "fix": fix,
    }
    return {name: text for name, text in told.items() if text}

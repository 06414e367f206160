"""What there is to say of removals that are too many to be believed, and what they stand for."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

from watcher.cycles.tidings import Terms, Tidings
from watcher.engine.announce import URGENT, News, Reason
from watcher.engine.mass_loss import MassLoss, mass_losses
from watcher.engine.wording import Message
from watcher.engine.wording_of_mass_loss import (
    mass_loss_subject,
    of_mass_loss,
    of_mass_loss_over,
)
from watcher.model.comparison import JobState
from watcher.model.expectations import ExpectedJob
from watcher.model.incidents import Incident, Status
from watcher.model.names import PrometheusName
from watcher.model.results import Result


def of_mass_losses(result: Result, terms: Terms, doubt: timedelta) -> Iterator[Tidings]:
    """Of each Prometheus: its mass loss once that is older than *doubt*, else that there is none."""
    losses = _losses(result, terms, doubt)
    watched = {comparison.prometheus for comparison in result.comparisons}
    for name in sorted(watched | {memory.prometheus for memory in result.memory.values()}):
        loss = losses.get(name)
        yield Tidings(
            subject=mass_loss_subject(name),
            news=News(status=Status.RESOLVED, severity=URGENT) if loss is None else _news(loss),
            repeat=terms.repeat,
            words=_words(result, name, loss),
        )


def standing(result: Result, terms: Terms) -> tuple[Message, ...]:
    """What there is to say of each mass loss as it stands, however young, for whoever looks."""
    losses = _losses(result, terms, timedelta(0))
    return tuple(_words(result, name, losses[name])(Reason.FIRST) for name in sorted(losses))


def behind(incidents: Iterable[Incident], result: Result, terms: Terms) -> frozenset[str]:
    """The ids of *incidents* that a mass loss stands for: of jobs that are gone, and missing."""
    losses = _losses(result, terms, timedelta(0)).values()
    gone = {job.key for loss in losses for job in loss.gone}
    return frozenset(i.id for i in incidents if i.state is JobState.MISSING and i.job in gone)


def _losses(result: Result, terms: Terms, doubt: timedelta) -> Mapping[PrometheusName, MassLoss]:
    expected = result.expectations
    if expected is None:
        return {}

    def believed(job: ExpectedJob) -> ExpectedJob:
        young = job.gone_since is not None and result.at - job.gone_since < doubt
        return replace(job, gone_since=None) if young else job

    return mass_losses(tuple(map(believed, expected.jobs)), expected.unserved, terms.mass_loss)


def _news(loss: MassLoss) -> News:
    said = "\n".join(sorted(job.key for job in loss.gone)) + "".join(loss.unserved)
    body = hashlib.sha256(said.encode()).hexdigest()[:16]
    return News(status=Status.FIRING, body=body, severity=URGENT)


def _words(
    result: Result, prometheus: PrometheusName, loss: MassLoss | None
) -> Callable[[Reason], Message]:
    if loss is None:
        return lambda _: of_mass_loss_over(prometheus, result.at)
    statuses = {status.job.key: status for status in result.statuses}
    return lambda reason: of_mass_loss(loss, statuses, reason)

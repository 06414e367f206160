"""Removals that are too many at once to be believed: they are told once, and forgotten by nobody.

A chart that is upgraded can take every monitor along; an API server can answer an empty list by
mistake. What derives its expectation from the cluster alone goes green then.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from watcher.engine.pins import united
from watcher.model.expectations import ExpectedJob
from watcher.model.names import MonitorKind, PrometheusName

AT_LEAST: Final = 5
"""Fewer removals than this at once are never called a mass loss, unless their kind is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MassLoss:
    """The unaccepted removals of one Prometheus, never none; ``expected`` counts all its jobs.

    ``unserved`` are kinds of theirs that the API server does not know any more.
    """

    prometheus: PrometheusName
    gone: tuple[ExpectedJob, ...]
    expected: int
    unserved: tuple[str, ...] = ()

    @property
    def since(self) -> datetime:
        """When the first of them was seen to be gone."""
        return min(job.gone_since for job in self.gone if job.gone_since is not None)


def mass_losses(
    jobs: Collection[ExpectedJob], unserved: Collection[str], share: float
) -> Mapping[PrometheusName, MassLoss]:
    """The mass losses among *jobs*, gone and standing ones together.

    One Prometheus has a mass loss when more than *share* of its jobs are gone, and at least
    five; so have all that lost jobs when that holds of all together. It also has one, however
    small, when the API server does not know the kind of what is gone: nobody removed those one by
    one. *unserved* holds such kinds; the kind ``Prometheus`` stands for whatever is gone.
    """
    gone: dict[PrometheusName, list[ExpectedJob]] = {}
    expected: dict[PrometheusName, int] = {}
    for job in united(jobs):
        expected[job.prometheus] = expected.get(job.prometheus, 0) + 1
        if job.gone_since is not None:
            gone.setdefault(job.prometheus, []).append(job)
    everywhere = _too_many(sum(map(len, gone.values())), len(jobs), share)
    found = {}
    for name, lost in gone.items():
        kinds = _unserved(lost, unserved)
        if everywhere or kinds or _too_many(len(lost), expected[name], share):
            found[name] = MassLoss(
                prometheus=name, gone=tuple(lost), expected=expected[name], unserved=kinds
            )
    return found


def _too_many(gone: int, expected: int, share: float) -> bool:
    return gone >= AT_LEAST and gone > share * expected


def _unserved(lost: Iterable[ExpectedJob], unserved: Collection[str]) -> tuple[str, ...]:
    kinds = {job.monitor.kind for job in lost if job.monitor is not None}
    known = [kind.value for kind in MonitorKind if kind in kinds and kind.value in unserved]
    return (*known, "Prometheus") if kinds and "Prometheus" in unserved else tuple(known)

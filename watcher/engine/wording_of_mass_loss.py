"""What is said of a mass loss: one loud message instead of one for each job."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from shlex import quote
from typing import Final

from watcher.engine.announce import URGENT, Reason
from watcher.engine.mass_loss import MassLoss
from watcher.engine.wording import Message, Subject
from watcher.model import shell
from watcher.model.comparison import JobState, JobStatus
from watcher.model.findings import Evidence, FixStep
from watcher.model.incidents import Status
from watcher.model.names import JobKey, PrometheusName

_NAMESPACES: Final = 3
_NAMES: Final = 20
"""So many namespaces, and jobs, are named in the command that accepts them."""


def mass_loss_subject(prometheus: PrometheusName) -> str:
    """The subject under which deliveries are remembered."""
    return f"mass-loss:{prometheus}"


def of_mass_loss(loss: MassLoss, statuses: Mapping[JobKey, JobStatus], reason: Reason) -> Message:
    """Say that too many jobs at once are asked for by nobody any more; *statuses* by their key."""
    states = [_state(job.key, statuses) for job in loss.gone]
    left = sum(state is JobState.MISSING for state in states)
    return Message(
        subject=mass_loss_subject(loss.prometheus),
        reason=reason.value,
        status=Status.FIRING,
        headline=f"Mass loss in {loss.prometheus}: {_counts(loss)} no longer declared",
        summary=(
            f"{_counts(loss)} of {loss.prometheus} are no longer declared, which is treated as an"
            f" accident: {left} have left the running configuration, {len(states) - left} have not;"
            f" none is forgotten until that is accepted{_unserved(loss)}"
        ),
        about=tuple(
            Subject(
                prometheus=job.prometheus,
                pool=job.pool,
                state=state,
                monitor=str(job.monitor) if job.monitor else None,
            )
            for job, state in zip(loss.gone, states, strict=True)
        ),
        starts_at=loss.since,
        evidence=tuple(_evidence(loss)),
        fix=tuple(_fix(loss)),
        severity=URGENT,
    )


def of_mass_loss_over(prometheus: PrometheusName, now: datetime) -> Message:
    """Say that it is over: the jobs are back, or their removal was accepted."""
    return Message(
        subject=mass_loss_subject(prometheus),
        reason=Reason.RESOLVED.value,
        status=Status.RESOLVED,
        headline=f"No mass loss in {prometheus} any more",
        summary="the jobs are asked for again, or their removal was accepted",
        starts_at=now,
        ends_at=now,
        severity=URGENT,
    )


def _state(key: JobKey, statuses: Mapping[JobKey, JobStatus]) -> JobState:
    status = statuses.get(key)
    return JobState.UNKNOWN if status is None else status.state


def _counts(loss: MassLoss) -> str:
    return f"{len(loss.gone)} of {loss.expected} expected jobs"


def _unserved(loss: MassLoss) -> str:
    if not loss.unserved:
        return ""
    return f"; the API server does not know {', '.join(loss.unserved)} any more"


def _evidence(loss: MassLoss) -> list[Evidence]:
    found = [
        Evidence(
            seen=f"{len(loss.gone)} jobs are marked as gone",
            where="watcher expect",
            at=loss.since,
        )
    ]
    return found + [
        Evidence(
            seen=f"{kind} is not served in monitoring.coreos.com",
            where="kubectl api-resources --api-group=monitoring.coreos.com",
        )
        for kind in loss.unserved
    ]


def _fix(loss: MassLoss) -> list[FixStep]:
    """By what asked for the jobs: kubectl knows nothing of a job that a file asked for."""
    spaces = Counter(job.monitor.namespace for job in loss.gone if job.monitor is not None)
    named = sorted({job.pool for job in loss.gone if job.monitor is None})
    of_monitors = _of_monitors(loss, [n for n, _ in spaces.most_common()]) if spaces else []
    return of_monitors + (_of_configurations(named) if named else [])


def _of_monitors(loss: MassLoss, namespaces: Sequence[str]) -> list[FixStep]:
    first = min(job.pool for job in loss.gone if job.monitor is not None)
    accept = "\n".join(f"watcher accept --all-in {quote(n)}" for n in namespaces[:_NAMESPACES])
    more = _and_more(len(namespaces) - _NAMESPACES, "namespaces")
    return [
        FixStep(
            do="See whether the monitors are really gone, or the API server answers wrongly",
            command="kubectl get servicemonitors,podmonitors,probes --all-namespaces",
        ),
        FixStep(
            do="If they are gone and should not be: let GitOps apply them again, or restore the"
            " last seen objects one by one, as here the first",
            command=f"watcher expect {shell.job(first)} --manifest | kubectl apply -f -",
        ),
        FixStep(do=f"If that was meant: accept it{more}", command=accept),
    ]


def _of_configurations(pools: Sequence[str]) -> list[FixStep]:
    more = _and_more(len(pools) - _NAMES, "jobs")
    return [
        FixStep(
            do="See whether the configuration that was read is whole; if jobs were left out of it"
            " by mistake, put them back, and have the server read it again"
        ),
        FixStep(
            do=f"If that was meant: accept it{more}",
            command=f"watcher accept {' '.join(map(shell.job, pools[:_NAMES]))}",
        ),
    ]


def _and_more(more: int, what: str) -> str:
    return f", likewise {more} more {what}" if more > 0 else ""

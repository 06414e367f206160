"""The JSON that others read, made from a result: ``once``, ``audit`` and the API answer the same.

Only what a result holds: nothing is asked here, and nothing that was not asked turns into a zero.
"""

from collections.abc import Collection, Sequence
from fnmatch import fnmatchcase

import msgspec

from watcher.characters import visible_json
from watcher.errors import ConfigError
from watcher.model.comparison import LOST, JobState
from watcher.model.results import Audit, Result
from watcher.web import parts, shapes


def document(result: Result) -> shapes.JobsDocument:
    """Everything that one look came to, sorted, with every key of the contract."""
    told = result.expectations
    return shapes.JobsDocument(
        schema=shapes.SCHEMA,
        at=parts.moment(result.at),
        prometheuses=_prometheuses(result),
        jobs=tuple(parts.job(result, status) for status in result.statuses),
        unselected=tuple(
            parts.unselected(u)
            for u in sorted(told.unselected if told else (), key=lambda u: u.monitor)
        ),
        unexpected=tuple(
            shapes.UnexpectedShape(prometheus=c.prometheus, pool=pool)
            for c in sorted(result.comparisons, key=lambda c: c.prometheus)
            for pool in sorted(c.unexpected)
        ),
        unreadable=parts.unreadable((*(told.unreadable if told else ()), *result.unreadable)),
        summary=shapes.SummaryShape(**result.summary),
    )


def audit_document(audit: Audit) -> shapes.AuditDocument:
    """What is at risk, sorted by Prometheus, pool and code."""
    return shapes.AuditDocument(
        schema=shapes.SCHEMA,
        at=parts.moment(audit.at),
        risks=parts.risks(audit.risks),
        undecided=tuple(
            sorted(parts.undecided(audit.undecided), key=lambda u: (u.cause, u.lacking))
        ),
        unreadable=parts.unreadable(audit.unreadable),
    )


def as_json(shape: object, *, indent: int = 0) -> bytes:
    """The document as UTF-8 JSON; *indent* is the number of spaces of a level, 0 for one line."""
    encoded = msgspec.json.encode(shape)
    if indent:
        encoded = msgspec.json.format(encoded, indent=indent)
    return visible_json(encoded.decode()).encode()


def narrowed(
    whole: shapes.JobsDocument, jobs: Sequence[str] = (), states: Collection[str] = ()
) -> shapes.JobsDocument:
    """The document with only those of its jobs that match; the summary still counts all.

    *jobs* are globs over pool names, monitors' names or their ``namespace/name``; *states* are
    words of states, or ``lost``. Empty ones narrow nothing. Raises ConfigError for a word that is
    no state.
    """
    wanted = frozenset(state for word in states for state in _states(word))
    kept = (
        job
        for job in whole.jobs
        if (not wanted or job.state in wanted)
        and (not jobs or any(_matches(job, pattern) for pattern in jobs))
    )
    return msgspec.structs.replace(whole, jobs=tuple(kept))


def _states(word: str) -> Collection[JobState]:
    if word == "lost":
        return LOST
    if word in JobState.__members__.values():
        return (JobState(word),)
    raise ConfigError(f"{word!r} is no state: name one of lost, {', '.join(JobState)}")


def _matches(job: shapes.JobShape, pattern: str) -> bool:
    names = [job.pool]
    if job.monitor is not None:
        names += [job.monitor.name, f"{job.monitor.namespace}/{job.monitor.name}"]
    return any(fnmatchcase(name, pattern) for name in names)


def _prometheuses(result: Result) -> tuple[shapes.PrometheusShape, ...]:
    """Every Prometheus that is watched; one whose servers were not asked says so of each."""
    told = result.expectations.prometheuses if result.expectations else ()
    seen = {watched.name: tuple(parts.not_asked(watched.servers)) for watched in told} | {
        observation.prometheus: observation.servers for observation in result.observations
    }
    return tuple(
        shapes.PrometheusShape(
            prometheus=name,
            servers=tuple(
                sorted(
                    (parts.server(server) for server in seen[name]),
                    key=lambda s: (s.shard, s.replica, s.server),
                )
            ),
        )
        for name in sorted(seen)
    )

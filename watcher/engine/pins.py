"""Expect the pinned jobs: those that the settings say must be there, whatever anybody declares."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import TypeAlias

from watcher.model.expectations import Expectations, ExpectedJob, Origin, Pin, Steering
from watcher.model.names import JobKey, PoolName, PrometheusName
from watcher.model.observations import Observation

Labels: TypeAlias = tuple[tuple[str, str], ...]
Pools: TypeAlias = Mapping[PoolName, Sequence[Labels]]


def with_pins(expectations: Expectations, pins: Iterable[Pin]) -> Expectations:
    """*expectations* with one more job for each pin and each Prometheus that must have it.

    A pin for the number of nodes has that of *expectations* as its least number of targets.
    ``united`` then tells which of them are jobs of their own.
    """
    watched = [prometheus.name for prometheus in expectations.prometheuses]
    pinned = tuple(
        _job(pin, prometheus, expectations.nodes)
        for pin in pins
        for prometheus in watched
        if pin.prometheus in {None, prometheus}
    )
    return replace(expectations, jobs=expectations.jobs + pinned)


def united(
    jobs: Iterable[ExpectedJob],
    observed: Observation | None = None,
    *,
    remembered: Mapping[JobKey, Labels] = MappingProxyType({}),
    ongoing: Container[JobKey] = (),
) -> tuple[ExpectedJob, ...]:
    """*jobs* without the pins that find nothing but what other jobs are: a pool is one job.

    The jobs that such a pin finds are pinned by it, and each must have as many targets. They are
    found by their names, and by the labels that *observed* pools have, else those *remembered* of
    the job, else those that it declares. A pin with an incident (*ongoing*) stays until that ends.
    """
    jobs = tuple(jobs)
    pools = seen_pools(observed)
    found = {job.key: job for job in jobs if job.origin is not Origin.PINNED}
    claimed = {(job.prometheus, name) for job in found.values() for name in job.names}
    for job in jobs:
        if job.origin is not Origin.PINNED:
            continue
        there = {(job.prometheus, pool) for pool in matching(job.pin, pools)}
        same = _same(job, tuple(found.values()), pools, remembered)
        for other in same:
            found[other.key] = _pinned(other, job)
        if not (same or there) or there - claimed or job.key in ongoing:
            found[job.key] = job
            claimed |= there
    return tuple(found[job.key] for job in jobs if job.key in found)


def matching(pin: Pin | None, pools: Pools) -> frozenset[PoolName]:
    """Those of *pools* that *pin* means."""
    return frozenset(name for name, labels in pools.items() if _means(pin, (name,), labels))


def seen_pools(observed: Observation | None) -> Pools:
    """Every pool that a server has or is to have, with the labels that its targets share there."""
    seen: dict[PoolName, list[Labels]] = {}
    for server in () if observed is None else observed.readable:
        for name in server.jobs:
            seen.setdefault(name, [])
        for name, pool in server.pools.items():
            seen.setdefault(name, []).extend([pool.labels] if pool.labels else [])
    return seen


def _means(pin: Pin | None, names: Iterable[PoolName], labels: Iterable[Labels]) -> bool:
    if pin is None:
        return False
    if pin.pool is not None:
        return any(fnmatchcase(name, pin.pool) for name in names)
    return any(set(pin.labels) <= set(each) for each in labels)


def _same(
    pinned: ExpectedJob,
    others: Iterable[ExpectedJob],
    pools: Pools,
    remembered: Mapping[JobKey, Labels],
) -> tuple[ExpectedJob, ...]:
    """The jobs that a pin means; those that are gone only where it means no other."""
    means = []
    for job in others:
        if job.prometheus != pinned.prometheus or job.origin is Origin.PINNED:
            continue
        shown = next((pools[name] for name in job.names if pools.get(name)), ())
        known = shown or (remembered.get(job.key, ()) or job.labels,)
        if _means(pinned.pin, job.names, known):
            means.append(job)
    return tuple(job for job in means if job.gone_since is None) or tuple(means)


def _pinned(job: ExpectedJob, pinned: ExpectedJob) -> ExpectedJob:
    """*job* with the pin of *pinned*; one target is the least that every job must have."""
    least = max(job.steering.min_targets or 0, pinned.steering.min_targets or 0)
    asked = job.steering.min_targets is not None or least > 1
    steering = replace(job.steering, min_targets=least if asked else None)
    return replace(job, pin=pinned.pin, steering=steering)


def _job(pin: Pin, prometheus: PrometheusName, nodes: int | None) -> ExpectedJob:
    return ExpectedJob(
        key=JobKey(f"{prometheus}|{Origin.PINNED}|{pin.name}"),
        prometheus=prometheus,
        pool=PoolName(pin.pool or pin.name),
        origin=Origin.PINNED,
        pin=pin,
        steering=Steering(min_targets=nodes if pin.least is None else pin.least),
    )

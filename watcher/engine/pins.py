"""Expect the pinned jobs: those that the settings say must be there, whatever anybody declares."""

from collections.abc import Iterable
from dataclasses import replace

from watcher.model.expectations import Expectations, ExpectedJob, Origin, Pin, Steering
from watcher.model.names import JobKey, PoolName, PrometheusName


def with_pins(expectations: Expectations, pins: Iterable[Pin]) -> Expectations:
    """*expectations* with one more job for each pin and each Prometheus that must have it.

    A pin for the number of nodes has that of *expectations* as its least number of targets.
    """
    watched = [prometheus.name for prometheus in expectations.prometheuses]
    pinned = tuple(
        _job(pin, prometheus, expectations.nodes)
        for pin in pins
        for prometheus in watched
        if pin.prometheus in {None, prometheus}
    )
    return replace(expectations, jobs=expectations.jobs + pinned)


def _job(pin: Pin, prometheus: PrometheusName, nodes: int | None) -> ExpectedJob:
    return ExpectedJob(
        key=JobKey(f"{prometheus}|{Origin.PINNED}|{pin.name}"),
        prometheus=prometheus,
        pool=PoolName(pin.pool or pin.name),
        origin=Origin.PINNED,
        pin=pin,
        steering=Steering(min_targets=nodes if pin.least is None else pin.least),
    )

"""The forms of Prometheus's answers, as far as we read them; unknown fields are passed over."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec


class Envelope(msgspec.Struct):
    """What every answer of the API stands in; ``data`` is decoded apart."""

    status: str
    data: msgspec.Raw = msgspec.Raw(b"null")
    error: str = ""


class Runtime(msgspec.Struct, rename="camel"):
    """/api/v1/status/runtimeinfo.

    ``serverTime`` is there since 3.5. ``storageRetention`` is empty on an agent and never on a
    server (seen on 2.42.0, 2.53.3 and 3.5.3).
    """

    start_time: str
    reload_config_success: bool
    last_config_time: str
    server_time: str | None = None
    storage_retention: str = "?"


class Build(msgspec.Struct):
    """/api/v1/status/buildinfo. ``version`` may carry a suffix: ``3.5.3+ds1``."""

    version: str


class ConfigText(msgspec.Struct):
    """/api/v1/status/config: the running configuration, as YAML."""

    yaml: str


class PoolNames(msgspec.Struct, rename="camel"):
    """/api/v1/scrape_pools, since 2.42."""

    scrape_pools: list[str] | None


class ActiveTarget(msgspec.Struct, rename="camel"):
    """One active target of /api/v1/targets."""

    scrape_pool: str
    scrape_url: str
    health: str
    last_error: str
    labels: dict[str, str]


class Discovered(msgspec.Struct, rename="camel"):
    """One target of /api/v1/targets, active or dropped, as discovery gave it."""

    discovered_labels: dict[str, str]


class ActiveTargets(msgspec.Struct, rename="camel"):
    """/api/v1/targets?state=active."""

    active_targets: list[ActiveTarget] | None


class DiscoveredTargets(msgspec.Struct, rename="camel"):
    """The same, of the active targets, for what they were discovered as."""

    active_targets: list[Discovered] | None


class DroppedTargets(msgspec.Struct, rename="camel"):
    """/api/v1/targets?state=dropped. The counts, of all pools, are there since 2.47."""

    dropped_targets: list[Discovered] | None
    dropped_target_counts: dict[str, int] | None = None


class RuleAnswer(msgspec.Struct, rename="camel"):
    """One rule of /api/v1/rules."""

    name: str
    query: str
    type: str
    labels: dict[str, str] | None = None


class RuleGroup(msgspec.Struct, rename="camel"):
    """One group of /api/v1/rules."""

    name: str
    rules: list[RuleAnswer] | None = None


class RuleGroups(msgspec.Struct, rename="camel"):
    """/api/v1/rules."""

    groups: list[RuleGroup] | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample of an instant query, without its metric's name; ``at`` is Unix time."""

    labels: tuple[tuple[str, str], ...]
    value: float
    at: float


def query_result(raw: Sequence[Mapping[str, Any]]) -> tuple[Sample, ...]:
    """The samples of a decoded query result, of a range the last one of each series.

    Raises LookupError, TypeError or ValueError.
    """
    return tuple(
        _sample(one["metric"], one["value"] if "value" in one else one["values"][-1]) for one in raw
    )


def _sample(labels: Mapping[str, str], pair: Sequence[Any]) -> Sample:
    at, value = pair
    return Sample(as_labels(labels.items()), float(value), float(at))


def as_labels(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Labels in their sorted form, without the metric's name."""
    return tuple(sorted((str(k), str(v)) for k, v in pairs if k != "__name__"))

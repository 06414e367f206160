"""Reads what we need out of a server's own /metrics, and passes over the rest unparsed.

No client library's parser: those decode every line, which takes seconds on a server of many pools.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from watcher.model.names import PoolName
from watcher.model.observations import ServerMetrics

_LABEL: Final = re.compile(r'([A-Za-z_][A-Za-z0-9_]*)="((?:[^"\\]|\\.)*)",?')
_ESCAPE: Final = re.compile(r"\\(.)")
_ESCAPED: Final = {"n": "\n", '"': '"', "\\": "\\"}
_SIGN: Final = "prometheus_config_last_reload_successful"
"""A family that every Prometheus shows, server or agent; whoever lacks it is something else."""

_OVER_LIMIT: Final = "prometheus_target_scrapes_exceeded_sample_limit_total"
_DUPLICATES: Final = "prometheus_target_scrapes_sample_duplicate_timestamp_total"
_OUT_OF_BOUNDS: Final = "prometheus_target_scrapes_sample_out_of_bounds_total"
_SERIES: Final = "prometheus_tsdb_head_series"
_NEWEST: Final = "prometheus_tsdb_head_max_time"
"""Time of the newest sample that is stored, in milliseconds (2.42 to 3.16)."""
_LAST: Final = 4e12
"""No time of a sample in this century: a server may hold any number."""
_UNWRITTEN: Final = "prometheus_tsdb_wal_writes_failed_total"
_FEW_SERIES: Final = 200_000
"""Up to so many series a server may be asked which targets have none: some tenths of a second."""

_FAMILIES: Final = (
    _SIGN,
    "prometheus_sd_discovered_targets",
    "prometheus_sd_failed_configs",
    "prometheus_sd_kubernetes_http_request_total",
    "prometheus_sd_refresh_duration_seconds_count",
    "prometheus_sd_refresh_failures_total",
    "prometheus_target_scrape_pool_reloads_failed_total",
    "prometheus_target_scrape_pool_targets",
    "prometheus_target_sync_failed_total",
    _OVER_LIMIT,
    _DUPLICATES,
    _OUT_OF_BOUNDS,
    _SERIES,
    _NEWEST,
    _UNWRITTEN,
)


@dataclass(slots=True)
class SelfMetrics:
    """The families that tell of scraping, each by one of its labels; absent: not there."""

    discovered: dict[PoolName, int] = field(default_factory=dict)
    targets: dict[PoolName, int] = field(default_factory=dict)
    """``prometheus_target_scrape_pool_targets`` by ``scrape_job``: the live pools, each with the
    number of its active targets."""
    sync_failed: dict[PoolName, float] = field(default_factory=dict)
    kubernetes_errors: dict[str, float] = field(default_factory=dict)
    refreshes: Counter[str] = field(default_factory=Counter)
    refresh_failures: Counter[str] = field(default_factory=Counter)
    """By ``mechanism``; since 3.9 there is one of each for every ``config``, here they are one."""
    single: dict[str, float] = field(default_factory=dict)

    @property
    def may_refuse(self) -> bool:
        """Whether some sample was refused for its time, and it may be asked whose they are."""
        refused = self.single.get(_OUT_OF_BOUNDS, 0) > 0
        return refused and self.single.get(_SERIES, _FEW_SERIES + 1) <= _FEW_SERIES

    @property
    def stored_at(self) -> datetime | None:
        """When the newest stored sample was taken; None of an agent, and before the first one."""
        newest = self.single.get(_NEWEST, 0)
        return datetime.fromtimestamp(newest / 1000, UTC) if 0 < newest < _LAST else None

    @property
    def unwritten(self) -> bool:
        """Whether some write to the write-ahead log failed."""
        return self.single.get(_UNWRITTEN, 0) > 0

    @property
    def may_miscount(self) -> bool:
        """Whether a target over its limit may be up: samples are taken for duplicates."""
        return all(self.single.get(name, 0) > 0 for name in (_OVER_LIMIT, _DUPLICATES))

    def told(self) -> ServerMetrics:
        """What the model keeps of it."""
        return ServerMetrics(
            discovered=self.discovered,
            sync_failed=self.sync_failed,
            pool_reloads_failed=self.single.get(
                "prometheus_target_scrape_pool_reloads_failed_total"
            ),
            reload_successful=self.single.get(_SIGN) == 1,
            failed_sd_configs=self.single.get("prometheus_sd_failed_configs"),
            kubernetes_sd_errors=self.kubernetes_errors,
            wal_writes_failed=self.single.get(_UNWRITTEN),
            refreshes=self.refreshes,
            refresh_failures=self.refresh_failures,
        )


def self_metrics(text: str) -> SelfMetrics | None:
    """The families out of an exposition in text format; None when it is not Prometheus's own."""
    found = SelfMetrics()
    for line in text.split("\n"):
        if not line.startswith("prometheus_"):
            continue
        name = line[: _end_of_name(line)]
        if name in _FAMILIES:
            labels, value = _sample(line[len(name) :])
            if value is not None:
                _take(found, name, labels, value)
    return found if _SIGN in found.single else None


def labels_of(text: str) -> dict[str, str]:
    """The labels in ``a="b",c="d"``, escapes undone."""
    return {name: _unescaped(value) for name, value in _LABEL.findall(text)}


def _take(found: SelfMetrics, name: str, labels: Mapping[str, str], value: float) -> None:
    match name:
        case "prometheus_sd_discovered_targets":
            if labels.get("name") == "scrape":
                found.discovered[PoolName(labels.get("config", ""))] = int(value)
        case "prometheus_target_scrape_pool_targets":
            found.targets[PoolName(labels.get("scrape_job", ""))] = int(value)
        case "prometheus_target_sync_failed_total":
            found.sync_failed[PoolName(labels.get("scrape_job", ""))] = value
        case "prometheus_sd_kubernetes_http_request_total":
            found.kubernetes_errors[labels.get("status_code", "")] = value
        case "prometheus_sd_refresh_duration_seconds_count":
            found.refreshes[labels.get("mechanism", "")] += int(value)
        case "prometheus_sd_refresh_failures_total":
            found.refresh_failures[labels.get("mechanism", "")] += int(value)
        case _ if labels.get("name", "scrape") == "scrape":
            found.single[name] = value


def _end_of_name(line: str) -> int:
    ends = [end for end in (line.find("{"), line.find(" ")) if end >= 0]
    return min(ends, default=len(line))


def _sample(rest: str) -> tuple[Mapping[str, str], float | None]:
    # A label's value can hold any character, "}" and " " too; the sample's value holds neither.
    labels, brace, number = rest.rpartition("}")
    try:
        value = float((number if brace else rest).split()[0])
    except (ValueError, IndexError):
        return {}, None
    finite = value if abs(value) < float("inf") else None
    return labels_of(labels[1:]) if brace else {}, finite


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[0]), text)

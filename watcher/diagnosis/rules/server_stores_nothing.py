"""The server stores nothing of what it scrapes.

## Meaning

Targets are up on its page, and no sample of any job reaches the store, `up` neither: no alert fires, as
there are no data. Mostly its volume is full, so that the write-ahead log cannot be written; or it was
mounted again for reading only. It is a problem of the server, told once for all its jobs.

## Evidence

Targets are up while the newest stored sample (`prometheus_tsdb_head_max_time`) stands still for minutes, by the
server's own clock. `prometheus_tsdb_wal_writes_failed_total` and the log's words (`write to WAL: … no space
left on device`), where they can be read.

## Fix

Give the volume more room; Prometheus stores again by itself as soon as there is some (seen on 2.42, 2.53, 3.5 and
3.16). Then let `retentionSize` stay below the volume's size.

## Not to be confused with

`no-samples`: there the samples of one job are missing. `cause-unknown` of unreadable servers: a server whose
volume is full does not start again.
"""

import re
from collections.abc import Iterator
from shlex import quote

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _advice, _files, _scrapes, _where
from watcher.model.facts import LOGS, PODS, PROMETHEUS, LogKind, Unavailable
from watcher.model.findings import Confidence, Evidence, Finding, FixStep, Link
from watcher.model.kube import KubeObject, objects, text
from watcher.model.observations import ServerObservation

_CODE = "server-stores-nothing"
_SIZE = re.compile(r"(\d+)([KMGTP]i?)?")
_FULL = "no space left on device"


def check(case: Case) -> Finding | None:
    """Whether a server that shows the job's targets stores no sample at all."""
    server = next((s for s in case.servers() if s.stores_nothing), None)
    if server is None or not any(pool.up for s, pool in case.pools() if s is server):
        return None
    said = next(iter(_said(case, server)), None)
    why = ""
    if said is not None:
        why = ", as its volume is full" if _FULL in said.seen else f": {said.seen}"
    since = f" since {server.stored_at:%Y-%m-%d %H:%M:%S} UTC" if server.stored_at else ""
    return Finding(
        summary=f"{server.server.name} stores nothing of what it scrapes{since}{why}",
        evidence=(*_evidence(server), *(() if said is None else (said,))),
        fix=tuple(_fix(case, server)),
        confidence=Confidence.CERTAIN if _unwritten(server) or said else Confidence.LIKELY,
        proof=server.server.name,
    )


def _unwritten(server: ServerObservation) -> int:
    return int(server.metrics.wal_writes_failed or 0) if server.metrics else 0


def _evidence(server: ServerObservation) -> Iterator[Evidence]:
    up = sum(pool.up for pool in server.pools.values())
    yield Evidence(
        seen=f"{up} target{' is' if up == 1 else 's are'} up, and the newest stored sample is of that time",
        where=_where.own_metrics(server, "prometheus_tsdb_head_max_time"),
        at=server.stored_at,
    )
    if failed := _unwritten(server):
        yield Evidence(
            seen=f"{failed} writes to the write-ahead log failed",
            where=_where.own_metrics(server, "prometheus_tsdb_wal_writes_failed_total"),
        )


def _said(case: Case, server: ServerObservation) -> Iterator[Evidence]:
    """What its log says of that, the last first."""
    lines = case.look(LOGS)
    for line in () if isinstance(lines, Unavailable) else reversed(lines):
        if (
            line.kind is LogKind.SAMPLES_REJECTED
            and line.server == server.server.name
            and "write to WAL" in line.text
        ):
            where = _files.where_the_log_is(case, server)
            yield Evidence(seen=line.text, where=where, at=line.at)


def _fix(case: Case, server: ServerObservation) -> Iterator[FixStep]:
    namespace, in_cluster, _ = case.job.prometheus.partition("/")
    claim, size = _claim(case, server), _size(case)
    if claim is not None:
        larger = f"{int(size[1]) * 2}{size[2] or ''}" if size else "<larger size>"
        patch = f'{{"spec":{{"resources":{{"requests":{{"storage":"{larger}"}}}}}}}}'
        yield FixStep(
            do="Give its volume more room (where the StorageClass allows that: allowVolumeExpansion)",
            command=f"kubectl -n {quote(namespace)} patch pvc {quote(claim)} -p {quote(patch)}",
        )
    elif in_cluster:
        yield FixStep(
            do="See how full its disk is: it has no volume of its own, so it is that of the node",
            command=f"kubectl -n {quote(namespace)} exec {quote(server.server.name)} -c prometheus -- df -h"
            " /prometheus",
        )
    else:
        yield FixStep(
            do="Make room on the disk that holds --storage.tsdb.path, or let that be written",
            command="df -h",
        )
    prometheus = case.look(PROMETHEUS)
    if not isinstance(prometheus, Unavailable) and prometheus is not None and size:
        unit = f"{size[2] or ''}".removesuffix("i") + "B"
        limit = f"{int(size[1]) * 8 // 10 or 1}{unit}"
        do = "Let it delete old data before the volume is full again: 80 % of the volume"
        yield _advice.set_spec(prometheus, "retentionSize", limit, do)


def _claim(case: Case, server: ServerObservation) -> str | None:
    """The PersistentVolumeClaim of its pod."""
    pods = case.look(PODS)
    for pod in () if isinstance(pods, Unavailable) else pods:
        if pod.name == server.server.name:
            return next(_claims(pod), None)
    return None


def _claims(pod: KubeObject) -> Iterator[str]:
    for volume in objects(pod.raw, "spec", "volumes"):
        if name := text(volume, "persistentVolumeClaim", "claimName"):
            yield name


def _size(case: Case) -> re.Match[str] | None:
    """What the resource asks for its volume."""
    prometheus = case.look(PROMETHEUS)
    if isinstance(prometheus, Unavailable) or prometheus is None:
        return None
    path = ("storage", "volumeClaimTemplate", "spec", "resources", "requests", "storage")
    return _SIZE.fullmatch(text(prometheus.spec, *path) or "")


RULE = Rule(
    code=_CODE,
    link=Link.INGESTED,
    states=_scrapes.STATES,
    needs=needing(LOGS, PODS, PROMETHEUS),
    check=check,
    refines=frozenset({_scrapes.NO_SAMPLES}),
)

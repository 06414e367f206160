"""Small makers of values, each with defaults that do not matter to the test at hand.

Any field of a value can be given by its name, so that a test says only what it is about.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from watcher.model.comparison import Comparison, JobState, JobStatus, ServerStatus, TargetCounts
from watcher.model.expectations import (
    Expectations,
    ExpectedJob,
    ExpectedServer,
    Origin,
    Pin,
    Steering,
    WatchedPrometheus,
)
from watcher.model.findings import (
    Confidence,
    Diagnosis,
    Evidence,
    Finding,
    FixStep,
    Found,
    Link,
    Risk,
    Undecided,
)
from watcher.model.history import Blindness, JobMemory, WatchRecord
from watcher.model.incidents import Incident, Status
from watcher.model.inspections import Inspection
from watcher.model.names import (
    JobKey,
    MonitorKind,
    MonitorRef,
    PoolName,
    PrometheusName,
    ServerName,
)
from watcher.model.observations import (
    Observation,
    RunningJob,
    ScrapePool,
    ServerMetrics,
    ServerObservation,
)
from watcher.model.results import Audit, Result

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
PROMETHEUS = PrometheusName("monitoring/k8s")
SERVER = ServerName("prometheus-k8s-0")


def before(**ago):
    """A moment before NOW: ``before(minutes=3)``."""
    return NOW - timedelta(**ago)


def a_monitor(name="web", namespace="shop", kind="ServiceMonitor"):
    return MonitorRef(MonitorKind(kind), namespace, name)


def a_pool_name(name="web", namespace="shop", endpoint=0, kind="ServiceMonitor"):
    first = kind[0].lower() + kind[1:]
    number = f"/{endpoint}" if kind in {"ServiceMonitor", "PodMonitor"} else ""
    return PoolName(f"{first}/{namespace}/{name}{number}")


def a_key(name="web", namespace="shop", endpoint=0, kind="ServiceMonitor", prometheus=PROMETHEUS):
    return JobKey(f"{prometheus}|{kind} {namespace}/{name}|{endpoint}")


def a_job(
    name="web",
    *,
    namespace="shop",
    endpoint=0,
    kind="ServiceMonitor",
    prometheus=PROMETHEUS,
    **fields,
):
    """An expected job of a monitor: ``a_job("kubelet", namespace="monitoring", endpoint=1)``."""
    numbered = kind in {"ServiceMonitor", "PodMonitor"}
    job = ExpectedJob(
        key=a_key(name, namespace, endpoint, kind, prometheus),
        prometheus=PrometheusName(prometheus),
        pool=a_pool_name(name, namespace, endpoint, kind),
        monitor=a_monitor(name, namespace, kind),
        endpoint=endpoint if numbered else None,
        scheme="http",
        port="metrics",
        path="/metrics",
        changed_at=before(days=30),
    )
    return replace(job, **fields)


def a_pinned_job(name="node-exporter", *, prometheus=PROMETHEUS, **fields):
    """An expected job that no monitor asks for."""
    job = ExpectedJob(
        key=JobKey(f"{prometheus}|pinned {name}"),
        prometheus=PrometheusName(prometheus),
        pool=PoolName(name),
        origin=Origin.PINNED,
        pin=Pin(name=name, pool=name),
    )
    return replace(job, **fields)


def an_ignored_job(name="web", *, reason="being moved", until=None, **fields):
    return a_job(name, steering=Steering(ignored=True, reason=reason, until=until), **fields)


def a_status(state="healthy", job=None, **fields):
    """A job on one server, with counts of targets that fit the state."""
    state = JobState(state)
    job = job or a_job()
    targets = fields.pop("targets", _counts(state))
    status = JobStatus(
        job=job,
        pool=job.pool,
        state=state,
        targets=targets,
        servers=(ServerStatus(server=SERVER, state=state, targets=targets),),
    )
    return replace(status, **fields)


def _counts(state):
    match state:
        case JobState.HEALTHY:
            return TargetCounts(active=3, up=3, down=0, not_scraped=0)
        case JobState.DEGRADED:
            return TargetCounts(active=3, up=2, down=1, not_scraped=0, expected=3)
        case JobState.DOWN:
            return TargetCounts(active=3, up=0, down=3, not_scraped=0)
        case JobState.EMPTY | JobState.DORMANT:
            return TargetCounts(active=0, up=0, down=0, not_scraped=0)
        case JobState.UNSTARTED | JobState.MISSING:
            return TargetCounts(active=0, up=0, down=0, not_scraped=0)
        case JobState.UNKNOWN:
            return TargetCounts()


def a_pool(name=None, *, up=0, down=0, not_scraped=0, **fields):
    """A scrape pool with so many targets: ``a_pool(up=2, down=1)``."""
    pool = ScrapePool(
        name=name or a_pool_name(),
        active=up + down + not_scraped,
        up=up,
        down=down,
        not_scraped=not_scraped,
    )
    return replace(pool, **fields)


def a_running_job(name=None, **fields):
    return replace(RunningJob(name=name or a_pool_name()), **fields)


def an_expected_server(name=SERVER, **fields):
    server = ExpectedServer(name=ServerName(name), url=f"http://{name}:9090")
    return replace(server, **fields)


def a_server(name=SERVER, *, pools=(), jobs=(), shard=0, replica=0, **fields):
    """What one server shows. *pools* are configured too, *jobs* are configured and have no pool."""
    running = {job.name: job for job in (*jobs, *(a_running_job(p.name) for p in pools))}
    server = ServerObservation(
        server=an_expected_server(name, shard=shard, replica=replica),
        taken_at=NOW,
        version="3.5.3",
        started_at=before(days=9),
        loaded_at=before(days=9),
        jobs=running,
        pools={pool.name: pool for pool in pools},
        metrics=ServerMetrics(),
    )
    return replace(server, **fields)


def an_observation(*servers, prometheus=PROMETHEUS, taken_at=NOW):
    return Observation(
        prometheus=PrometheusName(prometheus),
        taken_at=taken_at,
        servers=servers or (a_server(),),
    )


def a_prometheus(name=PROMETHEUS, **fields):
    watched = WatchedPrometheus(name=PrometheusName(name), servers=(an_expected_server(),))
    return replace(watched, **fields)


def some_expectations(*jobs, **fields):
    expectations = Expectations(taken_at=NOW, prometheuses=(a_prometheus(),), jobs=jobs)
    return replace(expectations, **fields)


def a_comparison(*statuses, prometheus=PROMETHEUS, **fields):
    comparison = Comparison(
        prometheus=PrometheusName(prometheus), taken_at=NOW, statuses=tuple(statuses)
    )
    return replace(comparison, **fields)


def a_finding(summary="the file /etc/ssl/tls.crt is in no mount of the pod", **fields):
    finding = Finding(
        summary=summary,
        evidence=(Evidence(seen="no mount at /etc/ssl", where="kubectl get pod -o yaml"),),
        fix=(FixStep(do="mount the Secret", command="kubectl patch …"),),
        confidence=Confidence.CERTAIN,
    )
    return replace(finding, **fields)


def a_found(code="tls-file-missing", link=Link.CREATED, **fields):
    """A finding with its code; *fields* are those of the finding."""
    return Found(code=code, link=link, finding=a_finding(**fields))


def an_undecided(code="secret-missing", link=Link.ACCEPTED, **fields):
    undecided = Undecided(
        code=code,
        link=link,
        lacking="secret_keys",
        reason="403 Forbidden",
        permission="get secrets in shop",
    )
    return replace(undecided, **fields)


def a_diagnosis(
    code="tls-file-missing",
    link=Link.CREATED,
    *,
    findings=(),
    undecided=(),
    around=(),
    first_open=Link.DECLARED,
    **fields,
):
    """A diagnosis with a cause; ``a_diagnosis(None, Link.CREATED)`` is one without."""
    return Diagnosis(
        cause=None if code is None else a_found(code, link, **fields),
        link=link,
        findings=tuple(findings),
        undecided=tuple(undecided),
        around=tuple(around),
        first_open=first_open,
    )


def an_incident(job=None, **fields):
    """A firing incident of a job that was lost an hour ago."""
    job = job or a_job()
    incident = Incident(
        id=f"{job.key}@{before(hours=1).isoformat()}",
        job=job.key,
        prometheus=job.prometheus,
        pool=job.pool,
        state=JobState.UNSTARTED,
        status=Status.FIRING,
        starts_at=before(hours=1),
        seen_at=NOW,
        watches=3,
    )
    return replace(incident, **fields)


def a_memory(job=None, **fields):
    job = job or a_job()
    memory = JobMemory(
        prometheus=job.prometheus,
        pool=job.pool,
        state=JobState.HEALTHY,
        since=before(days=9),
        most_targets=3,
    )
    return replace(memory, **fields)


def a_result(*statuses, **fields):
    """One look at the Prometheuses of *statuses*, each with one readable server."""
    by_prometheus = {}
    for status in statuses:
        by_prometheus.setdefault(status.job.prometheus, []).append(status)
    jobs = [status.job for status in statuses]
    names = tuple(by_prometheus) or (PROMETHEUS,)
    result = Result(
        at=NOW,
        expectations=some_expectations(*jobs, prometheuses=tuple(map(a_prometheus, names))),
        observations=tuple(an_observation(prometheus=name) for name in names),
        comparisons=tuple(
            a_comparison(*by_prometheus.get(name, ()), prometheus=name) for name in names
        ),
    )
    return replace(result, **fields)


def a_risk(code="mount-not-in-cr", *, pool=None, **fields):
    """A risk; *fields* are those of its finding."""
    return Risk(code=code, prometheus=PROMETHEUS, pool=pool, finding=a_finding(**fields))


def an_audit(*risks, **fields):
    return replace(Audit(at=NOW, risks=risks), **fields)


def a_watch(at=NOW, **counts):
    """The record of a watch; ``expected`` is the sum of the others unless given."""
    numbers = dict.fromkeys(("healthy", "degraded", "lost", "dormant", "unknown", "ignored"), 0)
    numbers |= {"healthy": 3} | counts
    expected = numbers.pop("expected", sum(numbers.values()))
    return WatchRecord(at=at, expected=expected, **numbers)


def a_blindness(source="prometheus-k8s-0", **fields):
    spell = Blindness(source=source, since=before(hours=2), error="connection refused")
    return replace(spell, **fields)


def an_inspection(**fields):
    """A week in which nothing happened."""
    inspection = Inspection(
        since=before(days=7),
        until=NOW,
        watches=20160,
        coverage=1.0,
        latest=a_watch(),
        lost=(),
        recovered=(),
        retired=(),
        at_risk=(),
        blind=(),
        blind_for=timedelta(0),
        unwatched_for=timedelta(0),
        by_cause=(),
    )
    return replace(inspection, **fields)

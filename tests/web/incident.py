"""Results as they look in the field, for tests of pages and for looking at them."""

from dataclasses import replace

from tests.builders import (
    NOW,
    PROMETHEUS,
    a_diagnosis,
    a_found,
    a_job,
    a_memory,
    a_monitor,
    a_result,
    a_risk,
    a_server,
    a_status,
    an_audit,
    an_expected_server,
    an_ignored_job,
    an_incident,
    an_observation,
    an_undecided,
    before,
)
from watcher.model.comparison import TargetCounts
from watcher.model.expectations import Unreadable, Unselected
from watcher.model.findings import Evidence, FixStep, Link
from watcher.model.observations import UnreadableServer

KUBELET = tuple(a_job("kubelet", namespace="monitoring", endpoint=i) for i in (0, 1))
PAY = a_job("payments", namespace="shop")
NODE = a_job("node-exporter", namespace="monitoring")

PATCH = (
    "kubectl -n monitoring patch prometheus k8s --type=json -p "
    """'[{"op":"test","path":"/spec/secrets/0","value":"etcd-client"},"""
    """{"op":"add","path":"/spec/secrets/-","value":"kubelet-tls"}]'"""
)
PATHS = (
    "kubectl -n monitoring patch servicemonitor kubelet --type=json -p "
    """'[{"op":"test","path":"/spec/endpoints/0/tlsConfig/certFile","value":"/etc/ssl/private/kubelet/tls.crt"},"""
    """{"op":"replace","path":"/spec/endpoints/0/tlsConfig/certFile","value":"/etc/prometheus/secrets/kubelet-tls/tls.crt"}]'"""
)

REVERTED = a_diagnosis(
    "hand-patch-reverted",
    Link.CREATED,
    summary="the mount of Secret kubelet-tls at /etc/ssl/private/kubelet stood only on the StatefulSet,"
    " and the operator took it back",
    evidence=(
        Evidence(
            seen="the pod prometheus-k8s-0 has no mount at /etc/ssl/private/kubelet",
            where="kubectl -n monitoring get pod prometheus-k8s-0 -o jsonpath='{.spec.containers[?(@.name==\"prometheus\")].volumeMounts}'",
        ),
        Evidence(
            seen="revision 2 of the StatefulSet had it, patched by kubectl-patch; revision 3 has not",
            where="kubectl -n monitoring get controllerrevisions -l app.kubernetes.io/name=prometheus",
            at=before(days=9, hours=4),
        ),
        Evidence(
            seen="the log says: open /etc/ssl/private/kubelet/tls.crt: no such file or directory",
            where="kubectl -n monitoring logs prometheus-k8s-0 -c prometheus | grep 'scrape pool'",
            at=before(days=9, hours=3),
        ),
    ),
    fix=(
        FixStep(do="Have the operator mount the Secret: this restarts the pods", command=PATCH),
        FixStep(do="Name the path at which it is mounted then", command=PATHS),
    ),
    findings=[
        a_found(
            "tls-file-missing",
            Link.CREATED,
            summary="/etc/ssl/private/kubelet/tls.crt is under no mount of the pod",
        )
    ],
    undecided=[
        an_undecided(
            "tls-path-mismatch",
            Link.CREATED,
            lacking="secret_keys",
            reason="403 Forbidden",
            permission="get secrets in monitoring",
        )
    ],
)

REFUSED = a_diagnosis(
    "connection-refused",
    Link.SCRAPED,
    summary="1 of 3 targets refuses connections on port 9100",
    evidence=(
        Evidence(
            seen="10.0.3.17:9100: connect: connection refused",
            where="kubectl -n monitoring get pods -o wide -l app.kubernetes.io/name=node-exporter",
        ),
    ),
    fix=(FixStep(do="Look why nothing listens there", command="kubectl -n monitoring logs POD"),),
)


def the_incident(healthy=58):
    """The two kubelet jobs lost, one more lost without a cause, one degraded, and many healthy."""
    others = [a_status(job=a_job(f"service-{i:04}", namespace="apps")) for i in range(healthy)]
    sick = [
        *(
            a_status("unstarted", job, targets=TargetCounts(active=0, up=0, expected=3))
            for job in KUBELET
        ),
        a_status("missing", PAY),
        a_status("degraded", NODE),
        a_status("down", an_ignored_job("legacy", reason="moves to another cluster")),
        a_status("dormant", a_job("batch")),
    ]
    unknown = a_diagnosis(
        None,
        Link.SELECTED,
        undecided=[
            an_undecided(
                "namespace-not-selected",
                Link.SELECTED,
                lacking="namespaces",
                reason="403 Forbidden",
                permission="list namespaces",
            ),
            an_undecided("secret-missing", Link.ACCEPTED),
        ],
    )
    statuses = [*sick, *others]
    server = a_server("prometheus-k8s-0")
    gone = UnreadableServer(
        server=an_expected_server("prometheus-k8s-1", replica=1), error="time-out after 15 s"
    )
    result = a_result(
        *statuses,
        diagnoses={job.key: REVERTED for job in KUBELET} | {PAY.key: unknown, NODE.key: REFUSED},
        memory={
            s.job.key: a_memory(s.job, state=s.state, since=before(days=9, hours=3, minutes=48))
            for s in statuses
        },
        incidents={job.key: an_incident(job, starts_at=before(days=9)) for job in KUBELET},
        last_samples={job.key: before(days=9, hours=4) for job in KUBELET},
        observations=(an_observation(server, gone),),
        unreadable=(
            Unreadable(
                source="server monitoring/k8s prometheus-k8s-1",
                error="time-out after 15 s",
                since=before(minutes=12),
            ),
        ),
    )
    return replace(
        result,
        expectations=replace(
            result.expectations,
            unselected=(
                Unselected(
                    monitor=a_monitor("cart"),
                    cause="labels-not-selected",
                    nearest=PROMETHEUS,
                    lacks="label release=prometheus",
                ),
            ),
        ),
        comparisons=tuple(
            replace(c, unexpected=("serviceMonitor/old/thing/0",)) for c in result.comparisons
        ),
    )


def at_risk():
    return an_audit(
        a_risk(
            "mount-not-in-cr",
            pool="serviceMonitor/monitoring/etcd/0",
            summary="its certificate is mounted by a hand patch of the StatefulSet, which the operator"
            " will take back",
            fix=(FixStep(do="Have the operator mount it", command=PATCH),),
        ),
        at=NOW,
    )

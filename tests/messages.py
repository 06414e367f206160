"""Messages for tests of what notifies people, each with defaults that do not matter to the test."""

from dataclasses import replace
from datetime import UTC, datetime

from watcher.engine.announce import Reason
from watcher.engine.wording import Message, Subject
from watcher.model.comparison import JobState
from watcher.model.findings import Evidence, FixStep
from watcher.model.history import Sent
from watcher.model.incidents import Status
from watcher.model.names import PoolName, PrometheusName

BEGAN = datetime(2026, 11, 14, 1, 12, 30, tzinfo=UTC)
ENDED = datetime(2026, 11, 23, 5, 20, 0, tzinfo=UTC)


def a_subject(pool="serviceMonitor/monitoring/kubelet/0", state="unstarted", **fields):
    return replace(
        Subject(
            prometheus=PrometheusName("monitoring/k8s"),
            pool=PoolName(pool),
            state=JobState(state),
            monitor="ServiceMonitor monitoring/kubelet",
        ),
        **fields,
    )


def a_message(**fields):
    """A message that fires, of one kubelet job."""
    default = Message(
        subject="monitoring/k8s|kubelet|2026-11-14T01:12:30Z",
        reason=Reason.FIRST,
        status=Status.FIRING,
        headline="Scrape job lost: serviceMonitor/monitoring/kubelet/0",
        summary="a hand-made mount of /etc/ssl/private/kubelet was taken back by the operator",
        about=(a_subject(),),
        cause="hand-patch-reverted",
        confidence="certain",
        link="created",
        starts_at=BEGAN,
    )
    return replace(default, **fields)


def the_incident(**fields):
    """Both kubelet jobs lost: proof, both repairs, links."""
    patch = """kubectl -n monitoring patch prometheus k8s --type=json -p='[
  {"op": "test", "path": "/spec/secrets/0", "value": "etcd-tls"},
  {"op": "add", "path": "/spec/secrets/-", "value": "kubelet-tls"}]'"""
    complete = {
        "headline": "2 scrape jobs lost in monitoring/k8s: serviceMonitor/monitoring/kubelet/0, …",
        "about": (a_subject(), a_subject("serviceMonitor/monitoring/kubelet/1")),
        "last_sample_at": datetime(2026, 11, 14, 1, 11, 52, tzinfo=UTC),
        "evidence": (
            Evidence(
                seen="open /etc/ssl/private/kubelet/tls.crt: no such file or directory",
                where="kubectl -n monitoring logs prometheus-k8s-0 -c prometheus",
                at=BEGAN,
            ),
            Evidence(
                seen="revision 2 of the StatefulSet had the mount, revision 3 has not",
                where="kubectl -n monitoring get controllerrevisions -l operator.prometheus.io/name=k8s",
            ),
        ),
        "fix": (
            FixStep(
                do="Let the custom resource mount the Secret; restarts the pods", command=patch
            ),
            FixStep(do="Then watch both pools come back", command="watcher once --watch kubelet"),
        ),
        "around": (
            Evidence(
                seen="prometheus-operator wrote StatefulSet monitoring/prometheus-k8s by Update",
                where="kubectl -n monitoring get statefulset prometheus-k8s --show-managed-fields",
                at=BEGAN,
            ),
        ),
        "links": (
            ("Targets", "https://prometheus.example/targets?search=&scrapePool=kubelet%2F0"),
            ("Cause", "https://watcher.example/causes/hand-patch-reverted"),
        ),
    }
    return a_message(**{**complete, **fields})


def resolved(message):
    """The same problem, over."""
    return replace(
        message,
        reason=Reason.RESOLVED,
        status=Status.RESOLVED,
        headline=message.headline.replace("lost", "recovered"),
        ends_at=ENDED,
    )


def sent(message, handle):
    """What is remembered of *message* once it was delivered under *handle*."""
    return Sent(status=message.status, cause=message.cause, at=message.starts_at, handle=handle)

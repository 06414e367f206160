"""Which certificates a Prometheus and its running jobs use, and where these stand in the cluster.

A job's are those that its running configuration names: files under a mount, whether a monitor named
the file or referred to a Secret. What they are worth is not known here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from watcher.model.kube import JSON, JSONObject, KubeObject, flag, mapping, text
from watcher.model.names import PoolName
from watcher.model.observations import Observation, RunningJob
from watcher.operator.spots import Spot, of_the_cluster, spots
from watcher.operator.volumes import Mount

_OF_JOBS: Final = {
    "tls_config.ca_file": True,
    "tls_config.cert_file": False,
    "oauth2.tls_config.ca_file": True,
    "oauth2.tls_config.cert_file": False,
}
"""Fields of a scrape config that name a certificate, and whether it is that of a CA."""
_OF_RESOURCES: Final = (("ca", "caFile", True), ("cert", "certFile", False))
"""A reference, the file that may stand instead of it, and the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A certificate in use: one that is presented, or that of a CA (*authority*), which is trusted.

    *pool* is that of the job that uses it, None for the Prometheus itself. *field* is what names it,
    with the *file* that it names; of a reference in the resource the file is None. *at* are the
    spots where it stands, the source last; none where no Secret or ConfigMap is known to hold it.
    """

    authority: bool
    pool: PoolName | None = None
    field: str
    file: str | None = None
    at: tuple[Spot, ...]


def of_jobs(observation: Observation, mounts: Sequence[Mount] | None) -> tuple[Use, ...]:
    """Those of the running jobs, sorted by these.

    *mounts* are those of the servers' pods, None where they are not known. Left out are those of
    jobs that speak no TLS, CAs that are not asked because nothing is verified, CAs of the image, and
    what Kubernetes itself puts into every pod. Raises FieldError for a field of a wrong type.
    """
    namespace = observation.prometheus.rpartition("/")[0]
    jobs = {name: job for server in observation.readable for name, job in server.jobs.items()}
    return tuple(use for _, job in sorted(jobs.items()) for use in _of_job(job, mounts, namespace))


def of_resource(prometheus: KubeObject, mounts: Sequence[Mount] | None) -> tuple[Use, ...]:
    """Those that the resource itself names: of remote write, Alertmanagers, its own web server.

    What its scrape classes name is found with the jobs that use them. Raises FieldError.
    """
    return tuple(
        use
        for field, tls in _tls(prometheus.spec, "spec")
        for use in _of_client(field, tls, mounts, prometheus.namespace)
    )


def _of_job(job: RunningJob, mounts: Sequence[Mount] | None, namespace: str) -> Iterator[Use]:
    for file in job.files:
        authority = _OF_JOBS.get(file.field)
        if authority is None or of_the_cluster(file.path, mounts or ()):
            continue
        steps = file.field.split(".")[:-1]
        own = steps == ["tls_config"]
        unasked = authority and flag(job.raw, *steps, "insecure_skip_verify")
        if unasked or (own and job.scheme.lower() != "https"):
            continue
        at = spots(file.path, mounts or (), namespace)
        if at or not authority or mounts is None:
            yield Use(authority=authority, pool=job.name, field=file.field, file=file.path, at=at)


def _tls(raw: JSON, field: str) -> Iterator[tuple[str, JSONObject]]:
    """Every ``tlsConfig`` with its place, but for those of scrape classes."""
    if isinstance(raw, Mapping):
        for name, inner in raw.items():
            place = f"{field}.{name}"
            if name == "tlsConfig":
                yield place, mapping(inner)
            elif name != "scrapeClasses":
                yield from _tls(inner, place)
    elif isinstance(raw, Sequence) and not isinstance(raw, str):
        for index, item in enumerate(raw):
            yield from _tls(item, f"{field}[{index}]")


def _of_client(
    field: str, tls: JSONObject, mounts: Sequence[Mount] | None, namespace: str
) -> Iterator[Use]:
    for reference, file, authority in _OF_RESOURCES:
        if authority and flag(tls, "insecureSkipVerify"):
            continue
        path = text(tls, file)
        at = tuple(_referred(mapping(tls, reference), namespace))
        if not at and path is not None:
            at = spots(path, mounts or (), namespace)
        if at or (path is not None and mounts is None):
            yield Use(authority=authority, field=f"{field}.{reference}", file=path, at=at)


def _referred(selector: JSONObject, namespace: str) -> Iterator[Spot]:
    for kind, field in (("secret", "secret"), ("configmap", "configMap")):
        found = mapping(selector, field)
        name, key = text(found, "name"), text(found, "key")
        if name and key:
            yield Spot(kind=kind, namespace=namespace, name=name, key=key)
            return

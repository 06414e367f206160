"""Real servers of every version are brought into the states of the links kept to ingested.

Nothing is faked: targets refuse, hang, have bad certificates, files are missing. The watcher looks
as ``watcher once`` does, and must name the cause. One server carries all cases of its version, a
second one a single job that it has differently.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
import trustme
import yaml

from tests.e2e.scraped_targets import Targets, running_targets
from tests.patience import awaited_as
from tests.prometheus_server import RealPrometheus, every_prometheus
from tools.prometheus_binary import PrometheusBinary
from watcher.app.compose import Glance, world
from watcher.model.observations import at_least
from watcher.settings import Settings

PROVES: Final = (
    "tls-file-missing",
    "tls-file-invalid",
    "fewer-targets",
    "target-limit-exceeded",
    "connection-refused",
    "connection-timeout",
    "name-not-resolved",
    "network-unreachable",
    "connection-closed",
    "unauthorized",
    "forbidden",
    "not-found",
    "server-error",
    "certificate-expired",
    "certificate-untrusted",
    "certificate-name-mismatch",
    "tls-handshake-failed",
    "protocol-mismatch",
    "credentials-file-missing",
    "credentials-file-invalid",
    "scrape-failed",
    "sample-limit-exceeded",
    "body-size-limit-exceeded",
    "label-limit-exceeded",
    "invalid-exposition",
    "unsupported-content-type",
    "no-samples",
    "series-overwritten",
    "replica-disagrees",
)
"""The causes that are found here on a real Prometheus; ``docs/causes.md`` is made with them."""

DISAGREEING: Final = "one server only"

pytestmark = pytest.mark.prometheus


@dataclass(frozen=True, kw_only=True)
class State:
    """One job in a configuration, and the cause that it must be explained by."""

    name: str
    code: str
    targets: tuple[str, ...]
    job: dict[str, Any] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)


def states(at: Targets, files: Path, version: str) -> list[State]:
    """Every state that can stand beside the others in one configuration."""
    return [
        *of_the_network(at),
        *of_the_answer(at, version),
        *of_tls(at, files),
        *of_files(at, files, version),
        *of_limits(at),
        *of_running_pools(at, files),
        *of_equal_labels(at),
    ]


def of_equal_labels(at: Targets) -> list[State]:
    """Two targets each that lose what tells them apart: they tell the same, or nothing in common."""
    # A labeldrop would not do: Prometheus sets an instance that lacks after relabelling.
    same = {"target_label": "instance", "replacement": "one"}
    two = (at.plain, at.plain.replace("127.0.0.1", "localhost"))
    other = {
        "source_labels": ["__address__"],
        "regex": "localhost.*",
        "target_label": "__metrics_path__",
        "replacement": "/samples",
    }
    chosen = {"source_labels": ["__name__"], "regex": "some_.*", "action": "keep"}
    return [
        State(name=name, code=code, targets=two, job=job)
        for name, code, job in (
            ("one series of two targets", "series-overwritten", {"relabel_configs": [same]}),
            ("two paths of one program", "healthy", {"relabel_configs": [other, same]}),
            (
                "one series of two targets, of chosen samples",
                "series-overwritten",
                {"relabel_configs": [same], "metric_relabel_configs": [chosen]},
            ),
        )
    ]


def of_the_network(at: Targets) -> list[State]:
    return [
        State(name="refused", code="connection-refused", targets=(at.refused,)),
        State(
            name="two of three refuse",
            code="connection-refused",
            targets=(at.refused, "127.0.0.1:1", at.plain),
        ),
        State(name="hangs", code="connection-timeout", targets=(at.plain,), job=path("/hang")),
        State(name="no such name", code="name-not-resolved", targets=("no..such.name:80",)),
        State(name="no way", code="network-unreachable", targets=("224.0.0.1:80",)),
        State(name="hung up", code="connection-closed", targets=(at.plain,), job=path("/close")),
    ]


def of_the_answer(at: Targets, version: str) -> list[State]:
    three = at_least(version, 3, 0)
    typed = "unsupported-content-type" if three else "invalid-exposition"
    codes = {
        "/status/401": "unauthorized",
        "/status/403": "forbidden",
        "/status/404": "not-found",
        "/status/400": "server-error",
        "/status/500": "server-error",
        "/status/503": "server-error",
        "/page": typed,
        "/bad": "invalid-exposition",
        "/elsewhere": "scrape-failed",
        "/empty": "no-samples",
    } | ({"/blank": typed} if three else {})
    no_token = f"http://{at.plain}/status/501"
    oauth2 = {"client_id": "watcher", "client_secret": "none", "token_url": no_token}
    drop = {"metric_relabel_configs": [{"source_labels": ["__name__"], "action": "drop"}]}
    drop["metric_relabel_configs"][0]["regex"] = ".+"
    return [
        State(name=f"answers {answer}", code=code, targets=(at.plain,), job=path(answer))
        for answer, code in codes.items()
    ] + [
        State(name="all samples ever dropped", code="dormant", targets=(at.plain,), job=drop),
        State(
            name="no OAuth2 token", code="unauthorized", targets=(at.plain,), job={"oauth2": oauth2}
        ),
    ]


def of_tls(at: Targets, files: Path) -> list[State]:
    trusting = https(ca_file=str(at.ca))
    other = trustme.CA()
    client = pair(other.issue_cert("stranger.test"), files, "stranger")
    return [
        State(name="expired", code="certificate-expired", targets=(at.expired,), job=trusting),
        State(name="no CA", code="certificate-untrusted", targets=(at.tls,), job=https()),
        State(
            name="signed by another",
            code="certificate-untrusted",
            targets=(at.stranger,),
            job=trusting,
        ),
        State(
            name="of another name",
            code="certificate-name-mismatch",
            targets=(at.misnamed,),
            job=trusting,
        ),
        State(
            name="another name is asked for",
            code="certificate-name-mismatch",
            targets=(at.tls,),
            job=https(ca_file=str(at.ca), server_name="kubelet.example"),
        ),
        State(
            name="wants a client certificate",
            code="tls-handshake-failed",
            targets=(at.demanding,),
            job=trusting,
        ),
        State(
            name="refuses the client certificate",
            code="tls-handshake-failed",
            targets=(at.demanding,),
            job=https(ca_file=str(at.ca), **client),
        ),
        State(name="https of http", code="protocol-mismatch", targets=(at.plain,), job=https()),
        State(
            name="http of https",
            code="protocol-mismatch",
            targets=(at.tls,),
            labels={"endpoint": "https-metrics"},
        ),
    ]


def of_files(at: Targets, files: Path, version: str) -> list[State]:
    authority = trustme.CA()
    one = pair(authority.issue_cert("one.test"), files, "one")
    two = pair(authority.issue_cert("two.test"), files, "two")
    bad = files / "bad.pem"
    bad.write_text("no PEM", encoding="utf-8")
    found = {
        "no token": ("credentials-file-missing", token(files / "no token")),
        "a directory for a token": ("credentials-file-invalid", token(files)),
        "no password": (
            "credentials-file-missing",
            {"basic_auth": {"username": "u", "password_file": str(files / "nothing")}},
        ),
        "no CA file": ("tls-file-missing", https(ca_file=str(files / "nothing.pem"))),
        "no client certificate": (
            "tls-file-missing",
            https(cert_file=str(files / "nothing.crt"), key_file=one["key_file"]),
        ),
        "a CA that is no PEM": ("tls-file-invalid", https(ca_file=str(bad))),
        "a directory for a CA": ("tls-file-invalid", https(ca_file=str(files))),
        "no pair": (
            "tls-file-invalid",
            https(cert_file=one["cert_file"], key_file=two["key_file"]),
        ),
    }
    if not at_least(version, 2, 53):
        lone = https(cert_file=one["cert_file"])
        found["a certificate without its key"] = ("tls-file-invalid", lone)
    return [
        State(name=name, code=code, targets=(at.plain,), job=job)
        for name, (code, job) in found.items()
    ]


def of_limits(at: Targets) -> list[State]:
    found = {
        "samples": ("sample-limit-exceeded", path("/samples") | {"sample_limit": 10}),
        "labels": ("label-limit-exceeded", path("/labels") | {"label_limit": 5}),
        "bytes": ("body-size-limit-exceeded", path("/samples") | {"body_size_limit": "100B"}),
    }
    return [
        State(name=f"too many {name}", code=code, targets=(at.plain,), job=job)
        for name, (code, job) in found.items()
    ] + [
        State(
            name="too many targets",
            code="target-limit-exceeded",
            targets=(at.plain, at.refused, at.tls),
            job={"target_limit": 2},
        ),
        State(name="too few targets", code="fewer-targets", targets=(at.plain,)),
    ]


@every_prometheus
def test_every_state_of_a_real_server_is_explained(
    prometheus_binary: PrometheusBinary, tmp_path: Path
) -> None:
    version = prometheus_binary.version
    with running_targets(tmp_path) as at:
        cases = states(at, tmp_path, version)
        well = State(name=DISAGREEING, code="replica-disagrees", targets=(at.plain,))
        ill = State(name=DISAGREEING, code="replica-disagrees", targets=(at.refused,))
        with (
            RealPrometheus(config([*cases, well]), binary=prometheus_binary) as first,
            RealPrometheus(config([ill]), binary=prometheus_binary) as second,
        ):
            glance = Glance(world(watched(first, second), None), None)
            wanted = {case.name: case.code for case in cases} | {DISAGREEING: ill.code}
            before = looked(glance, wanted)
            broken = broken_under_running_pools(at, tmp_path)
            found = looked(glance, wanted | broken)

    assert before == wanted
    assert found == wanted | broken


def of_running_pools(at: Targets, files: Path) -> list[State]:
    """Jobs that are well until ``broken_under_running_pools``."""
    ca = files / "vanishing.pem"
    at.authority.cert_pem.write_to_path(ca)
    client = pair(at.authority.issue_cert("client.test"), files, "client")
    return [
        State(
            name="its CA vanishes",
            code="healthy",
            targets=(at.tls,),
            job=https(ca_file=str(ca)),
        ),
        State(
            name="its pair is renewed by half",
            code="healthy",
            targets=(at.demanding,),
            job=https(ca_file=str(at.ca), **client),
        ),
    ]


def broken_under_running_pools(at: Targets, files: Path) -> dict[str, str]:
    """Take away one file and change one of a pair; the causes that then are to be found."""
    (files / "vanishing.pem").unlink()
    at.authority.issue_cert("client.test").private_key_pem.write_to_path(files / "client.key")
    return {
        "its CA vanishes": "credentials-file-missing",
        "its pair is renewed by half": "credentials-file-invalid",
    }


def test_what_is_proven_here_is_told_in_full(tmp_path: Path) -> None:
    with running_targets(tmp_path) as at:
        found = {s.code for version in ("2.42.0", "3.5.3") for s in states(at, tmp_path, version)}

    assert found - {"healthy", "dormant"} | {"replica-disagrees"} == set(PROVES)


def looked(glance: Glance, wanted: dict[str, str]) -> dict[str, str]:
    """The causes that a look finds, as soon as they are as wanted, else what the last look found."""
    return awaited_as(wanted, lambda: causes(glance, wanted), every=1)


def causes(glance: Glance, wanted: dict[str, str]) -> dict[str, str]:
    """The cause of each job; for one that several things ask for, any that is as wanted."""
    result = glance.result(datetime.now(UTC))
    found: dict[str, str] = {}
    for comparison in result.comparisons:
        for status in comparison.statuses:
            alone = comparison.prometheus == "alone"
            if alone is (status.pool == DISAGREEING) or status.pool not in wanted:
                continue
            diagnosis = result.diagnoses.get(status.job.key)
            code = diagnosis.code if diagnosis else str(status.state)
            if found.get(status.pool) != wanted[status.pool]:
                found[status.pool] = code
    return found


def watched(first: RealPrometheus, second: RealPrometheus) -> Settings:
    """The first server alone, and both as replicas of one Prometheus for the job they share."""
    one = {"name": "p-0", "url": first.url, "log_file": str(first.log_file)}
    two = {"name": "p-1", "url": second.url, "log_file": str(second.log_file), "replica": 1}
    return Settings.model_validate(
        {
            "prometheuses": [
                {"name": "alone", "servers": [one]},
                {"name": "both", "servers": [one, two]},
            ],
            "expect": {
                "pinned": [
                    {
                        "name": "enough",
                        "pool": "too few targets",
                        "prometheus": "alone",
                        "targets": 2,
                    }
                ]
            },
        }
    )


def config(cases: list[State]) -> str:
    return yaml.safe_dump(
        {
            "global": {"scrape_interval": "1s", "scrape_timeout": "900ms"},
            "scrape_configs": [
                {
                    "job_name": case.name,
                    "static_configs": [{"targets": list(case.targets), "labels": case.labels}],
                    **case.job,
                }
                for case in cases
            ],
        }
    )


def path(text: str) -> dict[str, Any]:
    return {"metrics_path": text}


def https(**tls: str) -> dict[str, Any]:
    return {"scheme": "https", "tls_config": tls}


def token(file: Path) -> dict[str, Any]:
    return {"authorization": {"credentials_file": str(file)}}


def pair(certificate: trustme.LeafCert, folder: Path, name: str) -> dict[str, str]:
    """Certificate and key as files, by the fields of a ``tls_config``."""
    cert, key = folder / f"{name}.crt", folder / f"{name}.key"
    certificate.cert_chain_pems[0].write_to_path(cert)
    certificate.private_key_pem.write_to_path(key)
    return {"cert_file": str(cert), "key_file": str(key)}

"""Real servers of every version are brought into the states of the links declared to created.

The objects are served over HTTP, the servers run without the jobs that the operator would not have
written, refuse configurations, and fail to make pools. The watcher takes its snapshots into a store
and looks as its daemon does: it must name the cause, how sure it is, and the link.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import trustme
import yaml

from tests.e2e.loaded_cluster import Cluster, Object
from tests.e2e.loaded_created import BOTH, ENDING, LATER, tls
from tests.e2e.loaded_declared import FLAGS, RENAMED
from tests.e2e.loaded_state import HEALTHY, State, Told
from tests.e2e.loaded_states import RISKS, begin, states
from tests.e2e.loaded_watcher import Watcher, watching
from tests.e2e.scraped_targets import context, served
from tests.kube_api import KubeApi
from tests.prometheus_server import RealPrometheus, every_prometheus
from tools.prometheus_binary import PrometheusBinary

PROVES: Final = (
    "monitor-deleted",
    "namespace-deleted",
    "pool-renamed",
    "endpoints-empty",
    "crd-missing",
    "selector-null",
    "labels-not-selected",
    "namespace-not-selected",
    "outside-operator-scope",
    "no-prometheus-selects",
    "rejected-by-operator",
    "secret-missing",
    "secret-key-missing",
    "prometheus-paused",
    "unmanaged-configuration",
    "reconcile-failing",
    "operator-down",
    "scrapeconfig-unsupported",
    "operator-stale",
    "reload-pending",
    "reload-failing",
    "reloader-broken",
    "server-not-rolled-out",
    "not-in-configuration",
    "tls-file-missing",
    "tls-path-mismatch",
    "hand-patch-reverted",
    "tls-file-invalid",
    "scrape-class-file-missing",
    "pool-not-created",
    "replica-disagrees",
    "lost-at-next-restart",
    "mount-not-in-cr",
    "mount-already-reverted",
    "operator-paused",
    "rejected-but-running",
    "certificate-expiring",
    "configuration-refused",
)
"""The causes that are found here on a real Prometheus; ``docs/causes.md`` is made with them."""

NO_OPERATOR: Final[Told] = ("operator-down", "likely", "reconciled")
REFUSED: Final[Told] = ("reload-failing", "certain", "loaded")
AT_ITS_NEXT_RESTART: Final = ("configuration-refused", None)
UNDECIDED: Final[Told] = ("cause-unknown", None, "declared")
DELETED: Final[Told] = ("monitor-deleted", "certain", "declared")
ABSENT: Final[Told] = ("not-in-configuration", "possible", "loaded")
PLAIN: Final = "serviceMonitor/shop/plain/0"

pytestmark = pytest.mark.prometheus


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Two servers with the same configuration, and all states brought about."""

    api: KubeApi
    cluster: Cluster
    watcher: Watcher
    first: RealPrometheus
    second: RealPrometheus
    jobs: dict[str, Object]


@every_prometheus
def test_every_state_of_a_job_that_is_not_made_is_explained(
    prometheus_binary: PrometheusBinary, tmp_path: Path
) -> None:
    cases = states(tmp_path)
    with staged(prometheus_binary, tmp_path, cases) as stage:
        of_all(stage, cases)
        without_logs(stage)
        without_operator(stage)
        with_refused_configurations(stage)
        with_a_pool_that_could_not_be_reloaded(stage, tmp_path)


def test_what_is_proven_here_is_told_in_full(tmp_path: Path) -> None:
    found = {case.told[0] for case in (*states(tmp_path), RENAMED)} - {HEALTHY[0]}

    told = found | {REFUSED[0], AT_ITS_NEXT_RESTART[0]}
    assert told | {code for code, _ in RISKS} == set(PROVES)


def of_all(stage: Stage, cases: list[State]) -> None:
    """Side by side, as found between two snapshots; the next one takes the new names over."""
    wanted = {case.name: case.told for case in (*cases, RENAMED)}

    assert stage.watcher.told(wanted) == wanted

    stage.watcher.snapshot()
    wanted = {RENAMED.name: ("not expected", None, None), "renamed": HEALTHY}

    assert stage.watcher.told(wanted) == wanted


def without_logs(stage: Stage) -> None:
    """What stands in the mounted Secret is proof enough of a file that cannot be used."""
    stage.api.fail("*/log", status=403)
    invalid: Told = ("tls-file-invalid", "certain", "created")
    wanted = {"no-pem": invalid, "no-pair": invalid, "a-loop": ("cause-unknown", None, "created")}

    assert stage.watcher.told(wanted) == wanted

    stage.api.heal()


def without_operator(stage: Stage) -> None:
    stage.cluster.operator(*FLAGS, replicas=0)
    wanted = {"plain": NO_OPERATOR, "outdated": NO_OPERATOR, "deleted": DELETED}

    assert stage.watcher.told(wanted) == wanted

    stage.cluster.operator(*FLAGS)


def with_refused_configurations(stage: Stage) -> None:
    """Real refusals. Without a word on the monitors only one that names the job is proof enough."""
    for text, names_the_job, words in refusals(stage.jobs):
        stage.first.write_config(text)
        accepted = stage.first.reload()
        wanted = dict.fromkeys(("plain", "outdated", "on-its-way"), REFUSED)

        assert not accepted
        assert stage.watcher.told(wanted) == wanted
        assert words in stage.watcher.proof("plain")
        assert AT_ITS_NEXT_RESTART in stage.watcher.risks()

        stage.api.fail("/apis/monitoring.coreos.com/*", status=403)
        wanted = {"plain": REFUSED if names_the_job else UNDECIDED}

        assert stage.watcher.told(wanted) == wanted

        stage.api.heal()


def refusals(jobs: dict[str, Object]) -> Iterator[tuple[str, bool, str]]:
    """Configurations that Prometheus refuses, whether it names job plain, and its words."""
    twice = config({**jobs, PLAIN: {}})
    twice["scrape_configs"].append({"job_name": PLAIN})
    yield yaml.safe_dump(twice), True, f'multiple scrape configs with job name "{PLAIN}"'
    slow = config({**jobs, PLAIN: {"scrape_interval": "10s", "scrape_timeout": "30s"}})
    yield yaml.safe_dump(slow), True, "scrape timeout greater than scrape interval"
    other = config({**jobs, "other": {"scrape_interval": "10s", "scrape_timeout": "30s"}})
    yield yaml.safe_dump(other), False, 'job name "other"'
    unknown = config({**jobs, PLAIN: {"scrape_intervall": "10s"}})
    yield yaml.safe_dump(unknown), False, "field scrape_intervall not found"
    yield "scrape_configs: [", False, "yaml: line 1: did not find expected node content"


def with_a_pool_that_could_not_be_reloaded(stage: Stage, files: Path) -> None:
    """It runs on as it was; all else was taken over, so nothing is refused."""
    later = f"serviceMonitor/shop/{LATER}/0"
    stage.first.write_config(yaml.safe_dump(config(stage.jobs)))
    other = stage.jobs[later] | tls(ca=files / "nothing.pem")
    stage.second.write_config(yaml.safe_dump(config({**stage.jobs, later: other})))
    accepted = stage.first.reload(), stage.second.reload()
    wanted = {LATER: HEALTHY, BOTH: HEALTHY, "absent": ABSENT}

    assert accepted == (True, False)
    assert stage.watcher.told(wanted) == wanted
    risks = stage.watcher.risks()
    assert risks >= RISKS
    assert AT_ITS_NEXT_RESTART not in risks


@contextmanager
def staged(binary: PrometheusBinary, files: Path, cases: list[State]) -> Iterator[Stage]:
    """What stood before is in the store; the second server starts before a file is there."""
    secure = context(trustme.CA().issue_cert("127.0.0.1"))
    with (
        KubeApi() as api,
        watching(api, files) as watcher,
        served() as target,
        served(secure) as ending,
    ):
        cluster = Cluster(api)
        begin(cluster, files)
        for case in (*cases, RENAMED):
            case.before(cluster)
        watcher.snapshot()
        for case in cases:
            case.after(cluster)
        watcher.snapshot()
        RENAMED.after(cluster)
        jobs = {
            f"serviceMonitor/shop/{case.name.partition('/')[0]}/0": {
                "static_configs": [{"targets": [ending if case.name == ENDING else target]}],
                **case.job,
            }
            for case in (*cases, RENAMED)
            if case.job is not None
        }
        text = yaml.safe_dump(config(jobs))
        with RealPrometheus(text, binary=binary) as second:
            second.wait_until(
                lambda server: could_not_make(f"serviceMonitor/shop/{BOTH}/0", server)
            )
            (files / BOTH).mkdir()
            (files / BOTH / "ca.pem").write_bytes((files / "mounted/ca.pem").read_bytes())
            with RealPrometheus(text, binary=binary) as first:
                cluster.runs(first)
                cluster.runs(second, f"prometheus-{BOTH}-1", f"prometheus-{LATER}-0")
                yield Stage(
                    api=api,
                    cluster=cluster,
                    watcher=watcher,
                    first=first,
                    second=second,
                    jobs=jobs,
                )


def could_not_make(pool: str, server: RealPrometheus) -> bool:
    """Whether it has tried, and says so."""
    words = ("error creating new scrape pool", pool)
    return any(all(word in line for word in words) for line in server.log.splitlines())


def config(jobs: dict[str, Object]) -> dict[str, Any]:
    """The configuration of these jobs, by their names."""
    return {
        "global": {"scrape_interval": "1s", "scrape_timeout": "900ms"},
        "scrape_configs": [{"job_name": name, **job} for name, job in jobs.items()],
    }

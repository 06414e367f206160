"""The cluster that is measured is one that the watcher understands."""

from benchmarks.cluster import fill
from tests.builders import NOW
from tests.kube_api import KubeApi
from tests.kube_objects import connected
from watcher.adapters.kubernetes.cluster import ClusterSource
from watcher.settings import Settings


def test_every_job_of_the_measured_cluster_is_expected_with_its_targets(tmp_path):
    with KubeApi() as api:
        fill(api, monitors=20, services=40)

        found = ClusterSource(connected(api, tmp_path), Settings()).snapshot(NOW)

    assert len(found.jobs) == 40
    assert {job.targets for job in found.jobs} == {3}
    assert found.unreadable == ()

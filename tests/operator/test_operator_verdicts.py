"""What real operators did with random monitors is what the product says they would do.

``tests/data/operator-verdicts`` tells how the worlds were made.
"""

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from tests.pems import verdicts
from watcher.model.facts import Known
from watcher.model.kube import KubeObject
from watcher.operator.preview import previews
from watcher.operator.scope import OperatorScope

WORLDS = sorted((Path(__file__).parents[1] / "data/operator-verdicts").glob("*/*.json.gz"))
SECRET = {
    "badpem": "no pem",
    "ca__crt": "certificate ca",
    "other__key": "key other",
    "password": "p",
    "tls__crt": "certificate own",
    "tls__key": "key own",
    "token": "t",
    "user": "u",
}
"""What stands under each key of the Secret that the worlds call good, in the words of tests.pems."""
CONFIG_MAP = {"user": "u", "ca__crt": "certificate ca"}
FIELDS = {"ServiceMonitor": "endpoints", "PodMonitor": "podMetricsEndpoints"}


class Held(dict):
    """Secrets and ConfigMaps of a world: all were read, so that one that is not here is nowhere."""

    def get(self, key, default=None):
        del default
        return Known(super().get(key))


def held(world):
    found = Held()
    for namespace, names in world["data"].items():
        for name in names["secrets"]:
            found[f"secret/{namespace}/{name}"] = verdicts(**SECRET)
        for name in names["configmaps"]:
            found[f"configmap/{namespace}/{name}"] = verdicts(kind="ConfigMap", **CONFIG_MAP)
    return found


def jobs_of(monitor, jobs):
    """Those of the configuration's *jobs* that are of *monitor*."""
    kind = monitor.kind[0].lower() + monitor.kind[1:]
    names = {f"{prefix}/{monitor.full_name}" for prefix in (kind, kind.lower())}
    return {job for job in jobs if job in names or job.rpartition("/")[0] in names}


def differences(world, *, version):
    """Each pair that the product tells otherwise, and how many pairs there are of each answer."""
    written = [p for p in world["prometheuses"] if p["jobs"] is not None]
    resources = [KubeObject(p["object"]) for p in written]
    running = {r.full_name: p["jobs"] for r, p in zip(resources, written, strict=True)}
    operators = (OperatorScope(name="operators/operator", version=version),)
    wrong, count, keys = [], Counter(), held(world)
    for monitor in (KubeObject(entry["object"]) for entry in world["monitors"]):
        if not monitor.spec.get(FIELDS.get(monitor.kind), True):
            continue  # it has no endpoint, and so no job wherever it is taken
        for told in previews(monitor, resources, Known(world["namespaces"]), operators, keys):
            real = jobs_of(monitor, running[told.prometheus])
            count[told.taken] += 1
            if told.taken is not None and (set(told.pools) if told.taken else set()) != real:
                wrong.append((f"{monitor.kind} {monitor.full_name}", told, real))
    return wrong, count


@pytest.mark.parametrize("path", WORLDS, ids=lambda path: f"{path.parent.name}-{path.stem[:2]}")
def test_what_an_operator_takes_and_calls_a_job_is_what_was_told(path):
    world = json.loads(gzip.decompress(path.read_bytes()))

    wrong, count = differences(world, version=world["operator"])

    assert wrong == []
    assert count[True] > 50
    assert count[False] > 50
    assert count[None] < 0.01 * count.total()


@pytest.mark.parametrize("path", WORLDS, ids=lambda path: f"{path.parent.name}-{path.stem[:2]}")
def test_of_an_operator_whose_version_is_not_known_nothing_wrong_is_told(path):
    world = json.loads(gzip.decompress(path.read_bytes()))
    old_names = world["operator"] == "0.65.1"

    wrong, count = differences(world, version=None)

    assert [w for w in wrong if not (old_names and w[1].taken and w[2])] == []
    assert count[None] < 0.3 * count.total()

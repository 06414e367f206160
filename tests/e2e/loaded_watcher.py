"""The watcher as its daemon looks: snapshots into a store, then a look at what that says."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.loaded_state import Told
from tests.kube_api import KubeApi
from tests.patience import awaited_as
from watcher.adapters.sql.opening import SqlStore, open_store
from watcher.app.compose import World, clock, connected
from watcher.cycles.look import Remembered
from watcher.cycles.snapshot import Snapshot
from watcher.model.facts import Known
from watcher.model.findings import Diagnosis
from watcher.model.results import Result
from watcher.settings import Settings


class Watcher:
    """Tells of each job by the name of its monitor, with the endpoint if that is not the first."""

    def __init__(self, world: World, store: SqlStore) -> None:
        self._world, self._store = world, store
        self._last: Result | None = None

    def snapshot(self) -> None:
        """Read the cluster, and remember it."""
        Snapshot(reader=self._world.reader, store=self._store, clock=clock).run()

    def told(self, wanted: dict[str, Told]) -> dict[str, Told]:
        """What looks find of the jobs *wanted*, as soon as that is it, else what the last found."""

        def looked() -> dict[str, Told]:
            every = {name: _told(state, found) for name, state, found in _named(self._look())}
            return {name: every.get(name, ("not expected", None, None)) for name in wanted}

        return awaited_as(wanted, looked, every=0.5)

    def proof(self, job: str) -> str:
        """Summary and evidence of a job's cause, as the last look told them."""
        assert self._last is not None
        found = {name: diagnosis for name, _, diagnosis in _named(self._last)}[job]
        assert found is not None
        assert found.cause is not None
        finding = found.cause.finding
        return "\n".join([finding.summary, *(evidence.seen for evidence in finding.evidence)])

    def risks(self) -> set[tuple[str, str | None]]:
        """The codes of an audit on the ground of the last look, each with its job's monitor."""
        assert self._last is not None
        audit = self._world.assess.of(self._last, self._remembered)
        return {(r.code, r.pool.split("/")[2] if r.pool else None) for r in audit.risks}

    def _look(self) -> Result:
        expectations = self._store.expectations()
        assert expectations is not None
        self._last = self._world.look.at(expectations, self._remembered, clock())
        return self._last

    @property
    def _remembered(self) -> Remembered:
        return Remembered(mounts=Known(tuple(self._store.mount_history())))


@contextmanager
def watching(api: KubeApi, folder: Path) -> Iterator[Watcher]:
    """A watcher that reaches all pods through *api*, with a store in *folder*."""
    pin = {"name": "unmanaged", "pool": "unmanaged", "prometheus": "monitoring/unmanaged"}
    settings = Settings.model_validate(
        {
            "kubernetes": {
                "kubeconfig": str(api.kubeconfig(folder / "kubeconfig")),
                "proxy": True,
            },
            "expect": {"pinned": [pin]},
        }
    )
    with open_store(f"sqlite:///{folder}/watcher.db", settings.retention) as store:
        yield Watcher(connected(settings), store)


def _named(result: Result) -> Iterator[tuple[str, str, Diagnosis | None]]:
    for status in result.statuses:
        job = status.job
        name = job.monitor.name if job.monitor else status.pool
        name += f"/{job.endpoint}" if job.endpoint else ""
        yield name, status.state.value, result.diagnoses.get(job.key)


def _told(state: str, found: Diagnosis | None) -> Told:
    if found is None:
        return state, None, None
    confidence = found.cause.finding.confidence.value if found.cause else None
    return found.code, confidence, found.link.word

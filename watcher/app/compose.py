"""Make adapters and cycles out of settings. Nothing here runs by itself."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from watcher.adapters.configuration.files import ConfigFiles
from watcher.adapters.configuration.running import RunningConfiguration
from watcher.adapters.kubernetes.api import SOURCE, KubeApi, connect
from watcher.adapters.kubernetes.cluster import ClusterSource
from watcher.adapters.kubernetes.facts import ClusterFacts
from watcher.adapters.logs.facts import LogFacts
from watcher.adapters.logs.loki import Loki
from watcher.adapters.manifests.manifests import ManifestSource
from watcher.adapters.prometheus.facts import PrometheusFacts
from watcher.adapters.prometheus.observer import Prometheus
from watcher.adapters.prometheus.session import without_credentials
from watcher.adapters.tape import LIVE, Tape
from watcher.cycles.audit import Assess
from watcher.cycles.look import AddressOf, Look, Remembered
from watcher.cycles.snapshot import Reader, Taken
from watcher.diagnosis import catalogue
from watcher.diagnosis.ladder import Step, ladder
from watcher.engine.merge import Keeping
from watcher.engine.track import Policy
from watcher.errors import ConfigError
from watcher.model.comparison import JobStatus
from watcher.model.expectations import ExpectedServer, Pin
from watcher.model.facts import Known
from watcher.model.names import PrometheusName
from watcher.model.observations import ServerObservation, UnreadableServer
from watcher.model.results import Audit, Result
from watcher.ports import ExpectationSource, FactGatherer, Observer, Remembering, Supplement
from watcher.settings import ExpectSettings, Settings


def clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 -- the one clock of the package


@dataclass(frozen=True, slots=True)
class World:
    """Every adapter that reads, made from one set of settings."""

    settings: Settings
    kube: KubeApi | None
    observer: Observer
    sources: Sequence[ExpectationSource]
    supplement: Supplement
    gatherers: Sequence[FactGatherer]
    address_of: AddressOf

    @property
    def source_names(self) -> tuple[str, ...]:
        """What is read beside the servers: the API server only where there is one."""
        names = (source.name for source in self.sources)
        return tuple(name for name in names if self.kube is not None or name != SOURCE)

    @property
    def look(self) -> Look:
        """How everything is looked at."""
        return Look(
            observer=self.observer,
            gatherers=self.gatherers,
            rules=catalogue.causes(),
            settle=self.settings.settle,
            address_of=self.address_of,
        )

    @property
    def reader(self) -> Reader:
        """How what should be scraped is read; each has a memory of its own."""
        return Reader(
            sources=self.sources,
            pins=self.pins,
            elsewhere=[tuple(each.match.items()) for each in self.settings.expect.other_collectors],
            keeping=self.keeping,
            supplement=self.supplement,
        )

    @property
    def assess(self) -> Assess:
        """How what is at risk is looked for."""
        return Assess(gatherers=self.gatherers, rules=catalogue.at_risk())

    @property
    def keeping(self) -> Keeping:
        """How long removals are kept."""
        return Keeping(retire_after=self.settings.retire_after, mass_loss=self.settings.mass_loss)

    @property
    def policy(self) -> Policy:
        """When incidents fire and end.

        Watches begin a little early or late: without some latitude a loss that lasts for exactly
        ``pending_for`` would now and then wait for one watch more.
        """
        early = self.settings.watch_interval / 10
        return Policy(
            pending_watches=self.settings.pending_watches,
            pending_for=max(self.settings.pending_for - early, timedelta(0)),
            partial_share=self.settings.partial_share,
            partial_for=max(self.settings.partial_for - early, timedelta(0)),
            resolve_watches=self.settings.resolve_watches,
            flap_turns=self.settings.flap_turns,
            flap_window=self.settings.flap_window,
        )

    @property
    def pins(self) -> tuple[Pin, ...]:
        """The pinned jobs."""
        return pins(self.settings.expect)


def pins(expect: ExpectSettings) -> tuple[Pin, ...]:
    """The pinned jobs of the settings."""
    return tuple(
        Pin(
            name=pin.name,
            prometheus=PrometheusName(pin.prometheus) if pin.prometheus else None,
            pool=pin.pool,
            labels=tuple(sorted(pin.labels.items())),
            least=pin.targets if isinstance(pin.targets, int) else None,
        )
        for pin in expect.pinned
    )


def connected(settings: Settings, tape: Tape = LIVE) -> World:
    """The world that *settings* name, with the cluster. Raises ConfigError; asks nothing yet."""
    return world(settings, connect(settings.kubernetes, tape), tape)


def world(settings: Settings, kube: KubeApi | None, tape: Tape = LIVE) -> World:
    """The world that *settings* name, beside *kube*; all is asked through *tape*."""
    observer = _Observers(settings, kube, tape)
    cluster = ClusterSource(kube, settings)
    sources: list[ExpectationSource] = [cluster]
    if settings.expect.manifests:
        beside = None if kube is None else cluster.choosing
        sources.append(ManifestSource(settings.expect.manifests, tape, beside))
    if settings.expect.config_files:
        sources.append(ConfigFiles(_config_files(settings), tape))
    gatherers: list[FactGatherer] = [
        ClusterFacts(kube, settings.kubernetes.namespaces if settings.kubernetes else ()),
        PrometheusFacts(observer.of),
        LogFacts(kube, tape, None if settings.loki is None else Loki(settings.loki, tape)),
    ]
    running = RunningConfiguration(
        observer, learned=settings.expect.learned, pins=pins(settings.expect)
    )
    return World(
        settings, kube, observer, tuple(sources), running, tuple(gatherers), cluster.address_of
    )


class _Observers:
    """Each server by the HTTP settings of its own Prometheus; fits the port Observer."""

    def __init__(self, settings: Settings, kube: KubeApi | None, tape: Tape) -> None:
        self._tape = tape
        self._addresses = {
            without_credentials(server.url)[0]: server.url
            for named in settings.prometheuses
            for server in named.servers
        }
        proxy = settings.kubernetes is not None and settings.kubernetes.proxy and kube is not None
        self._proxy_url = kube.server if proxy and kube is not None else None
        self._proxied = (
            self._make(settings, kube.proxy_session()) if proxy and kube is not None else None
        )
        self._default = self._make(settings)
        self._own = {
            without_credentials(server.url)[0]: self._make(
                settings.model_copy(update={"http": named.http})
            )
            for named in settings.prometheuses
            if named.http is not None
            for server in named.servers
        }

    def observe(
        self, server: ExpectedServer, now: datetime
    ) -> ServerObservation | UnreadableServer:
        """Read one server."""
        return self.of(server).observe(server, now)

    def of(self, server: ExpectedServer) -> Prometheus:
        """The adapter that speaks to *server*."""
        if self._proxied is not None and server.url.startswith(f"{self._proxy_url}/"):
            return self._proxied
        return self._own.get(server.url, self._default)

    def _make(self, settings: Settings, session: object = None) -> Prometheus:
        return Prometheus(
            settings.http,
            full_targets_up_to=settings.full_targets_up_to,
            session=session,  # type: ignore[arg-type]  # requests has its home in the adapters
            tape=self._tape,
            addresses=self._addresses,
        )


def _config_files(settings: Settings) -> tuple[tuple[PrometheusName, Path], ...]:
    """Each configuration file with its Prometheus. Raises ConfigError where that is not said."""
    known = [named.name for named in settings.prometheuses if named.servers]
    found = []
    for file in settings.expect.config_files:
        name = file.prometheus or (known[0] if len(known) == 1 else None)
        if name not in known:
            said = f"there is no {name} with servers" if name else "whose it is cannot be told"
            raise ConfigError(
                f"expect.config_files: {file.path}: {said}: set its prometheus to one of those in"
                f" prometheuses that name their servers ({', '.join(known) or 'none does'})"
            )
        found.append((PrometheusName(name), file.path))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Glance:
    """A look without consequences, as ``once``, ``explain`` and ``audit`` take it."""

    world: World
    store: Remembering | None
    clock: Callable[[], datetime] = clock

    def result(
        self, now: datetime, explained: Callable[[JobStatus], bool] = lambda _: True
    ) -> Result:
        """Snapshot in memory, merged with what the store remembers, then one look."""
        taken = self.snapshot(now)
        return self.world.look.at(taken.expectations, self.remembered(), now, explained=explained)

    def snapshot(self, now: datetime) -> Taken:
        """What should be scraped, in memory: merged with what the store remembers."""
        before = self.store.expectations() if self.store is not None else None
        return self.world.reader.whole(before, now)

    def audit(self, result: Result) -> Audit:
        """What is at risk, on the ground of *result*."""
        return self.world.assess.of(result, self.remembered())

    def ladder(self, result: Result, status: JobStatus) -> tuple[Step, ...]:
        """A job's links, one by one."""
        observation = next(o for o in result.observations if o.prometheus == status.job.prometheus)
        return ladder(status, observation, result.diagnoses.get(status.job.key))

    def remembered(self) -> Remembered:
        """What the store adds; nothing when there is none or it never was written to."""
        if self.store is None or self.store.first_watch() is None:
            return Remembered()
        return Remembered(
            memory=self.store.memory(),
            incidents=self.store.ongoing(),
            mounts=Known(tuple(self.store.mount_history())),
        )


def glance(settings: Settings, stack: ExitStack) -> Glance:
    """A glance at the world of *settings*; the store that it opens is closed with *stack*."""
    from watcher.app.stores import reading_store  # noqa: PLC0415 -- SQL costs who has no store

    return Glance(connected(settings), reading_store(settings, stack))


def glance_at_url(url: str) -> Glance:
    """A glance at one server that is known by its URL alone: no settings, cluster or store."""
    return Glance(world(settings_of_url(url), None), None)


def settings_of_url(url: str) -> Settings:
    """Settings that hold but one server, called by its URL without the credentials in it.

    Raises ConfigError for something that is not a URL.
    """
    if not url.startswith(("http://", "https://")):
        raise ConfigError(f"--prometheus-url: {url!r} is no http:// or https:// address")
    name = without_credentials(url)[0]
    servers = [{"name": name, "url": url}]
    return Settings.model_validate({"prometheuses": [{"name": name, "servers": servers}]})

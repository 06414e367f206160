"""Record everything that one look and one audit read, and look again at what was recorded."""

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from watcher.adapters.kubernetes.api import recorded
from watcher.adapters.prometheus.session import without_credentials
from watcher.adapters.recordings import recording
from watcher.adapters.recordings.recorded_store import RecordedStore, past
from watcher.adapters.recordings.recorder import Failed, Player, Recorder
from watcher.adapters.recordings.recording import Recording
from watcher.app import compose, stores
from watcher.app.compose import Glance
from watcher.settings import Settings, checked


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What was written: numbers of requests, those that failed, and bytes of the archive."""

    at: datetime
    requests: int
    failed: int
    size: int


def record(settings: Settings, to: Path, *, cluster: bool = True) -> Recorded:
    """Look once, audit, and write all that was read to *to*, without secrets.

    Without *cluster* as for one server that is known by its URL alone: no cluster, no store. Raises
    ConfigError where *to* cannot be written, StoreError where the store cannot be read.
    """
    with ExitStack() as stack:
        tape = Recorder()
        world = (
            compose.connected(settings, tape) if cluster else compose.world(settings, None, tape)
        )
        store = stores.reading_store(settings, stack) if cluster else None
        told = past(store) if store is not None else None
        glance = Glance(world, None if told is None else RecordedStore(told))
        now = compose.clock().replace(microsecond=0)
        glance.audit(glance.result(now))
        exchanges = tape.exchanges()
        size = recording.write(
            Recording(
                at=now,
                settings=kept_settings(settings),
                kubernetes=None if world.kube is None else world.kube.server,
                exchanges=exchanges,
                past=told,
            ),
            to,
        )
    failed = sum(isinstance(exchange.came, Failed) for exchange in exchanges)
    return Recorded(at=now, requests=len(exchanges), failed=failed, size=size)


def replayed(place: Path) -> Glance:
    """A glance at what is recorded at *place*, by its clock. Raises ConfigError for what is none."""
    return of(recording.read(place), place)


def of(told: Recording, place: Path | None = None) -> Glance:
    """A glance at a recording, which stood at *place*. Raises ConfigError as ``replayed``."""
    settings = checked(told.settings, place)
    tape = Player(told.exchanges)
    kube = None if told.kubernetes is None else recorded(told.kubernetes, tape)
    store = None if told.past is None else RecordedStore(told.past)
    return Glance(compose.world(settings, kube, tape), store, lambda: told.at)


_BEARS_ON_A_LOOK: Final[dict[str, Any]] = {
    "kubernetes": {"proxy", "namespaces", "timeout"},
    "prometheuses": {"__all__": {"name": True, "servers": True, "http": {"timeout"}}},
    "http": {"timeout"},
    "expect": True,
    "settle": True,
    "retire_after": True,
    "mass_loss": True,
    "full_targets_up_to": True,
    "loki": {"url": True, "query": True, "http": {"timeout"}},
}
"""What of the settings is recorded: how, where and whom we tell is nobody's business, and credentials
are not needed where nobody is asked."""


def kept_settings(settings: Settings) -> dict[str, Any]:
    """What of *settings* bears on a look, in the form of the settings file, without secrets."""
    kept = settings.model_dump(exclude_unset=True, exclude_none=True, include=_BEARS_ON_A_LOOK)
    return {str(name): _plain(value) for name, value in kept.items()}


def _plain(raw: Any) -> Any:
    match raw:
        case dict():
            return {name: _plain(_url(name, value)) for name, value in raw.items()}
        case list() | tuple():
            return [_plain(each) for each in raw]
        case timedelta():
            return f"{int(raw.total_seconds() * 1000)}ms"
        case Path():
            return str(raw)
        case _:
            return raw


def _url(name: str, value: Any) -> Any:
    return without_credentials(value)[0] if name == "url" and isinstance(value, str) else value

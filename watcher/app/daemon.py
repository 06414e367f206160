"""The daemon: cycles on a schedule, the web beside them, a clean end.

APScheduler runs the cycles, each never twice at once and never to make up for missed runs.
"""

import logging
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final, TextIO

from apscheduler.events import EVENT_JOB_MAX_INSTANCES, JobSubmissionEvent
from apscheduler.schedulers.background import BackgroundScheduler

from watcher import __version__
from watcher.adapters.prometheus.session import without_credentials
from watcher.adapters.receivers.failures import Reason
from watcher.adapters.receivers.heartbeat import Heartbeat
from watcher.adapters.sql.lock import Still
from watcher.adapters.sql.opening import SqlStore, open_store
from watcher.app import compose, cron, rights, telling
from watcher.app.clock_guard import ClockGuard
from watcher.app.mutes import Mutes
from watcher.app.reports import Reports
from watcher.app.settings_check import check
from watcher.cycles.accept import Accept
from watcher.cycles.delivery import Delivery
from watcher.cycles.inspect import Inspect
from watcher.cycles.lanes import Beside, InTurn, Lanes
from watcher.cycles.removals import standing
from watcher.cycles.snapshot import Snapshot
from watcher.cycles.store_trouble import StoreTrouble
from watcher.cycles.watch import Watch
from watcher.engine.group import Storm
from watcher.errors import (
    ConfigError,
    NotifyError,
    OustedError,
    SourceUnavailable,
    StoreError,
    WatcherError,
)
from watcher.model.expectations import Expectations
from watcher.model.results import Audit, Result
from watcher.settings import Settings, of, outdated, source
from watcher.web.app import Latest, create
from watcher.web.metrics import Meters
from watcher.web.server import WebServer

logger = logging.getLogger("watcher")

_STOP_WITHIN: Final = 3.0
"""Seconds that a cycle in flight is waited for when the daemon is told to end; SIGTERM must end it
within 5. A read in flight may be abandoned, a transaction of the store is not."""

_TRY_AGAIN_AFTER: Final = 1.0
"""Seconds after which the old settings are started again when new ones could not be."""


CYCLES: Final = ("snapshot", "watch", "inspect")


@dataclass(slots=True)
class Reading:
    """How the settings were read last: when they could be used, and why they now cannot."""

    succeeded_at: float
    refused: str | None = None


@dataclass(slots=True)
class Daemon:
    """One running daemon. ``latest`` holds the last result: swapped, never changed."""

    settings: Settings
    world: compose.World
    store: SqlStore
    meters: Meters
    snapshot: Snapshot
    watch: Watch
    inspect: Inspect
    reports: Reports
    lanes: Lanes
    still: Still
    trouble: StoreTrouble
    heartbeat: Heartbeat | None = None
    reading: Reading = field(default_factory=lambda: Reading(succeeded_at=0))
    latest: Result | None = None
    at_risk: Audit | None = None
    attempted_at: datetime | None = None
    nothing: str | None = None
    """Why no job is expected, as it was said last."""
    failing: bool = False
    """Whether the last watch was given up because of the store."""
    ousted: OustedError | None = None
    end: Callable[[], None] = lambda: None
    """Called when another watcher has the store: this one must end."""
    rights_known: bool = False
    """Whether the rights were asked for where what is expected needs them."""
    lacks: set[str] = field(default_factory=set)
    """What was said of rights that are lacking."""
    running: Mapping[str, threading.Lock] = field(
        default_factory=lambda: {name: threading.Lock() for name in CYCLES}
    )

    def read(self, reading: Reading) -> None:
        """Take over how the settings were read, for page, probe and metrics."""
        self.reading = reading
        well = reading.refused is None
        self.meters.settings_read(succeeded_at=reading.succeeded_at, well=well)

    def begin(self) -> None:
        """Say what is watched, and take the first snapshot and look without waiting for them."""
        _say_what_is_watched(self)
        self.take_snapshot()
        self.look()

    def take_snapshot(self) -> None:
        """The snapshot cycle."""
        self._cycle("snapshot", self._snapshot)

    def look(self) -> None:
        """The watch cycle, of the cluster as it is now: what changed in it is read first."""
        self.attempted_at = compose.clock()
        if self._attempt("watch", self._require_alone):
            self._follow()
            self._cycle("watch", self._watch)

    @property
    def unwritable(self) -> str | None:
        """Why watches have been given up for a while, None while they are made."""
        return self.trouble.lasting if self.failing else None

    def assess(self) -> None:
        """What is at risk, on the ground of the last result; as often as snapshots are taken."""
        if self.latest is not None:
            glance = compose.Glance(self.world, self.store)
            self.at_risk = glance.audit(self.latest)

    def sum_up(self) -> None:
        """The inspection cycle."""
        self._cycle("inspect", self.reports.write)

    def _follow(self) -> None:
        if not self.running["snapshot"].acquire(blocking=False):
            return  # a snapshot is being taken, which reads all of it
        try:
            self._attempt("snapshot", self.snapshot.follow)
        finally:
            self.running["snapshot"].release()

    def _require_alone(self) -> None:
        with self._store_told():
            try:
                odd = self.still()
            except OustedError as error:
                self.ousted = error
                self.end()
                raise
        if odd is not None:
            logger.error("%s", odd)
            self.trouble.met(odd)
        elif not self.failing:
            self.trouble.over()

    @contextmanager
    def _store_told(self) -> Iterator[None]:
        """Tell people, past the store, of what it raises."""
        try:
            yield
        except StoreError as error:
            self.failing = True
            self.trouble.met(str(error))
            raise

    def _watch(self) -> Result | None:
        """Watch once. Where no job is expected that is said, once, instead of "0 lost"."""
        first = self.latest is None
        with self._store_told():
            self.latest = self.watch.run()
        self.failing = False
        if self.heartbeat is not None and _saw_something(self.latest):
            self.lanes.start("heartbeat", partial(self._beat, self.heartbeat))
        if first:
            self.assess()
        nothing, before = self.latest.watches_nothing, self.nothing
        self.nothing = nothing
        if nothing is None:
            return self.latest
        if nothing != before:
            logger.warning("watch: %s", nothing)
        return None

    def _say_what_lacks(self, expectations: Expectations) -> None:
        """Which rights are lacking where what is expected needs them, once they can be asked for."""
        kube, settings = self.world.kube, self.settings.kubernetes
        if kube is None:
            return
        try:
            lacks = rights.lacking(kube, expectations, settings.namespaces if settings else ())
        except SourceUnavailable:
            return  # the snapshot says why; the next one asks again
        # Without a Prometheus nobody knows yet where all the others will be needed.
        self.rights_known = bool(expectations.prometheuses)
        for line in map(str, lacks):
            if line not in self.lacks:
                logger.warning("%s", line)
            self.lacks.add(line)

    def _beat(self, heartbeat: Heartbeat) -> None:
        try:
            heartbeat.beat()
        except NotifyError as error:
            logger.warning("%s", error)

    def _snapshot(self) -> object:
        taken = self.snapshot.run()
        if not self.rights_known:
            self._say_what_lacks(taken.expectations)
        self.assess()
        self.store.prune(compose.clock())
        return taken

    def _cycle(self, name: str, run: Callable[[], object]) -> None:
        """Run one cycle and log its sentence. The daemon never dies of what it watches.

        Never two of a kind at once: the first ones of all are not those on schedule.
        """
        with self.running[name]:
            started = time.perf_counter()
            well = self._attempt(name, run)
            seconds = time.perf_counter() - started
            self.meters.cycle_ended(name, at=time.time(), seconds=seconds, well=well)  # noqa: TID251

    def _attempt(self, name: str, run: Callable[[], object]) -> bool:
        """Whether *run* ended well; what it answers is the line for the log, None is not worth one."""
        try:
            outcome = run()
        except WatcherError as error:
            logger.error("%s: %s", name, error)  # noqa: TRY400 -- an expected error needs no trace
        except Exception:
            logger.exception("%s: unexpected error; please report it with this trace", name)
        else:
            if outcome is not None:
                logger.info("%s: %s", name, outcome)
            return True
        return False


def _saw_something(result: Result) -> bool:
    """Whether it was a good watch: a server was read, and something is expected."""
    return bool(result.statuses) and any(seen.readable for seen in result.observations)


def run(path: Path | None, *, cycles: int | None, dry_run: TextIO | None) -> bool:
    """Run until SIGTERM or SIGINT, or for so many watches (a snapshot first, no web).

    False where the last of so many watches knew no job to look for.

    SIGHUP rereads the settings; those that cannot be used, or with which nothing starts, are
    logged, and the old ones stay. It never ends the process. Raises ConfigError and StoreError
    before anything is started, OustedError when another watcher has the store.
    """
    settings = _first(path)
    if cycles is not None:
        with ExitStack() as stack:
            return _some(_assembled(settings, stack, dry_run, InTurn()), cycles)
    told: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _: told.put(number))
    # The same ones after SIGHUP, so that what is still in flight then is not sent twice.
    lanes = Beside()
    working, following = settings, settings
    reading = Reading(succeeded_at=time.time())  # noqa: TID251 -- a time of a metric
    started = False
    while True:
        try:
            with ExitStack() as stack:
                daemon = _assembled(following, stack, dry_run, lanes)
                daemon.read(reading)
                scheduler = _serve(daemon, stack)
                if following is not working:
                    reading = Reading(succeeded_at=time.time())  # noqa: TID251
                    daemon.read(reading)
                started, working = True, following
                daemon.end = partial(told.put, signal.SIGTERM)
                next_settings = _next(path, told, dry_run, daemon)
                lanes.ending = next_settings is None
                if not _ended(scheduler, lanes, told, daemon):
                    if daemon.ousted is not None:
                        raise daemon.ousted
                    return True
        except WatcherError as error:
            if not started or isinstance(error, OustedError):
                raise
            reading.refused = str(error)
            next_settings = _fallen_back(error, working, told)
        if next_settings is None:
            return True
        following = next_settings


def _first(path: Path | None) -> Settings:
    """The settings to begin with. Says in the log which they are."""
    written = source(path)
    settings = of(written)
    logger.log(logging.WARNING if written.sets_nothing else logging.INFO, "settings: %s", written)
    return settings


def _fallen_back(
    error: WatcherError, working: Settings, told: "queue.SimpleQueue[int]"
) -> Settings | None:
    """The settings that worked before, after a short wait; None when told to end meanwhile."""
    logger.error("SIGHUP: the old settings stay: %s", error)
    try:
        if told.get(timeout=_TRY_AGAIN_AFTER) != signal.SIGHUP:
            return None
    except queue.Empty:
        pass
    return working


def _next(
    path: Path | None, told: "queue.SimpleQueue[int]", dry_run: TextIO | None, daemon: Daemon
) -> Settings | None:
    """Wait for a signal: the settings to continue with, None to end."""
    while told.get() == signal.SIGHUP:
        try:
            settings = _read_again(path, daemon.settings, dry_run)
        except ConfigError as error:
            daemon.reading.refused = str(error)
            daemon.read(daemon.reading)
            logger.error("SIGHUP: the old settings stay: %s", error)  # noqa: TRY400
        else:
            logger.info("SIGHUP: going on with the settings as they are now")
            return settings
    logger.info("told to end: waiting for the cycle in flight")
    return None


def _read_again(path: Path | None, working: Settings, dry_run: TextIO | None) -> Settings:
    """The settings as they are now. Raises ConfigError also for a file that has become empty.

    That is one in the middle of being written; it would be taken for "watch nothing".
    """
    written = source(path)
    if not written.raw and working.model_fields_set:
        raise ConfigError(f"{written.path or written}: nothing is set: write the settings again")
    settings = of(written)
    try:
        check(settings, dry_run)
    except ConfigError as error:
        raise ConfigError(written.located(str(error))) from None
    return settings


def _ended(
    scheduler: BackgroundScheduler, lanes: Lanes, told: "queue.SimpleQueue[int]", daemon: Daemon
) -> bool:
    """Wait for the cycle in flight; False when the process is to end, True for new settings.

    With new settings it is waited for until it ends, as the process must not end. When the process
    is told to end, what is being sent is waited for too, and what hangs is abandoned with the
    process; the store outlives that at any moment, and a message that may have been taken is
    written down as such.
    """

    def end() -> None:
        scheduler.shutdown()
        if lanes.ending:
            lanes.wait(lanes.busy(), _STOP_WITHIN)

    stopping = threading.Thread(target=end, daemon=True)
    stopping.start()
    while not lanes.ending and stopping.is_alive():
        stopping.join(0.2)
        while not told.empty():
            lanes.ending = lanes.ending or told.get() != signal.SIGHUP
    stopping.join(_STOP_WITHIN if lanes.ending else None)
    if stopping.is_alive():
        logger.warning("a read or a message is still in flight: it is abandoned")
        logging.shutdown()
        os._exit(2 if daemon.ousted else 0)
    return not lanes.ending


def _assembled(
    settings: Settings, stack: ExitStack, dry_run: TextIO | None, lanes: Lanes
) -> Daemon:
    world = compose.connected(settings)
    told = telling.receivers(settings, dry_run)
    store = stack.enter_context(open_store(settings.store, settings.retention))
    still = stack.enter_context(store.alone())
    meters = Meters(
        notifiers=[each.name for each in told.all], reasons=[reason.value for reason in Reason]
    )
    watch = Watch(
        look=world.look,
        store=store,
        delivery=Delivery(
            store=store,
            notifiers=told.notifiers,
            fallback=told.fallback,
            tally=meters,
            lanes=lanes,
        ),
        policy=world.policy,
        terms=telling.terms(settings),
        storm=Storm(problems=settings.storm_problems),
        windows=telling.windows(settings),
        clock=compose.clock,
    )
    snapshot = Snapshot(reader=world.reader, store=store, clock=compose.clock)
    glance = compose.Glance(world, store)
    inspect = Inspect(
        store=store,
        watch_interval=settings.watch_interval,
        audit=lambda: glance.audit(glance.result(compose.clock())),
        windows=watch.windows,
        clock=compose.clock,
    )
    return Daemon(
        settings=settings,
        world=world,
        store=store,
        meters=meters,
        snapshot=snapshot,
        watch=watch,
        inspect=inspect,
        reports=Reports(inspect, settings.inspection, told.reporters),
        lanes=lanes,
        still=still,
        trouble=StoreTrouble(
            notifiers=told.notifiers,
            lanes=lanes,
            grace=settings.pending_for,
            clock=compose.clock,
        ),
        heartbeat=Heartbeat(settings.heartbeat) if settings.heartbeat else None,
    )


def _some(daemon: Daemon, cycles: int) -> bool:
    """Watch so many times, one watch interval apart; whether the last one knew a job."""
    _say_what_is_watched(daemon)
    daemon.take_snapshot()
    for number in range(cycles):
        if number:
            time.sleep(daemon.settings.watch_interval.total_seconds())
        daemon.look()
    return daemon.latest is not None and daemon.latest.watches_nothing is None


def _serve(daemon: Daemon, stack: ExitStack) -> BackgroundScheduler:
    """Start web and schedule; the web is stopped with *stack*."""
    settings = daemon.settings
    latest = Latest(
        result=lambda: daemon.latest,
        attempted=lambda: daemon.attempted_at,
        unwritable=lambda: daemon.unwritable,
        settings_refused=lambda: daemon.reading.refused,
        clock=compose.clock,
        watch_interval=settings.watch_interval,
        audit=lambda: daemon.at_risk,
        mass_losses=lambda result: standing(result, daemon.watch.terms),
        inspection=lambda: daemon.reports.last,
        sources=daemon.world.source_names,
        accepting=Accept(store=daemon.store, clock=compose.clock),
        mutes=Mutes(store=daemon.store, windows=daemon.watch.windows, clock=compose.clock),
    )
    app = create(latest, daemon.meters)
    server = stack.enter_context(WebServer(app, settings.web.listen, settings.web.config_file))
    logger.info("page, API and metrics on %s", server.url)
    scheduler = _scheduler(daemon)
    scheduler.start()
    ClockGuard(scheduler, ("watch", "snapshot"), compose.clock, time.monotonic).start()
    return scheduler


def _scheduler(daemon: Daemon) -> BackgroundScheduler:
    settings = daemon.settings
    scheduler = BackgroundScheduler(
        timezone="UTC",
        job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None},
    )
    scheduler.add_job(daemon.begin, id="begin")
    for name, cycle, interval in (
        ("watch", daemon.look, settings.watch_interval),
        ("snapshot", daemon.take_snapshot, settings.snapshot_interval),
    ):
        scheduler.add_job(cycle, "interval", seconds=interval.total_seconds(), id=name)
    scheduler.add_job(daemon.sum_up, cron.inspection(settings), id="inspection")
    scheduler.add_listener(_say_left_out, EVENT_JOB_MAX_INSTANCES)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # which says it in words of its own
    return scheduler


def _say_left_out(event: JobSubmissionEvent) -> None:
    logger.warning(
        "%s: the one before is not done yet, so this one is left out: see what is slow, or lengthen"
        " its interval",
        event.job_id,
    )


def _say_what_is_watched(daemon: Daemon) -> None:
    """What is watched, and who is told."""
    settings, world = daemon.settings, daemon.world
    cluster = f"the Kubernetes API at {world.kube.server}" if world.kube else "no Kubernetes API"
    logger.info("watcher %s: %s, store %s", __version__, cluster, daemon.store.place)
    for named in settings.prometheuses:
        places = (f"{s.name} at {without_credentials(s.url)[0]}" for s in named.servers)
        servers = ", ".join(places) or "its pods"
        logger.info("watching %s: %s", named.name, servers)
    if not settings.prometheuses:
        logger.info("watching every Prometheus that the Kubernetes API knows")
    for line in outdated(settings):
        logger.warning("%s", line)
    told = ", ".join(receiver.name for receiver in daemon.watch.delivery.notifiers)
    logger.info(
        "telling %s",
        told or "nobody: set one of the sections of docs/incidents.md (slack, email, …) to be told",
    )

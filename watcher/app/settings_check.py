"""Whether settings can be used, without asking any server anything."""

from collections.abc import Callable, Iterator
from typing import TextIO

from watcher.adapters.sql import engine as sql_engine
from watcher.app import compose, cron, telling
from watcher.errors import ConfigError
from watcher.settings import Settings, require_files
from watcher.web import web_config
from watcher.web.server import parted


def check(settings: Settings, dry_run: TextIO | None = None) -> None:
    """Raise ConfigError, with every fault, where the settings cannot be used together.

    With *dry_run* nobody is notified, so receivers need not be complete.
    """
    faults = list(_faults(settings, dry_run))
    if faults:
        raise ConfigError("\n".join(dict.fromkeys(faults)))


def _faults(settings: Settings, dry_run: TextIO | None) -> Iterator[str]:
    parts: tuple[Callable[[], object], ...] = (
        lambda: require_files(settings),
        lambda: compose.connected(settings),
        lambda: telling.receivers(settings, dry_run),
        lambda: sql_engine.require_directory(sql_engine.parse(settings.store)),
        lambda: parted(settings.web.listen),
        lambda: _web(settings),
        lambda: telling.windows(settings),
        lambda: cron.inspection(settings),
    )
    for part in parts:
        try:
            part()
        except ConfigError as error:
            yield from str(error).splitlines()


def _web(settings: Settings) -> None:
    file = settings.web.config_file
    if file is None:
        return
    web = web_config.read(file)
    if web.tls_server_config is not None:
        web_config.tls_context(web.tls_server_config, file)

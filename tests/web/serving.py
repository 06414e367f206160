"""The application on a free port of this machine, asked over HTTP as anybody would."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from tests.builders import NOW
from watcher.web.app import Latest, create
from watcher.web.metrics import Meters
from watcher.web.server import WebServer

LATEST = Latest(
    result=lambda: None,
    attempted=lambda: NOW,
    clock=lambda: NOW + timedelta(seconds=12),
    watch_interval=timedelta(seconds=30),
)


@contextmanager
def serving(listen="127.0.0.1:0", config_file=None, **latest):
    """Serve, and say at which URL; *latest* are fields of Latest."""
    app = create(replace(LATEST, **latest), Meters(cycles=["watch"], notifiers=["slack"]))
    server = WebServer(app, listen, config_file)
    server.start()
    try:
        yield server.url
    finally:
        server.stop()

"""What the watcher reads and what it can be asked, found in the code, so that a new one is noticed."""

from datetime import UTC, datetime, timedelta

from typer.main import get_command

from watcher.adapters.kubernetes import resources as kube_resources
from watcher.adapters.kubernetes.resources import Resource
from watcher.cli import options as cli
from watcher.web.app import Latest, create
from watcher.web.metrics import Meters

COMMANDS = {
    # Played as a daemon too, with its log and its web.
    "run": (["--cycles", "1", "--dry-run"],),
    "once": (["--format", "text"], ["--format", "json"]),
    "explain": (["serviceMonitor/shop/*"],),
    "audit": tuple(["--format", each] for each in ("text", "json", "markdown", "sarif")),
    "inspect": tuple(["--format", each] for each in ("html", "json", "markdown")),
    "incidents": (["--format", "text"], ["--format", "json"]),
    "check-config": ([],),
    "expect": (["--format", "text"], ["--format", "json"], ["*", "--manifest"]),
    "record": (["{out}/recording.tar.gz"],),
    "snapshot": (
        ["save", "{out}/saved.json"],
        *(["diff", "{out}/saved.json", "--format", each] for each in ("text", "json", "markdown")),
    ),
    "mutes": ([],),
    "mute": (["namespace=none", "--for", "1h", "--reason", "x"],),
    "unmute": None,  # says no more than mutes
    "accept": (["none*"],),
    "notify": (["--test"],),
}
REVIEWS = {"SubjectAccessReview", "SelfSubjectAccessReview"}
"""What is asked and not read."""
HARMLESS_ANSWERS = {
    "/api/v1/status/runtimeinfo",
    "/api/v1/status/buildinfo",
    "/api/v1/scrape_pools",
    "/metrics",
}
"""Of a Prometheus: times, versions, numbers and names of pools."""


def commands():
    """The names of all commands."""
    return set(get_command(cli.app).commands)


def kinds_read():
    """The kinds of object that are read from an API server."""
    return {
        each.kind
        for value in vars(kube_resources).values()
        for each in (value.values() if isinstance(value, dict) else [value])
        if isinstance(each, Resource)
    } - REVIEWS


def routes():
    """The addresses of the web that answer GET, up to what stands for a name."""
    latest = Latest(
        result=lambda: None,
        attempted=lambda: None,
        clock=lambda: datetime.now(UTC),
        watch_interval=timedelta(seconds=1),
        mutes=object(),
        accepting=object(),
    )
    app = create(latest, Meters(notifiers=[], reasons=[]))
    return {r.path.partition("{")[0] for r in app.routes if "GET" in r.methods}


def types_in(annotation):
    """A type and those that it is made of."""
    yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from types_in(inner)

"""One look for the commands that take one: what to look at, how, and what is said of nothing."""

from contextlib import ExitStack
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from watcher.app import compose
from watcher.app.compose import Glance
from watcher.cli import show
from watcher.diagnosis import catalogue
from watcher.errors import ConfigError
from watcher.model.results import Result
from watcher.settings import load

_NOTHING: Final = (
    "no job is expected, so none can be missed: name a cluster (KUBECONFIG, or kubernetes.kubeconfig"
    " in the settings), a server (--prometheus-url, or prometheuses) or another source (expect)"
)


def opened(
    config: Path | None, url: str | None, stack: ExitStack, replay: Path | None = None
) -> Glance:
    """A glance at what the settings, the URL of one server, or a recording hold."""
    if replay is not None:
        if url is not None or config is not None:
            raise ConfigError("--replay: it works from the recording alone; leave out the others")
        from watcher.app import recording

        return recording.replayed(replay)
    if url is not None and config is not None:
        raise ConfigError("--prometheus-url and --config: name one of them, not both")
    if url is not None:
        return compose.glance_at_url(url)
    return compose.glance(load(config), stack)


def looked(glance: Glance) -> Result:
    """One look; that nothing is expected, and so nothing can be lost, is said on standard error."""
    with show.progress("looking …"):
        result = glance.result(glance.clock())
    nothing = result.expectations is not None and not result.expectations.jobs
    if nothing and not result.unreadable:  # else that is why
        show.complain(_NOTHING)
    return result


def no_such(subject: str, result: Result) -> str:
    """That *subject* is nothing that can be explained, and what was likely meant."""
    known = [*catalogue.pages(), *(str(status.pool) for status in result.statuses)]
    near = get_close_matches(subject, known, n=3)
    lists = "`watcher once` lists the jobs, docs/causes.md the causes"
    if near:
        return (
            f"{subject} is neither an expected job nor a cause: did you mean {' or '.join(near)}?"
        )
    return f"{subject} is neither an expected job nor a cause: {lists}"

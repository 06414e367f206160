"""A query that stands in ``path``: Prometheus escapes its ``?``, and the target is asked for another page."""

from collections.abc import Iterator
from urllib.parse import parse_qsl

from watcher.diagnosis.rule import Case
from watcher.diagnosis.rules import _advice
from watcher.model.findings import FixStep
from watcher.model.kube import JSON, mapping
from watcher.secrecy import HIDDEN, without_secrets


def moved(case: Case) -> Iterator[FixStep]:
    """Put the query into ``params``; nothing where the running path has none.

    A patch only where nothing in the query is secret and the endpoint has no params of its own.
    """
    running = case.running()
    before, mark, query = (running.path if running else "").partition("?")
    if not mark:
        return
    asked: dict[str, JSON] = {
        name: [word] for name, word in parse_qsl(query, keep_blank_values=True)
    }
    do = (
        f"The path holds a `?`, which Prometheus sends as %3F: set the path to {before} and put"
        f" {', '.join(asked) or 'what stands behind it'} into params"
    )
    endpoint, step = _advice.endpoint_of(case), None
    harmless = without_secrets(query) == query and HIDDEN not in query
    if harmless and endpoint is not None and not mapping(endpoint, "params"):
        step = _advice.set_endpoint_fields(case, {"path": before, "params": asked}, do)
    yield step or _advice.edit_job(case, do)

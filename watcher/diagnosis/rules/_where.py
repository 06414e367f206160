"""How a person asks a server what the watcher asked it: the commands that evidence names.

A server that is reached through the API server's proxy is asked with kubectl, which has the rights
for it; any other with curl.
"""

import re
import shlex
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from watcher.model import shell
from watcher.model.observations import ServerObservation

_PROXIED: Final = re.compile(r"/api/v1/namespaces/[^/]+/(?:pods|services)/[^/]+/proxy(?:/|$)")


def asked(server: ServerObservation, path: str, **parameters: str) -> str:
    """The command that asks *server*: *path* is below its API, such as ``scrape_pools``."""
    query = f"?{urlencode(parameters, quote_via=quote)}" if parameters else ""
    url = f"{server.server.url.rstrip('/')}/api/v1/{path}{query}"
    raw = _raw(url)
    return f"kubectl get --raw {shlex.quote(raw)}" if raw else f"curl -s {shlex.quote(url)}"


def query(server: ServerObservation, expression: str) -> str:
    """The command that asks *server* for the PromQL *expression*, readable where it can be."""
    if _raw(server.server.url.rstrip("/")):
        return asked(server, "query", query=expression)
    url = f"{server.server.url.rstrip('/')}/api/v1/query"
    return f"curl -sG {shlex.quote(url)} --data-urlencode {shlex.quote(f'query={expression}')}"


def reload(server: ServerObservation) -> str:
    """The command that has *server* read its configuration again."""
    url = f"{server.server.url.rstrip('/')}/-/reload"
    raw = _raw(url)
    if raw:
        return f"kubectl create --raw {shlex.quote(raw)} -f /dev/null"
    return f"curl -s -X POST {shlex.quote(url)}"


def own_metrics(server: ServerObservation, name: str) -> str:
    """The command that shows the lines of *server*'s own ``/metrics`` that have *name*."""
    url = f"{server.server.url.rstrip('/')}/metrics"
    raw = _raw(url)
    shown = f"kubectl get --raw {shlex.quote(raw)}" if raw else f"curl -s {shlex.quote(url)}"
    return f"{shown} | {shell.lines_with(name)}"


def _raw(url: str) -> str | None:
    """What ``--raw`` takes: the whole path, also where the API server itself has a prefix."""
    parts = urlsplit(url)
    if _PROXIED.search(parts.path) is None:
        return None
    return f"{parts.path}?{parts.query}" if parts.query else parts.path

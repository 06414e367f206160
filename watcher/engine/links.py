"""Where a person looks further: the pool in Prometheus itself, our page, a dashboard."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from watcher.model.expectations import WatchedPrometheus
from watcher.model.incidents import Incident
from watcher.model.kube import text

_ADDRESS: Final = re.compile(r"[!#-;=?-\[\]_a-z~%]+", re.IGNORECASE)
"""What a URL is written with (RFC 3986)."""

Link = tuple[str, str]
"""A text and a URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where people reach our page and our dashboard, None where nobody said."""

    page: str | None = None
    dashboard: str | None = None


NOWHERE: Final = Places()


def links(
    incident: Incident, prometheus: WatchedPrometheus | None, places: Places
) -> tuple[Link, ...]:
    """The links of one lost job."""
    found: list[Link] = []
    if (base := _reached_at(prometheus)) is not None:
        query = urlencode({"search": "", "scrapePool": incident.pool})
        found.append(("Targets in Prometheus", f"{base.rstrip('/')}/targets?{query}"))
    if places.page is not None:
        root = places.page.rstrip("/")
        found.append(("Job", f"{root}/{job_address(incident.prometheus, incident.pool)}"))
        if incident.cause is not None:
            found.append(("Cause", f"{root}/causes/{quote(incident.cause)}"))
        found.append(("All jobs", f"{root}/"))
    if places.dashboard is not None:
        joint = "&" if "?" in places.dashboard else "?"
        query = urlencode({"var-prometheus": incident.prometheus})
        found.append(("Dashboard", f"{places.dashboard}{joint}{query}"))
    return tuple(found)


def job_address(prometheus: str, pool: str) -> str:
    """The address of a job's page, relative to that of the front page.

    A slash stands as one, but in a name of which a browser would leave out parts (``..``).
    """
    name = f"{prometheus}/{pool}"
    whole = {"", ".", ".."}.isdisjoint(name.split("/"))
    return f"jobs/{quote(name, safe='/' if whole else '')}"


def _reached_at(prometheus: WatchedPrometheus | None) -> str | None:
    """Its own word in ``spec.externalUrl``, else the URL of the settings; pods' addresses are ours."""
    if prometheus is None:
        return None
    if prometheus.resource is not None:
        url = text(prometheus.resource, "spec", "externalUrl")
        return url if url is not None and _is_address(url) else None
    return next((server.url for server in prometheus.servers), None)


def _is_address(url: str) -> bool:
    """Whether a browser is led to the host that is named there."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    return bool(host) and parts.scheme in {"http", "https"} and _ADDRESS.fullmatch(url) is not None

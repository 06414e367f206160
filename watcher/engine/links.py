"""Where a person looks further: the pool in Prometheus itself, our page, a dashboard."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

from watcher.model.expectations import WatchedPrometheus
from watcher.model.incidents import Incident
from watcher.model.kube import text

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
        return text(prometheus.resource, "spec", "externalUrl")
    return next((server.url for server in prometheus.servers), None)

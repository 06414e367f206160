"""Reads a server's log out of Loki, by ``/loki/api/v1/query_range``, on from the last line seen.

Where a cluster keeps its logs there, they outlive the pod, and no right to read pod logs is needed.
"""

from datetime import UTC, datetime, timedelta
from string import Template
from typing import Final

import msgspec

from watcher.adapters.prometheus.api import Api
from watcher.adapters.prometheus.session import session_for, without_credentials
from watcher.adapters.tape import LIVE, Tape
from watcher.adapters.wording.log_lines import CONCERNS
from watcher.errors import SourceUnavailable
from watcher.model.names import PrometheusName, ServerName
from watcher.settings import LokiSettings

FIRST: Final = timedelta(days=1)
"""How far back is read at first."""

PAGE: Final = 1000
"""Lines asked for at once; Loki's own limit is 5000 unless it is set otherwise."""

PAGES: Final = 20
"""Most pages read at one time; the rest is read at the next watches."""

_PATH: Final = "/loki/api/v1/query_range"
_NANO: Final = 1_000_000_000


class _Stream(msgspec.Struct):
    values: list[tuple[str, str]]


class _Streams(msgspec.Struct, rename="camel"):
    result_type: str
    result: list[_Stream]


class Loki:
    """One Loki. Safe among threads as ``Api`` is."""

    def __init__(self, settings: LokiSettings, tape: Tape = LIVE) -> None:
        self._url, user = without_credentials(settings.url)
        session = session_for(settings.http, user)
        if settings.tenant is not None:
            session.headers["X-Scope-OrgID"] = settings.tenant
        self._api = Api(self._url, settings.http, session, tape)
        self._query = settings.query

    def read(self, prometheus: PrometheusName, server: ServerName, since: datetime) -> str:
        """Lines of *server*'s log that may concern scraping, from *since* on, each with its time.

        Raises SourceUnavailable.
        """
        asked = {
            "query": self._selector(prometheus, server),
            "limit": str(PAGE),
            "direction": "forward",
        }
        start = int(since.timestamp()) * _NANO
        lines: list[tuple[int, str]] = []
        for _ in range(PAGES):
            page = self._page(asked | {"start": str(start)})
            lines += page
            if len(page) < PAGE:
                break
            start = max(page[-1][0], start + 1)
        return "".join(f"{_stamp(at)} {line.rstrip()}\n" for at, line in lines)

    def _selector(self, prometheus: PrometheusName, server: ServerName) -> str:
        namespace, _, name = prometheus.rpartition("/")
        words = {"namespace": namespace, "prometheus": name, "pod": str(server)}
        quoted = {
            key: value.replace("\\", "\\\\").replace('"', '\\"') for key, value in words.items()
        }
        return f"{Template(self._query).safe_substitute(quoted)} |~ `{CONCERNS.pattern}`"

    def _page(self, asked: dict[str, str]) -> list[tuple[int, str]]:
        try:
            found = self._api.get(_PATH, _Streams, asked)
        except SourceUnavailable as error:
            reason = error.reason.rpartition("; ")[0]
            raise SourceUnavailable(
                f"Loki {self._url}",
                f"{reason}; check loki.url, loki.query and loki.tenant, and the credentials in "
                "loki.http",
            ) from None
        if found.result_type != "streams":
            raise SourceUnavailable(
                f"Loki {self._url}",
                f"answered a {found.result_type}, not log lines; let loki.query be a selector of "
                "streams",
            )
        try:
            every = ((int(at), line) for stream in found.result for at, line in stream.values)
            return sorted(every)
        except ValueError:
            raise SourceUnavailable(
                f"Loki {self._url}", "answered a line without a time; check that it is a Loki"
            ) from None


def _stamp(at: int) -> str:
    """Unix nanoseconds as a log line's prefix has its time."""
    seconds, rest = divmod(at, _NANO)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"

"""Words for what went wrong on the way to a server, and what to do about it. Pure."""

import ssl
from collections.abc import Iterator
from typing import Final

from watcher.secrecy import clipped

_ADVICE: Final = {
    401: "set http.username and http.password_file, or http.bearer_token_file, for this server",
    403: "let the user that the settings name read this path",
    404: "check the address and its route prefix (--web.route-prefix); Prometheus 2.42 or later is "
    "needed",
    422: "this server cannot answer that (an agent has no queries)",
    500: "look into the server's own log",
    502: "check the proxy between us and Prometheus",
    503: "Prometheus is starting or ending; wait, or look into its log",
}
_LONGEST: Final = 200
_OTHERWISE: Final = "check that the address is a Prometheus, that it runs and can be reached"


def advice_on(status: int | None) -> str:
    """What to do about an answer of HTTP *status*, None for one that did not come or is unfit."""
    return _ADVICE.get(status or 0, _OTHERWISE)


def reason_of(error: BaseException) -> str:
    """What lies at the bottom of *error*, in words that are the same each time.

    The libraries' own texts hold addresses of objects and the whole URL several times.
    """
    chain = list(_chain(error))
    for cause in reversed(chain):
        if isinstance(cause, ssl.SSLError):
            return f"TLS failed: {_tls(cause)}"
    for cause in reversed(chain):
        if "timed out" in str(cause).lower():
            return "gave no answer in time"
    for cause in reversed(chain):
        if isinstance(cause, OSError) and cause.strerror:
            named = f": {cause.filename}" if cause.filename else ""
            return f"{cause.strerror[:1].lower()}{cause.strerror[1:]}{named}"
    text = clipped(str(chain[-1]), _LONGEST)
    return text.partition("(")[0].strip() or type(chain[-1]).__name__


def _tls(error: ssl.SSLError) -> str:
    verify = getattr(error, "verify_message", "")
    return str(verify or (error.reason or "").lower().replace("_", " ") or error.strerror or error)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[BaseException] = [error]
    while waiting:
        cause = waiting.pop()
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        nested = (cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args)
        waiting.extend(other for other in nested if isinstance(other, BaseException))

"""Faults on purpose: what a test has the server do instead of answering well."""

import threading
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(slots=True, kw_only=True)
class Fault:
    """Applies to paths that fit `pattern` (a shell glob, without query), `times` times or always.

    `status` answers with that code: a Status body in the server's words, `body`, or an HTML page
    (`html`, with 200 when no status is named). `half_json` cuts the right answer in two, with a
    Content-Length that fits the half. `drop` closes the connection without an answer; `hang`
    waits so many seconds before all else. `retry_after` is a header
    of an answer in the server's words.
    """

    pattern: str
    status: int | None = None
    body: bytes | None = None
    html: bool = False
    half_json: bool = False
    drop: bool = False
    hang: float = 0
    retry_after: str | None = None
    times: int | None = None


class Faults:
    """Those in force; the newest that fits wins."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.insert(0, fault)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def take(self, path: str) -> Fault | None:
        """The fault of this request, counted down."""
        with self._lock:
            for fault in self._faults:
                if fnmatchcase(path, fault.pattern) and fault.times != 0:
                    if fault.times is not None:
                        fault.times -= 1
                    return fault
        return None

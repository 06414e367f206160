"""Finds in the log of a Prometheus what concerns scraping, and folds equal lines into one.

Pure: text in, lines out. logfmt and JSON, of 2.x and 3.x, klog lines of Kubernetes discovery, with
or without the prefixes of the Kubernetes API (``timestamps=true``), of CRI files and of Docker's
JSON files. Where the text comes from is ``log_files``' or the caller's business. It does not judge
whether a line is of this life of the server: ``at`` lets the caller do so.
"""

import contextlib
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, NamedTuple

from watcher.adapters.wording.last_error import steady
from watcher.model.facts import LogKind, LogLine
from watcher.model.names import PoolName, ServerName

LONGEST: Final = 1000
"""Length at which a line's text is cut, in characters: it may hold two long paths."""

DISTINCT: Final = 1000
"""Most different lines that are kept of one log; the oldest give way."""

_LINES_KEPT: Final = 5000
CONCERNS: Final = re.compile(
    r"scrape[_ ]pool|discovery|groups failed|config|reflector|[Ff]ailed to (?:list|watch)"
)
"""What every line that is of use holds; RE2 understands it too."""

_QUIET: Final = frozenset({"info", "debug"})
_STAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
_PREFIX: Final = re.compile(rf"(?P<at>{_STAMP.pattern}) (?:std(?:out|err) [FP] )?")
_OWN_TIME: Final = re.compile(
    rf'(?:^|^(?:level=\w+ )?(?:ts|time)=|"(?:ts|time)":")(?P<at>{_STAMP.pattern})'
)
_PAIR: Final = re.compile(r'([A-Za-z_][\w.]*)=("(?:[^"\\]|\\.)*"|[^\s"]*)')
_KLOG: Final = re.compile(r"[IWEF](?P<day>\d{4} \d\d:\d\d:\d\d)(?:\.\d+)? +\d+ [^\]]*\] ")
_REFLECTOR: Final = re.compile(r"failed to (?:list|watch) \*.*", re.DOTALL)
_JOB: Final = re.compile(r'(?:job name|job) "(?P<job>[^"]+)"')
_POOL_WORDS: Final = (
    ("error creating new scrape pool", LogKind.POOL_NOT_CREATED),
    ("error reloading scrape pool", LogKind.POOL_NOT_RELOADED),
    ("creating target", LogKind.TARGET_NOT_CREATED),
    ("error on ingesting", LogKind.SAMPLES_REJECTED),
    ("scrape commit failed", LogKind.SAMPLES_REJECTED),
    ("append failed", LogKind.SAMPLES_REJECTED),
)
_CONFIG_WORDS: Final = (
    "error loading config",
    "error reloading config",
    "failed to apply configuration",
    "failed to reload config",
    "error loading rule file patterns from config",
    "loading groups failed",
)


class Trouble(NamedTuple):
    """What one line tells."""

    kind: LogKind
    pool: PoolName | None
    text: str
    at: datetime | None


class Log:
    """What a server's log told so far. Lines that are given twice count once."""

    def __init__(self, server: ServerName) -> None:
        self._server = server
        self._folded: dict[tuple[LogKind, PoolName | None, str], LogLine] = {}
        self._taken: dict[bytes, None] = {}
        self.last_at: datetime | None = None
        """Time of the last line taken, whatever it tells; None before the first that has one."""

    def take(self, text: str) -> None:
        """Take further text of the log: whole lines, in their order."""
        lines = text.splitlines()
        if self.last_at is None:
            self.last_at = next(_stamps(lines), None)  # it lends klog's times the year
        for line in lines:
            if not CONCERNS.search(line):
                continue
            print_of = hashlib.blake2b(line.encode("utf-8", "replace"), digest_size=12).digest()
            if print_of in self._taken:
                continue
            if (trouble := trouble_in(line, self.last_at)) is not None:
                self._taken[print_of] = None
                self._fold(trouble)
        while len(self._taken) > _LINES_KEPT:
            del self._taken[next(iter(self._taken))]
        self.last_at = next(_stamps(reversed(lines)), self.last_at)

    def lines(self) -> tuple[LogLine, ...]:
        """All of it, the oldest first."""
        return tuple(self._folded.values())

    def _fold(self, trouble: Trouble) -> None:
        key = (trouble.kind, trouble.pool, trouble.text)
        old = self._folded.pop(key, None)
        at = _later(old.at if old else None, trouble.at)
        if old is not None:
            self._folded[key] = replace(old, at=at, count=old.count + 1)
            return
        self._folded[key] = LogLine(
            server=self._server, kind=trouble.kind, pool=trouble.pool, text=trouble.text, at=at
        )
        if len(self._folded) > DISTINCT:
            del self._folded[next(iter(self._folded))]


def trouble_in(line: str, last_at: datetime | None = None) -> Trouble | None:
    """What *line* tells that concerns scraping, None when it does not.

    *last_at* is the time of a line before it: klog's own times lack the year.
    """
    line = line.strip()
    at = None
    if (prefix := _PREFIX.match(line)) is not None:
        at = _time(prefix["at"])
        line = line[prefix.end() :]
    if (klog := _KLOG.match(line)) is not None:
        return _of_klog(line[klog.end() :], at or _klog_time(klog["day"], last_at))
    fields = fields_of(line)
    if "log" in fields and "msg" not in fields and "err" not in fields:
        found = trouble_in(fields["log"], last_at)
        own = found.at if found else None
        return found._replace(at=own or _time(fields.get("time", ""))) if found else None
    at = time_of(fields) or at
    return None if fields.get("level", "").lower() in _QUIET else _of_fields(fields, at)


def _of_fields(fields: Mapping[str, str], at: datetime | None) -> Trouble | None:
    message, error = fields.get("msg", ""), fields.get("err", "")
    said = (message or error).lower()
    text = steady(error, LONGEST) or steady(message, LONGEST)
    if (pool := fields.get("scrape_pool")) is not None:
        for words, kind in _POOL_WORDS:
            if said.startswith(words):
                return Trouble(kind, PoolName(pool), text, at)
        return None
    if said.startswith(_CONFIG_WORDS) or error.startswith(_CONFIG_WORDS):
        named = _JOB.search(error)
        return Trouble(LogKind.CONFIG_NOT_LOADED, _pool(named and named["job"]), text, at)
    if (listed := _REFLECTOR.search(error) or _REFLECTOR.search(message)) is not None:
        return Trouble(LogKind.DISCOVERY_FAILED, None, steady(listed[0], LONGEST), at)
    # Alertmanagers are discovered too, by "discovery manager notify": no scrape job's trouble.
    if fields.get("component") != "discovery manager scrape":
        return None
    created = said.startswith("cannot create service discovery")
    kind = LogKind.DISCOVERY_NOT_CREATED if created else LogKind.DISCOVERY_FAILED
    if path := fields.get("path"):
        text = f"{text} ({steady(path, LONGEST)})"  # a file of its discovery
    return Trouble(kind, _pool(fields.get("config")), text, at)


def _of_klog(rest: str, at: datetime | None) -> Trouble | None:
    fields = dict(_logfmt(rest))
    said = fields.get("err") or rest
    if (listed := _REFLECTOR.search(said)) is not None:
        return Trouble(LogKind.DISCOVERY_FAILED, None, steady(listed[0], LONGEST), at)
    # A watch that ends says in structured form only what it was: type="*v1.Pod".
    if rest.startswith('"Failed to watch"') and "type" in fields:
        text = steady(f"failed to watch {fields['type']}: {said}", LONGEST)
        return Trouble(LogKind.DISCOVERY_FAILED, None, text, at)
    return None


def fields_of(line: str) -> Mapping[str, str]:
    """The fields of a line of logfmt or JSON that hold text; none of any other line."""
    return dict(_json(line) if line.startswith("{") else _logfmt(line))


def time_of(fields: Mapping[str, str]) -> datetime | None:
    """When the line with *fields* was written, by its own word."""
    return _time(fields.get("ts") or fields.get("time") or "")


def _logfmt(line: str) -> Iterator[tuple[str, str]]:
    for name, value in _PAIR.findall(line):
        yield name, _unquoted(value) if value.startswith('"') else value


def _json(line: str) -> Iterator[tuple[str, str]]:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return
    for name, value in fields.items() if isinstance(fields, dict) else ():
        if isinstance(value, str):
            yield name, value


def _unquoted(value: str) -> str:
    # Go quotes as JSON does, but for \x.. and \U........, which texts of ours do not need.
    try:
        return str(json.loads(value))
    except ValueError:
        return value[1:-1].replace('\\"', '"').replace("\\n", "\n").replace("\\\\", "\\")


def _pool(name: str | None) -> PoolName | None:
    return PoolName(name) if name else None


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _klog_time(day: str, last_at: datetime | None) -> datetime | None:
    if last_at is None:
        return None
    near = []
    for year in (last_at.year - 1, last_at.year, last_at.year + 1):
        with contextlib.suppress(ValueError):
            near.append(datetime.strptime(f"{year}{day}+0000", "%Y%m%d %H:%M:%S%z"))
    return min(near, key=lambda at: abs(at - last_at), default=None)


def _stamps(lines: Iterable[str]) -> Iterator[datetime]:
    for line in lines:
        stamp = _OWN_TIME.search(line)
        if stamp is not None and (at := _time(stamp["at"])) is not None:
            yield at


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((at for at in (one, other) if at is not None), default=None)

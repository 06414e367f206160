"""The log of a container, cut as the kubelet cuts it.

A line's time is what it says itself (`ts=`, `time=`, or those keys in JSON); a line that says
none belongs to the one before it. `follow` is not served.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.kube_api.resources import Object
from tests.kube_api.routes import Asked
from tests.kube_api.statuses import TEXT, Answer, Cause, bad_request, invalid

Log = str | Path | Callable[[], str]

_TIME = re.compile(
    r'(?:^|[\s{,])"?(?:ts|time)"?[=:]\s*"?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)'
)


def container_of(pod: Object, query: dict[str, str]) -> str:
    """The container that is meant; 400 when it must be named, or is not one of the pod."""
    name, spec = pod["metadata"]["name"], pod.get("spec") or {}
    containers = [c["name"] for c in spec.get("containers") or ()]
    inits = [c["name"] for c in spec.get("initContainers") or ()]
    asked = query.get("container")
    if not asked:
        if len(containers) == 1:
            return str(containers[0])
        choices = " ".join([*inits, *containers])
        raise bad_request(
            f"a container name must be specified for pod {name}, choose one of: [{choices}]"
        )
    if asked not in (*containers, *inits):
        raise bad_request(f"container {asked} is not valid for pod {name}")
    return asked


def check(pod: str, asked: Asked) -> None:
    """Raises 422 for a cut that cannot be made, 400 for a time that is none."""
    wrong = []
    if asked.query.get("sinceSeconds") and asked.query.get("sinceTime"):
        why = "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified"
        wrong.append(Cause("FieldValueForbidden", "[]", why))
    for key, least, words in (
        ("tailLines", 0, "greater than or equal to 0"),
        ("limitBytes", 1, "greater than 0"),
    ):
        number = asked.number(key)
        if number is not None and number < least:
            wrong.append(
                Cause("FieldValueInvalid", key, f"Invalid value: {number}: must be {words}")
            )
    if wrong:
        raise invalid("PodLogOptions", pod, *wrong)
    _moment_of(asked)


def answered(log: Log, asked: Asked, now: datetime) -> Answer:
    """The text of the log as `asked` wants it cut."""
    if asked.flag("follow"):
        raise bad_request("follow is not served by this local API server")
    since = _since(asked, now)
    lines = _timed(_text(log).splitlines(keepends=True))
    if since is not None:
        lines = [(at, line) for at, line in lines if at is None or at >= since]
    tail, limit, stamped = (
        asked.number("tailLines"),
        asked.number("limitBytes"),
        asked.flag("timestamps"),
    )
    if tail is not None:
        lines = lines[max(0, len(lines) - tail) :]
    told = "".join(f"{_stamp(at, now)} {line}" if stamped else line for at, line in lines).encode()
    return Answer(200, told[:limit], TEXT.partition(";")[0])


def _since(asked: Asked, now: datetime) -> datetime | None:
    seconds = asked.number("sinceSeconds")
    return now - timedelta(seconds=seconds) if seconds else _moment_of(asked)


def _moment_of(asked: Asked) -> datetime | None:
    moment = asked.query.get("sinceTime")
    try:
        return datetime.fromisoformat(moment) if moment else None
    except ValueError as error:
        layout = "2006-01-02T15:04:05Z07:00"
        why = f'parsing time "{moment}" as "{layout}": cannot parse "{moment}" as "2006"'
        raise bad_request(why) from error


def _text(log: Log) -> str:
    if isinstance(log, Path):
        return log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    return log if isinstance(log, str) else log()


def _timed(lines: list[str]) -> list[tuple[datetime | None, str]]:
    timed: list[tuple[datetime | None, str]] = []
    at: datetime | None = None
    for line in lines:
        if found := _TIME.search(line):
            at = _moment(found[1])
        timed.append((at, line))
    return timed


def _moment(text: str) -> datetime:
    whole, _, fraction = text.rstrip("Z").partition(".")
    micros = int((fraction + "000000")[:6])
    return datetime.fromisoformat(whole).replace(microsecond=micros, tzinfo=UTC)


def _stamp(at: datetime | None, now: datetime) -> str:
    return (at or now).strftime("%Y-%m-%dT%H:%M:%S.%f") + "000Z"

"""A configuration that a server refuses: its own words, and whose fault it is.

Words of Prometheus 2.42 to 3.16, config/config.go, model/relabel and main.go, measured on real servers.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from shlex import quote
from typing import Final

from watcher.diagnosis.rules import _monitor
from watcher.model import shell
from watcher.model.facts import LogKind, LogLine
from watcher.model.findings import FixStep
from watcher.model.kube import JSON, KubeObject, mapping, text
from watcher.model.observations import ServerObservation, at_least
from watcher.operator.names import parse_pool

_APPLIED: Final = "errors occurred while applying the new configuration"
"""Words of a reload that took the scrape jobs over and failed at something else (prometheus.md 1.14)."""

_JOB: Final = re.compile(r'(?<!remote write configs with )job(?: name)? "(?P<job>[^"]+)"')
_TWICE: Final = re.compile(r'found multiple scrape configs with job name "(?P<job>[^"]+)"')
_FIELD: Final = re.compile(r"field (?P<field>\S+) not found in type (?P<type>[\w.]+)")
_OF_THE_RESOURCE: Final = re.compile(
    r"for global config|multiple remote write configs|is not a valid label name|remote_write"
    r"|not found in type config\.(?!ScrapeConfig)"
)
_QUOTED: Final = re.compile(r'"(?P<double>[^"]+)"|`\^\(\?[s]?:(?P<pattern>.*)\)\$`')
_MOST_SUSPECTS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A server that refuses its configuration, and its own words, None where no log has them."""

    server: ServerObservation
    line: LogLine | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Culprit:
    """Whose fault a refusal is: ``what`` in words, and the steps that fix it.

    ``changed_at`` is when that was last written, ``sure`` whether the words name it.
    """

    what: str
    fix: tuple[FixStep, ...]
    changed_at: datetime | None = None
    sure: bool = True


def refusal(server: ServerObservation, logs: Sequence[LogLine]) -> Refusal | None:
    """The refusal of *server*, None where it took the scrape jobs over and failed at others."""
    since = [line for line in logs if _is_of_this_configuration(line, server)]
    lines = [line for line in since if line.kind is LogKind.CONFIG_NOT_LOADED]
    if not lines and any(line.kind is LogKind.POOL_NOT_RELOADED for line in since):
        return None
    last = max(lines, key=lambda line: line.at.timestamp() if line.at else 0.0, default=None)
    applied = any(_APPLIED in line.text for line in lines if last and line.at == last.at)
    if last is not None and (applied or "failed to apply the new" in last.text):
        return None
    return Refusal(server=server, line=last)


def culprit(
    found: Refusal, prometheus: KubeObject | None, monitors: Sequence[KubeObject]
) -> Culprit | None:
    """Whose fault it is, by the words; None where they do not tell.

    *monitors* are those that the Prometheus may select, as far as they are known.
    """
    if found.line is None:
        return None
    said = found.line.text
    if (twice := _TWICE.search(said)) is not None:
        return _elsewhere(f"job {twice['job']}", prometheus)
    if (named := _JOB.search(said)) is not None:
        return _job(named["job"], prometheus, monitors)
    return None if prometheus is None else _unnamed(said, found.server, prometheus, monitors)


def _unnamed(
    said: str, server: ServerObservation, prometheus: KubeObject, monitors: Sequence[KubeObject]
) -> Culprit | None:
    """Whose fault words are that name no job."""
    if (older := _older_than_asked(said, server, prometheus)) is not None:
        return older
    if _OF_THE_RESOURCE.search(said):
        return _resource(prometheus)
    return _suspects(said, prometheus, monitors)


def _is_of_this_configuration(line: LogLine, server: ServerObservation) -> bool:
    """Whether *server* wrote it after its last good configuration."""
    if line.server != server.server.name:
        return False
    since = max((at for at in (server.loaded_at, server.started_at) if at), default=None)
    return line.at is None or since is None or line.at >= since


def _job(job: str, prometheus: KubeObject | None, monitors: Sequence[KubeObject]) -> Culprit | None:
    """The maker of *job*: a monitor, else what stands beside those that the operator makes."""
    parsed = parse_pool(job)
    if parsed is None:
        return _elsewhere(f"job {job}", prometheus)
    known = {f"{m.kind} {m.full_name}": m for m in monitors}
    ref = next((r for r in parsed.refs if str(r) in known), parsed.refs[0])
    return _monitors((known.get(str(ref)),), str(ref), sure=True)


def _monitors(found: Sequence[KubeObject | None], names: str, *, sure: bool) -> Culprit:
    there = [monitor for monitor in found if monitor is not None]
    kind, _, place = names.partition(" ")
    namespace, _, name = place.partition("/")
    edits = [m.edit() for m in there] or [
        f"kubectl -n {quote(namespace)} edit {shell.resource(kind.lower(), name)}"
    ]
    return Culprit(
        what=", ".join(f"{m.kind} {m.full_name}" for m in there) or names,
        fix=tuple(FixStep(do="Correct there what these words name", command=e) for e in edits),
        changed_at=max(
            (at for m in there if (at := _monitor.last_write(m)[0]) is not None), default=None
        ),
        sure=sure,
    )


def _elsewhere(what: str, prometheus: KubeObject | None) -> Culprit | None:
    """A job that no monitor makes, or a second one of a monitor's name: additionalScrapeConfigs.

    The operator gives no name twice, so the second of two is never its own.
    """
    if prometheus is None:
        return None
    asked = mapping(prometheus.raw, "spec", "additionalScrapeConfigs")
    secret, key = text(asked, "name"), text(asked, "key")
    if not secret or not key:
        return None
    shown = quote("jsonpath={.data." + key.replace(".", "\\.") + "}")
    read = (
        f"kubectl -n {quote(prometheus.namespace)} get {shell.resource('secret', secret)}"
        f" -o {shown} | base64 -d > additional.yaml && ${{EDITOR:-vi}} additional.yaml"
    )
    patch = (
        quote('{"data":{' + json.dumps(key) + ':"') + '"$(base64 -w0 additional.yaml)"' + "'\"}}'"
    )
    write = f"kubectl -n {quote(prometheus.namespace)} patch {shell.resource('secret', secret)} -p {patch}"
    return Culprit(
        what=f"{what} in additionalScrapeConfigs of {prometheus.kind} {prometheus.full_name}"
        f" (Secret {secret}, key {key})",
        fix=(
            FixStep(
                do=f"Correct {what} in it, or take it out; two jobs cannot have one name",
                command=read,
            ),
            FixStep(
                do="Write it back",
                command=write,
            ),
        ),
    )


def _older_than_asked(
    said: str, server: ServerObservation, prometheus: KubeObject
) -> Culprit | None:
    """A field that the running Prometheus is too old for: the operator writes for ``spec.version``."""
    asked, field = text(prometheus.raw, "spec", "version"), _FIELD.search(said)
    if field is None or server.version is None or asked is None:
        return None
    wanted = [int(part) for part in re.findall(r"\d+", asked)[:2]]
    if at_least(server.version, *wanted):
        return None
    return Culprit(
        what=f"spec.version {asked} of {prometheus.kind} {prometheus.full_name}: {server.server.name}"
        f" runs {server.version}, which does not know the field {field['field']}",
        fix=(
            FixStep(
                do="Let spec.version say what spec.image holds, or run that version",
                command=prometheus.edit(),
            ),
        ),
        changed_at=_monitor.last_write(prometheus)[0],
    )


def _resource(prometheus: KubeObject) -> Culprit:
    return Culprit(
        what=f"a field of {prometheus.kind} {prometheus.full_name} itself",
        fix=(
            FixStep(
                do="Correct there what these words name (global section, remote write, labels)",
                command=prometheus.edit(),
            ),
        ),
        changed_at=_monitor.last_write(prometheus)[0],
    )


def _suspects(said: str, prometheus: KubeObject, monitors: Sequence[KubeObject]) -> Culprit | None:
    """The few monitors in which what the words quote stands; else additionalScrapeConfigs."""
    wanted = {found["double"] or found["pattern"] for found in _QUOTED.finditer(said)}
    if not wanted:
        return None
    found = [m for m in monitors if wanted & set(_strings(m.raw.get("spec")))]
    if found and len(found) <= _MOST_SUSPECTS:
        return _monitors(found, f"{found[0].kind} {found[0].full_name}", sure=len(found) == 1)
    return None if found else _elsewhere("a job", prometheus)


def _strings(raw: JSON) -> Iterator[str]:
    if isinstance(raw, str):
        yield raw
    elif isinstance(raw, dict):
        for value in raw.values():
            yield from _strings(value)
    elif isinstance(raw, list):
        for value in raw:
            yield from _strings(value)

"""The job's service discovery works and finds nothing.

## Meaning

For jobs that look for neither Services nor pods of a monitor: the static list is empty, the files
of `file_sd_configs` match nothing or list nothing, the source that is asked (HTTP, DNS, Consul, an
Ingress selector) answers with nothing, or the job has no discovery at all.

## Evidence

The discovery blocks of the running configuration, and `prometheus_sd_discovered_targets` of the job,
which is zero. Certain where the configuration itself lists nothing, likely where the source was not
asked by the watcher; undecided where the server counts failures of such a discovery and its log may
not be read.

## Fix

Look at what the source itself says. Prometheus takes up new targets by itself.

## Not to be confused with

`discovery-unreachable`: there the source does not answer. `discovery-broken`: there the block could
not be made. `all-targets-dropped`: there something is found, and dropped.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from watcher.diagnosis.rule import Case, Lacking, Rule, needing
from watcher.diagnosis.rules import _discovery, _sources, _where
from watcher.model.comparison import JobState
from watcher.model.facts import LOGS, Unavailable
from watcher.model.findings import Confidence, Evidence, Finding, FixStep, Link
from watcher.model.kube import FieldError, JSONObject, objects, text, texts
from watcher.secrecy import clipped

_OWN_RULES: Final = frozenset({"endpoints", "endpointslice", "pod"})
"""Roles of the Kubernetes discovery whose objects other rules look at."""

_PLACES: Final = ("url", "server", "api_server", "endpoint", "host")


def check(case: Case) -> Finding | None:
    """Read the discovery blocks."""
    running = case.running()
    if running is None or _discovery.discovered(case) != 0:
        return None
    try:
        found = tuple(_blocks(running.raw))
        roles = {text(raw, "role") for _, raw in found if "role" in raw}
    except FieldError:
        return None
    if roles & _OWN_RULES or (not found and case.job.endpoint is not None):
        return None
    if any(name == "static_configs" and texts(raw, "targets") for name, raw in found):
        return None  # what is listed is found: it has not yet come that far
    lists = [name for name, _ in found if name != "static_configs"]
    log = case.look(LOGS)
    if isinstance(log, Unavailable) and any(_sources.may_fail(s, lists) for s in case.servers()):
        raise Lacking(LOGS.name, log)  # some discovery fails, and only the log tells whose
    words = "; ".join(_words(name, raw) for name, raw in found[:5]) or "no discovery at all"
    return Finding(
        summary=f"the discovery of {case.pool} finds nothing: {words}",
        evidence=tuple(
            Evidence(
                seen=f"{server.server.name} discovers 0 targets for {case.pool}: {words}",
                where=_where.asked(server, "status/config")
                + "; "
                + _where.own_metrics(server, "sd_discovered_targets"),
            )
            for server in case.servers()
        ),
        fix=(_fix(case),),
        confidence=Confidence.LIKELY if lists else Confidence.CERTAIN,
    )


def _blocks(raw: JSONObject) -> Iterator[tuple[str, JSONObject]]:
    for name in sorted(raw):
        if name.endswith("_sd_configs") or name == "static_configs":
            for block in objects(raw, name):
                yield name, block


def _words(name: str, raw: JSONObject) -> str:
    kind = name.removesuffix("_configs").removesuffix("_sd")
    if kind == "static":
        listed = texts(raw, "targets")
        return f"a static list of {len(listed)} targets"
    if kind == "file":
        return f"files {', '.join(texts(raw, 'files')[:3])}"
    if kind == "dns":
        return f"DNS {', '.join(texts(raw, 'names')[:3])}"
    if kind == "kubernetes":
        return f"Kubernetes, role {text(raw, 'role')}"
    return " ".join([kind, *(_text(raw, place) for place in _PLACES if raw.get(place))])


def _text(raw: Mapping[str, object], place: str) -> str:
    # A password in a URL is shown as <secret> by Prometheus itself; the query may hold a token.
    return clipped(str(raw[place]).partition("?")[0], 200)


def _fix(case: Case) -> FixStep:
    ref = case.job.monitor
    return FixStep(
        do="See what that source itself lists, and correct it there or in the job; new targets are"
        " taken up without a reload",
        command=ref.kubectl if ref else None,
    )


RULE = Rule(
    code="nothing-discovered",
    link=Link.DISCOVERED,
    states=frozenset({JobState.EMPTY}),
    needs=needing(LOGS),
    check=check,
)

"""The config-reloader beside Prometheus does not run, or does not get through to it.

## Meaning

The sidecar unpacks the configuration that the operator wrote and tells Prometheus to reload. While it
does not run, or Prometheus turns it away, Prometheus continues with what it has. It is Running and ready all
the same where it is turned away: by a password (401) or TLS (400) on Prometheus's own port that somebody set by
`--web.config.file`, without `--web.enable-lifecycle` (403), or where its `--reload-url` is not Prometheus's.

## Evidence

The state of the container in the server's pod. Else its log: failures that no success came after, since
longer than `settle`.

## Fix

It does not run: read why. It is turned away: let it reload by a signal instead of HTTP
(`reloadStrategy: ProcessSignal`, operator 0.70 and later; the pods start again, with the new configuration).

## Not to be confused with

`reload-failing`: there the sidecar does its work and Prometheus refuses the configuration (500).
`server-not-rolled-out`: there the whole pod is behind.
"""

from datetime import datetime
from shlex import quote

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _advice, _monitor, _reloader
from watcher.model.facts import MONITOR, PODS, PROMETHEUS, RELOADER_LOG, ReloaderLine, Unavailable
from watcher.model.findings import Confidence, Evidence, Finding, FixStep, Link
from watcher.model.kube import JSONObject, KubeObject, mapping, number, text

_REFUSED = "500 Internal Server Error"
"""The answer when Prometheus refuses the configuration: another rule's."""
_WHY = {
    "401 Unauthorized": "Prometheus's own port asks for a password",
    "400 Bad Request": "Prometheus's own port speaks TLS, and is asked by plain HTTP",
    "403 Forbidden": "Prometheus runs without --web.enable-lifecycle",
    "connection refused": "nothing listens at its --reload-url",
    "no such host": "its --reload-url names nobody",
    "certificate": "it does not trust the certificate of Prometheus's own port",
}


def check(case: Case) -> Finding | None:
    """Read the state of the sidecar on the servers that lack the job."""
    if not _monitor.concerned(case) or _monitor.of_no_cluster(case, PODS):
        return None
    found = _reloader.not_ready(case)
    if found is not None:
        return _finding(case, *found)
    said = _turned_away(case)
    return None if said is None else _of_log(case, said)


def _finding(case: Case, pod: KubeObject, status: JSONObject) -> Finding:
    name = text(status, "name")
    state = mapping(status, "state")
    word = next((f"{key} {text(state, key, 'reason') or ''}".strip() for key in state), "not ready")
    restarts = number(status, "restartCount") or 0
    return Finding(
        summary=f"the {name} of pod {pod.full_name} does not run ({word}), so {case.pool} does not"
        " arrive",
        evidence=(
            Evidence(
                seen=f"container {name} is {word}, restarted {restarts} times",
                where=pod.kubectl("-o jsonpath='{.status.containerStatuses}'"),
            ),
        ),
        fix=(
            FixStep(
                do="Read why it does not run",
                command=f"kubectl -n {quote(pod.namespace)} logs {quote(pod.name)} -c {quote(str(name))} --tail=50",
            ),
        ),
        confidence=Confidence.LIKELY,
        proof=pod.full_name,
    )


def _turned_away(case: Case) -> ReloaderLine | None:
    """What the reloader of a server that lacks the job says for longer than settle. Raises Lacking."""
    loaded: dict[str, datetime | None] = {s.server.name: s.loaded_at for s in case.servers()}
    for line in case.read(RELOADER_LOG):
        name = line.pod.rpartition("/")[2]
        if name not in loaded or line.at is None or line.since is None or _REFUSED in line.text:
            continue
        at = loaded[name]
        if (at is None or line.at > at) and case.now - line.since >= case.settle:
            return line
    return None


def _of_log(case: Case, line: ReloaderLine) -> Finding:
    namespace, _, name = line.pod.partition("/")
    log = f"kubectl -n {quote(namespace)} logs {quote(name)} -c {quote(line.container)} --tail=20"
    why = next((f" ({words})" for code, words in _WHY.items() if code in line.text), "")
    prometheus = case.look(PROMETHEUS)
    steps = []
    if not isinstance(prometheus, Unavailable) and prometheus is not None:
        do = (
            "Let it reload by a signal instead of HTTP (operator 0.70 and later; the operator starts the"
            " pods again, and they load what was written)"
        )
        steps.append(_advice.set_spec(prometheus, "reloadStrategy", "ProcessSignal", do))
    steps.append(
        FixStep(
            do="Or, for this once: let Prometheus read its configuration by hand",
            command=f"kubectl -n {quote(namespace)} exec {quote(name)} -c prometheus -- kill -HUP 1",
        )
    )
    return Finding(
        summary=f"the {line.container} of pod {line.pod} does not get through to Prometheus{why}, so"
        f" {case.pool} does not arrive: {line.text}",
        evidence=(Evidence(seen=f"{line.container}: {line.text}", where=log, at=line.at),),
        fix=tuple(steps),
        proof=line.pod,
    )


RULE = Rule(
    code="reloader-broken",
    link=Link.LOADED,
    states=frozenset(_monitor.NOT_LOADED),
    needs=needing(PODS, PROMETHEUS, RELOADER_LOG, MONITOR),
    check=check,
    refines=frozenset({"reload-pending", "not-in-configuration"}),
)

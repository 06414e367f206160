"""The configuration that declared the job does not have it any more.

## Meaning

A configuration file, a Secret of `additionalScrapeConfigs`, or the running configuration had the job
and has it no longer, and no monitor declares it. Until its removal is accepted the job stays expected.

## Evidence

The last snapshot of that configuration, and the running configuration of the servers, read just now.

## Fix

If it was meant: `watcher accept POOL`, else it is forgotten after `retire_after`. If not: put the job
back where it was declared, and have the server read it again.

## Not to be confused with

`monitor-deleted`: there a monitor declared the job. `not-in-configuration`: there the job is still
declared, and the server has not loaded it.
"""

from collections.abc import Iterator
from shlex import quote

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _gone, _monitor, _where
from watcher.diagnosis.rules._selection import edit
from watcher.model import shell
from watcher.model.comparison import JobState
from watcher.model.expectations import Origin
from watcher.model.facts import PROMETHEUS, Unavailable
from watcher.model.findings import Confidence, Evidence, Finding, FixStep, Link
from watcher.model.kube import KubeObject, mapping, text


def check(case: Case) -> Finding | None:
    """See whether what declared the job, no monitor, has it no longer."""
    if not _is_removed(case):
        return None
    prometheus = case.look(PROMETHEUS)
    managed = None if isinstance(prometheus, Unavailable) else prometheus
    return Finding(
        summary=f"nothing declares {case.pool} any more: it was taken out of {_source(case, managed)}",
        evidence=tuple(_evidence(case)),
        fix=tuple(_fix(case, managed)),
        confidence=Confidence.CERTAIN if managed is None else Confidence.LIKELY,
    )


def _is_removed(case: Case) -> bool:
    """A learned job is declared by nothing but the running configuration, which lacks it here."""
    match case.job.origin:
        case Origin.CONFIG_FILE:
            return case.job.gone_since is not None
        case Origin.LEARNED:
            return not case.loaded_elsewhere
        case Origin.MONITOR | Origin.MANIFESTS | Origin.PINNED:
            return False


def _source(case: Case, managed: KubeObject | None) -> str:
    if case.job.origin is Origin.LEARNED:
        return "the running configuration"
    return "additionalScrapeConfigs" if managed is not None else "the configuration that had it"


def _evidence(case: Case) -> Iterator[Evidence]:
    if case.job.gone_since is not None:
        yield Evidence(
            seen=f"what declared {case.pool} has it no longer, first seen by the snapshot of this time",
            where=f"watcher expect {shell.job(case.pool)}",
            at=case.job.gone_since,
        )
    words = _monitor.lacks(case)
    yield from (_monitor.running_configuration(server, words) for server in case.servers())


def _fix(case: Case, managed: KubeObject | None) -> Iterator[FixStep]:
    yield _gone.accept_step(case)
    if managed is None:
        reload = next((_where.reload(server) for server in case.servers()), None)
        yield FixStep(
            do="If it was not: put it back into the file, and have the server read it again",
            command=reload,
        )
        return
    source = mapping(managed.raw, "spec", "additionalScrapeConfigs")
    secret, key = text(source, "name"), text(source, "key")
    if secret is None or key is None:
        yield edit(managed, "If it was not: put it back into spec.additionalScrapeConfigs")
        return
    path = key.replace(".", "\\.")
    yield FixStep(
        do=f"If it was not: put it back into the key {key} of that Secret; see what it holds",
        command=f"kubectl -n {quote(managed.namespace)} get {shell.resource('secret', secret)}"
        f" -o jsonpath={quote(f'{{.data.{path}}}')} | base64 -d | {shell.lines_with(case.pool)}",
    )


RULE = Rule(
    code="job-removed",
    link=Link.DECLARED,
    states=frozenset({JobState.MISSING}),
    needs=needing(PROMETHEUS),
    check=check,
)

"""The missing TLS file is named by a scrape class of the Prometheus resource.

## Meaning

The monitor names no such file: the scrape class that it uses (by name, or as the default) adds it to
every job that does not set its own. So one wrong path loses many jobs at once, and the monitor is the
wrong place to look.

## Evidence

By the last snapshot of the resources the endpoint names no file there and the scrape class in
`spec.scrapeClasses` does; and the file is not in Prometheus's container.

## Fix

Mount the file by `spec.secrets` of the Prometheus resource and correct the path in its scrape class.

## Not to be confused with

`tls-file-missing`: there the monitor itself names the file.
"""

from shlex import quote

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _files, tls_file_missing
from watcher.model.comparison import JobState
from watcher.model.facts import (
    LOGS,
    PODS,
    PROMETHEUS,
    SECRET_KEYS,
    STATEFUL_SETS,
    Unavailable,
)
from watcher.model.findings import Evidence, Finding, FixStep, Link
from watcher.model.kube import KubeObject
from watcher.operator.resource_mounts import SECRETS


def check(case: Case) -> Finding | None:
    """Whether a scrape class names a missing file."""
    classes = {f.path: f.scrape_class for f in case.job.files if f.scrape_class is not None}
    if not classes:
        return None
    for missing in _files.missing_files(case):
        name = classes.get(missing.file.path)
        if name is not None:
            return _finding(case, missing, name)
    return None


def _finding(case: Case, missing: _files.MissingFile, name: str) -> Finding:
    path, owner = missing.file.path, case.job.prometheus
    prometheus = case.look(PROMETHEUS)
    known = None if isinstance(prometheus, Unavailable) else prometheus
    kind = known.kind.lower() if known is not None else "prometheus"
    resource = KubeObject(
        {
            "kind": kind,
            "metadata": {"namespace": owner.partition("/")[0], "name": owner.rpartition("/")[2]},
        }
    )
    return Finding(
        summary=f"{path} is not in Prometheus's container; the scrape class {name} of"
        f" {kind} {owner} names it, not {case.job.monitor}",
        evidence=(
            Evidence(
                seen=f"the scrape class {name} of {kind} {owner} adds {path} to {case.pool}",
                where=resource.kubectl("-o jsonpath='{.spec.scrapeClasses}'"),
            ),
            *tls_file_missing.evidence(case, missing),
        ),
        fix=(_fix(resource, name, path),),
        proof=f"scrape class {name} {path.rpartition('/')[0]}",
    )


def _fix(resource: KubeObject, name: str, path: str) -> FixStep:
    return FixStep(
        do="Append the Secret that holds the file to the secrets of the resource (this restarts"
        f" the pods), and let the scrape class {name} name {SECRETS}/<secret>/"
        f"{path.rpartition('/')[2]}; the Secret's name is not proven, so put it for <secret>",
        command=f"kubectl -n {quote(resource.namespace)} edit {resource.kind} {quote(resource.name)}",
    )


RULE = Rule(
    code="scrape-class-file-missing",
    link=Link.CREATED,
    states=frozenset({JobState.UNSTARTED}),
    needs=needing(LOGS, PODS, STATEFUL_SETS, PROMETHEUS, SECRET_KEYS),
    check=check,
    refines=frozenset({"tls-file-missing", "pool-not-created", "tls-file-invalid"}),
)
